import type { Metadata } from 'next';
import { HotPage as HotView } from '../../../features/hot/hot-page.tsx';

export const metadata: Metadata = { title: 'Hot shardlets' };

export default function HotPage() {
  return <HotView />;
}
