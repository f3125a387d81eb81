import type { Metadata } from 'next';
import { WhatIfPage as WhatIfView } from '../../../features/what-if/what-if-page.tsx';

export const metadata: Metadata = { title: 'What if' };

export default function WhatIfPage() {
  return <WhatIfView />;
}
