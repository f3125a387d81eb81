import type { Metadata } from 'next';
import { MigrationsPage as MigrationsView } from '../../../features/migrations/migrations-page.tsx';

export const metadata: Metadata = { title: 'Migrations' };

export default function MigrationsPage() {
  return <MigrationsView />;
}
