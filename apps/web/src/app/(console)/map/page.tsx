import type { Metadata } from 'next';
import { ShardMapPage as ShardMapView } from '../../../features/shard-map/shard-map-page.tsx';

export const metadata: Metadata = { title: 'Shard map' };

export default function ShardMapPage() {
  return <ShardMapView />;
}
