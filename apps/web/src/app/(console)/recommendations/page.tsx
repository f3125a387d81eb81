import type { Metadata } from 'next';
import { RecommendationsPage as RecommendationsView } from '../../../features/recommendations/recommendations-page.tsx';

export const metadata: Metadata = { title: 'Recommendations' };

export default function RecommendationsPage() {
  return <RecommendationsView />;
}
