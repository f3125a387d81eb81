'use client';

import { Notice } from './notice.tsx';
import { Button } from './ui/button.tsx';

/** The last resort: a fault of the console itself. The cluster does not notice it. */
export function PageError({ error, reset }: { error: Error & { digest?: string }; reset(): void }) {
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
