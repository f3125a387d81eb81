import type { Metadata } from 'next';
import { CheckpointsPage as CheckpointsView } from '../../../features/checkpoints/checkpoints-page.tsx';

export const metadata: Metadata = { title: 'Checkpoints' };

export default function CheckpointsPage() {
  return <CheckpointsView />;
}
