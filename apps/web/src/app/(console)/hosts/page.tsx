import type { Metadata } from 'next';
import { HostsPage as HostsView } from '../../../features/hosts/hosts-page.tsx';

export const metadata: Metadata = { title: 'Hosts' };

export default function HostsPage() {
  return <HostsView />;
}
