import { RotateCw } from 'lucide-react';
import Link from 'next/link';
import { Notice } from './notice.tsx';
import { Button } from './ui/button.tsx';

export interface ReadError {
  readonly message: string;
  readonly data?: { readonly code?: string } | null | undefined;
}

function asSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Nothing there yet is not a failure: what cannot be read because it does not exist is told in another tone. */
export function Unreadable({ title, error, onRetry }: { title: string; error: ReadError; onRetry(): void }) {
  if (error.data?.code === 'NOT_FOUND')
    return (
      <Notice title="Nothing to show yet" why={error.message}>
        <Link href="/streams" className="font-medium text-accent underline-offset-4 hover:underline">
          See the streams
        </Link>
      </Notice>
    );
  return (
    <Notice
      tone="bad"
      title={title}
      why={`${asSentence(error.message)} It is tried again every few seconds.`}
    >
      <Button onClick={onRetry}>
        <RotateCw /> Try now
      </Button>
    </Notice>
  );
}
