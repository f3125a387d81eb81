import type { Metadata } from 'next';
import { PoliciesPage as PoliciesView } from '../../../features/policies/policies-page.tsx';

export const metadata: Metadata = { title: 'Policy' };

export default function PoliciesPage() {
  return <PoliciesView />;
}
