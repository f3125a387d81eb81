import type { Metadata } from 'next';
import { HealthPage as HealthView } from '../../../features/health/health-page.tsx';

export const metadata: Metadata = { title: 'Health' };

export default function HealthPage() {
  return <HealthView />;
}
