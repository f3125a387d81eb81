import type { Metadata } from 'next';
import { AnticipationPage as AnticipationView } from '../../../features/anticipation/anticipation-page.tsx';

export const metadata: Metadata = { title: 'Anticipation' };

export default function AnticipationPage() {
  return <AnticipationView />;
}
