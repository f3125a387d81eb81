'use client';

/** The frame of every list: loading, failed (with the reason and when it is tried again), empty, or there. */
import type { ReactNode } from 'react';
import { Card } from '../components/ui/card.tsx';
import { Skeleton } from '../components/ui/skeleton.tsx';
import { type ReadError, Unreadable } from '../components/unreadable.tsx';

const SKELETON_ROWS = 6;

export function ListPage({
  head,
  error,
  loading,
  empty,
  onRetry,
  children,
}: {
  head?: ReactNode;
  error: ReadError | null;
  loading: boolean;
  /** shown instead of the table when there is nothing */
  empty?: ReactNode;
  onRetry(): void;
  children: ReactNode;
}) {
  return (
    <Card className="overflow-hidden">
      {head === undefined ? null : <div className="px-5 py-4">{head}</div>}
      {error !== null ? (
        <Unreadable title="The list could not be read" error={error} onRetry={onRetry} />
      ) : loading ? (
        <RowSkeletons />
      ) : (
        (empty ?? children)
      )}
    </Card>
  );
}

function RowSkeletons() {
  return (
    <div role="status" aria-label="Loading" className="grid gap-3 border-line border-t p-5">
      {Array.from({ length: SKELETON_ROWS }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: equal rows
        <Skeleton key={i} className="h-7" />
      ))}
    </div>
  );
}
