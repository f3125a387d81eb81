import type { Metadata } from 'next';
import { AuditPage as AuditView } from '../../../features/audit/audit-page.tsx';

export const metadata: Metadata = { title: 'Audit' };

export default function AuditPage() {
  return <AuditView />;
}
