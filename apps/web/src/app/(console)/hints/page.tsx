import type { Metadata } from 'next';
import { HintsPage as HintsView } from '../../../features/hints/hints-page.tsx';

export const metadata: Metadata = { title: 'Hints' };

export default function HintsPage() {
  return <HintsView />;
}
