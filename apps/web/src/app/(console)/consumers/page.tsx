import type { Metadata } from 'next';
import { ConsumersPage as ConsumersView } from '../../../features/consumers/consumers-page.tsx';

export const metadata: Metadata = { title: 'Consumers' };

export default function ConsumersPage() {
  return <ConsumersView />;
}
