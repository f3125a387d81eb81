'use client';

import { Notice } from '../../components/notice.tsx';
import { Button } from '../../components/ui/button.tsx';

/** The last resort: a fault of the console itself. The cluster does not notice it. */
export default function PageError({ error, reset }: { error: Error & { digest?: string }; reset(): void }) {
  return (
    <Notice
      tone="bad"
      title="This page has failed"
      why={`A fault of the console, not of the cluster: events flow on. ${error.message}${error.digest ? ` (reference ${error.digest})` : ''}`}
    >
      <Button onClick={reset}>Try again</Button>
    </Notice>
  );
}
