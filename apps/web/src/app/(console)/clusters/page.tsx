import type { Metadata } from 'next';
import { ClustersPage as ClustersView } from '../../../features/clusters/clusters-page.tsx';

export const metadata: Metadata = { title: 'Other clusters' };

export default function ClustersPage() {
  return <ClustersView />;
}
