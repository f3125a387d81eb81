import type { Metadata } from 'next';
import { HeatPage as HeatView } from '../../../features/heat/heat-page.tsx';

export const metadata: Metadata = { title: 'Heat map' };

export default function HeatPage() {
  return <HeatView />;
}
