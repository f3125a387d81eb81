import type { Metadata } from 'next';
import { JobsPage as JobsView } from '../../../features/jobs/jobs-page.tsx';

export const metadata: Metadata = { title: 'Jobs' };

export default function JobsPage() {
  return <JobsView />;
}
