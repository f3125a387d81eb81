import type { Metadata } from 'next';
import { ApiPage as ApiView } from '../../../features/api/api-page.tsx';

export const metadata: Metadata = { title: 'API docs' };

export default function ApiPage() {
  return <ApiView />;
}
