'use client';

import { useSubscription } from '@trpc/tanstack-react-query';
import { Radio } from 'lucide-react';
import { useEffect, useReducer } from 'react';
import { useTRPC } from '../../components/api.ts';
import { useLive } from '../../components/live/live-provider.tsx';
import { Notice } from '../../components/notice.tsx';
import { Button } from '../../components/ui/button.tsx';
import { useVisible } from '../../components/use-visible.ts';
import { formatCount } from '../../formatting/numbers.ts';
import type { EventFilter } from '../../server/events/event-query.ts';
import type { EventRow } from '../../server/events/event-rows.ts';
import type { Gap } from '../../server/events/placed-event.ts';
import type { TailBatch } from '../../server/events/tail.ts';
import { EventTable } from './event-table.tsx';
import { Gaps, withGaps } from './gaps.tsx';

/** More rows make a page slow, and nobody scrolls that far. */
const ROWS_KEPT = 200;

interface Tail {
  readonly rows: readonly EventRow[];
  readonly seen: number;
  readonly skipped: number;
  readonly fellBehind: number;
  readonly gaps: readonly Gap[];
}

const NOTHING: Tail = { rows: [], seen: 0, skipped: 0, fellBehind: 0, gaps: [] };

export function LiveTail({ filter }: { filter: EventFilter }) {
  const trpc = useTRPC();
  const { status, nowMs } = useLive();
  const visible = useVisible();
  const paused = status === 'paused';
  const [tail, onBatch] = useReducer(nextTail, NOTHING);
  const {
    status: connection,
    error,
    reset,
  } = useSubscription(
    trpc.events.tail.subscriptionOptions(filter, { enabled: visible && !paused, onData: onBatch }),
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: other filters are another tail
  useEffect(() => onBatch('anew'), [JSON.stringify(filter)]);
  if (error !== null && error !== undefined && connection === 'error')
    return (
      <Notice tone="bad" title="The tail has ended" why={error.message}>
        <Button onClick={reset}>Follow again</Button>
      </Notice>
    );
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1 border-line border-t px-5 py-2.5 text-sm">
        <p role="status" className="flex items-center gap-2 font-medium">
          <Radio aria-hidden className="size-4 text-accent" />
          {paused ? 'The tail is paused' : connection === 'pending' ? 'Following' : 'Connecting'}
        </p>
        <p className="tabular text-soft">
          {formatCount(tail.seen)} shown, {formatCount(tail.skipped)} skipped (10 a second are shown, the
          newest of each)
        </p>
        {tail.fellBehind > 0 ? (
          <p className="text-warn">
            The stream is faster than 5,000 events/s: {tail.fellBehind} times some went by unseen.
          </p>
        ) : null}
      </div>
      <Gaps gaps={tail.gaps} />
      {tail.rows.length === 0 ? (
        <p className="border-line border-t px-5 py-12 text-center text-soft">
          Waiting for the next event that fits.
        </p>
      ) : (
        <EventTable rows={tail.rows} nowMs={nowMs} label="Events as they are stored" />
      )}
    </>
  );
}

/** The newest first. */
function nextTail(tail: Tail, batch: TailBatch | 'anew'): Tail {
  if (batch === 'anew') return NOTHING;
  return {
    rows:
      batch.rows.length === 0 ? tail.rows : [...batch.rows.toReversed(), ...tail.rows].slice(0, ROWS_KEPT),
    seen: tail.seen + batch.rows.length,
    skipped: tail.skipped + batch.skipped,
    fellBehind: tail.fellBehind + (batch.fellBehind ? 1 : 0),
    gaps: withGaps(tail.gaps, batch.gaps),
  };
}
