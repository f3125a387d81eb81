import type { Metadata } from 'next';
import { StreamsPage as StreamsView } from '../../../features/streams/streams-page.tsx';

export const metadata: Metadata = { title: 'Streams' };

export default function StreamsPage() {
  return <StreamsView />;
}
