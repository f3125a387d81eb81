import type { Metadata } from 'next';
import { DemoPage as DemoView } from '../../../features/demo/demo-page.tsx';

export const metadata: Metadata = { title: 'Watch it work' };

export default function DemoPage() {
  return <DemoView />;
}
