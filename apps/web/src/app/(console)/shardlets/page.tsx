import type { Metadata } from 'next';
import { ShardletsPage as ShardletsView } from '../../../features/shardlets/shardlets-page.tsx';

export const metadata: Metadata = { title: 'Shardlets' };

export default function ShardletsPage() {
  return <ShardletsView />;
}
