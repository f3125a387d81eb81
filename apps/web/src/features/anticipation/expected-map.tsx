'use client';

/** The Prefetch Probability Map: what is expected, where, how likely and when. A row opens into the history of its key. */
import { anticipation } from '@foreshard/core/operations';
import { useQuery } from '@tanstack/react-query';
import { ChevronDown, ChevronRight } from 'lucide-react';
import Link from 'next/link';
import { Fragment, useState } from 'react';
import { LIST_REFRESH_MS, useTRPC } from '../../components/api.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { useLive } from '../../components/live/live-provider.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Loading } from '../../components/ui/skeleton.tsx';
import { Unreadable } from '../../components/unreadable.tsx';
import { formatPercent } from '../../formatting/numbers.ts';
import { formatAgo } from '../../formatting/time.ts';
import { dueWords, type ExpectedEvent } from './anticipation-words.ts';

const SHOWN = 15;
const HEAD = 'h-9 px-3 text-left font-medium text-soft text-xs first:pl-5 last:pr-5';
const CELL = 'px-3 py-2 first:pl-5 last:pr-5';
const COLUMNS = 5;

export function ExpectedMap({ stream }: { stream: string }) {
  const trpc = useTRPC();
  const { status } = useLive();
  const input = { stream, limit: SHOWN };
  const found = useQuery({
    ...trpc.operations.anticipation.map.queryOptions(input),
    refetchInterval: status === 'paused' ? false : LIST_REFRESH_MS,
  });
  return (
    <Card aria-labelledby="expected-title" className="overflow-hidden">
      <CardHead id="expected-title" title="Expected next" hint="the likeliest, by key">
        <EdgeCurl operation={anticipation.map} input={input} />
      </CardHead>
      {found.data === undefined && found.error !== null ? (
        <Unreadable
          title="The map could not be read"
          error={found.error}
          onRetry={() => void found.refetch()}
        />
      ) : found.data === undefined ? (
        <Loading className="mx-5 mb-5 h-40" />
      ) : found.data.keys.length === 0 ? (
        <p className="border-line border-t px-5 py-8 text-center text-soft text-sm">
          No event is expected now. What was overdue by a minute is left out.
        </p>
      ) : (
        <Rows rows={found.data.keys} stream={stream} />
      )}
    </Card>
  );
}

function Rows({ rows, stream }: { rows: readonly ExpectedEvent[]; stream: string }) {
  const [open, setOpen] = useState<string | undefined>();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section tabIndex={0} aria-label="Expected events" className="relative overflow-x-auto">
      <table className="tabular w-full text-sm">
        <thead>
          <tr className="border-line border-y bg-sunken">
            <th className={HEAD}>Key</th>
            <th className={HEAD}>Expected type</th>
            <th className={HEAD}>Probability</th>
            <th className={HEAD}>When</th>
            <th className={HEAD}>Shardlet</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const id = `${row.key} ${row.type}`;
            const isOpen = id === open;
            return (
              <Fragment key={id}>
                <Row row={row} isOpen={isOpen} onToggle={() => setOpen(isOpen ? undefined : id)} />
                {isOpen ? <Evidence row={row} stream={stream} /> : null}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

function Row({ row, isOpen, onToggle }: { row: ExpectedEvent; isOpen: boolean; onToggle(): void }) {
  const Icon = isOpen ? ChevronDown : ChevronRight;
  return (
    <tr className="border-line border-b last:border-b-0">
      <td className={CELL}>
        <button
          type="button"
          aria-expanded={isOpen}
          onClick={onToggle}
          className="flex items-center gap-1.5 text-left font-medium hover:text-accent"
        >
          <Icon className="size-4 shrink-0" aria-hidden />
          <span className="max-w-64 truncate">{row.key}</span>
        </button>
      </td>
      <td className={CELL}>{row.type}</td>
      <td className={CELL}>{formatPercent(row.probability)}</td>
      <td className={CELL}>{dueWords(row.expectedAt, Date.now())}</td>
      <td className={CELL}>{row.shardlet}</td>
    </tr>
  );
}

function Evidence({ row, stream }: { row: ExpectedEvent; stream: string }) {
  const nowMs = Date.now();
  return (
    <tr className="border-line border-b bg-sunken">
      <td colSpan={COLUMNS} className="px-5 py-3">
        <p className="mb-1.5 text-soft text-xs">
          The last events of this key, newest first. What followed them before is the evidence.
        </p>
        {row.history.length === 0 ? (
          <p>This key is not kept any more.</p>
        ) : (
          <ol className="flex flex-wrap gap-x-4 gap-y-1">
            {row.history.map(({ type, at }, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: two events may be of one time and type
              <li key={i}>
                <span className="font-medium">{type}</span>{' '}
                <span className="text-faint text-xs">{formatAgo(nowMs - Date.parse(at))}</span>
              </li>
            ))}
          </ol>
        )}
        <Link
          href={`/events?stream=${encodeURIComponent(stream)}&key=${encodeURIComponent(row.key)}&back=oldest`}
          className="mt-2 inline-block text-accent text-sm hover:underline"
        >
          Events of this key
        </Link>
      </td>
    </tr>
  );
}
