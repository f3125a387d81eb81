'use client';

import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import Link from 'next/link';
import { useTRPC } from '../../components/api.ts';
import { Button } from '../../components/ui/button.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { useZone } from '../../components/zone.tsx';
import { formatCount, formatPercent } from '../../formatting/numbers.ts';
import { formatMoment } from '../../formatting/time.ts';
import { measuredMetric } from '../../server/heat/heat-query.ts';
import { columnStartMs, type HeatCells, type Margins, valueAt } from './heat-cells.ts';
import type { Cell } from './heat-plot.tsx';
import { formatValue, METRIC_TITLES } from './heat-words.ts';

/** A pinned cell: what, when, where, whose, which keys, and where to go from here. */
export function CellCard({
  cells,
  margins,
  cell,
  onClose,
  onShard,
}: {
  cells: HeatCells;
  margins: Margins;
  cell: Cell;
  onClose(): void;
  onShard(shard: number): void;
}) {
  const trpc = useTRPC();
  const { zone } = useZone();
  const row = cells.rows[cell.row]!;
  const fromMs = columnStartMs(cells, cell.column);
  const value = valueAt(cells, cell.column, cell.row);
  const isShare = !['p50', 'p99', 'residual'].includes(cells.metric) && margins.columns[cell.column]! > 0;
  const under = useQuery(
    trpc.heat.cell.queryOptions({
      stream: cells.stream,
      metric: measuredMetric(cells.metric),
      fromMs,
      toMs: fromMs + cells.columnMs,
      from: row.from,
      to: row.to,
    }),
  );
  return (
    <section
      aria-label="Pinned cell"
      className="grid gap-4 border-line border-t px-5 py-4 text-sm md:grid-cols-[minmax(14rem,1fr)_minmax(14rem,1fr)_minmax(14rem,1fr)_auto]"
    >
      <dl className="grid grid-cols-[auto_1fr] content-start gap-x-4 gap-y-1">
        <dt className="text-faint">{METRIC_TITLES[cells.metric]}</dt>
        <dd className="font-semibold">
          {formatValue(cells.metric, value)}
          {isShare && value > 0 ? (
            <span className="font-normal text-soft">
              {' '}
              ({formatPercent(value / margins.columns[cell.column]!)} of that time)
            </span>
          ) : null}
        </dd>
        <dt className="text-faint">From</dt>
        <dd>{formatMoment(fromMs, zone)}</dd>
        <dt className="text-faint">To</dt>
        <dd>{formatMoment(fromMs + cells.columnMs, zone)}</dd>
        <dt className="text-faint">Keys</dt>
        <dd className="break-all font-mono text-xs leading-5">
          {row.from} – {row.to.length > 16 ? 'end' : row.to}
        </dd>
      </dl>
      <Under title="Shardlets there now" pending={under.isPending} error={under.error}>
        {under.data?.shardlets.map((s) => (
          <li key={s.id} className="flex flex-wrap gap-x-2">
            <span className="font-mono text-xs">{s.id}</span>
            <button type="button" className="text-accent hover:underline" onClick={() => onShard(s.shard)}>
              shard {s.shard}
            </button>
            <Link href={`/hosts?q=${encodeURIComponent(s.owner)}`} className="text-accent hover:underline">
              {s.owner}
            </Link>
            {s.state === 'open' ? null : <span className="text-soft">{s.state}</span>}
          </li>
        ))}
        {under.data !== undefined && under.data.more > 0 ? (
          <li className="text-soft">and {formatCount(under.data.more)} more</li>
        ) : null}
      </Under>
      <Under title="Its top keys" pending={under.isPending} error={under.error}>
        {under.data?.topKeys.map(({ key, hash, events }) => (
          <li key={hash} className="flex justify-between gap-3">
            <span className="truncate" title={key ?? hash}>
              {key ?? <span className="font-mono text-faint text-xs">hash {hash}</span>}
            </span>
            <span className="text-soft">≥ {formatCount(events)}</span>
          </li>
        ))}
        {under.data?.topKeys.length === 0 ? <li className="text-soft">No key stood out.</li> : null}
      </Under>
      <Button
        look="quiet"
        size="icon"
        aria-label="Unpin the cell"
        onClick={onClose}
        className="justify-self-end"
      >
        <X />
      </Button>
    </section>
  );
}

function Under({
  title,
  pending,
  error,
  children,
}: {
  title: string;
  pending: boolean;
  error: { message: string } | null;
  children: React.ReactNode;
}) {
  return (
    <div className="min-w-0">
      <h3 className="mb-1 text-xs text-faint">{title}</h3>
      {pending ? (
        <Skeleton className="h-12" />
      ) : error !== null ? (
        <p className="text-bad">{error.message}</p>
      ) : (
        <ul className="grid gap-0.5">{children}</ul>
      )}
    </div>
  );
}
