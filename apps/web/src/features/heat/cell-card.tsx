'use client';

import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import Link from 'next/link';
import { useTRPC } from '../../components/api.ts';
import { Button } from '../../components/ui/button.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { useZone } from '../../components/zone.tsx';
import { formatCount, formatPercent, formatRate } from '../../formatting/numbers.ts';
import { formatMoment } from '../../formatting/time.ts';
import { measuredMetric } from '../../server/heat/heat-query.ts';
import { columnStartMs, type HeatCells, type Margins, valueAt } from './heat-cells.ts';
import type { Cell } from './heat-plot.tsx';
import { cellWords, formatValue, METRIC_TITLES } from './heat-words.ts';

/** A pinned cell: what, when, where, whose, which keys, and where to go from here. */
export function CellCard({
  cells,
  margins,
  cell,
  onClose,
  onShard,
  onKeep,
}: {
  cells: HeatCells;
  margins: Margins;
  cell: Cell;
  onClose(): void;
  onShard(shard: number): void;
  onKeep(): void;
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
      className="grid content-start gap-4 px-5 py-4 text-sm md:max-xl:grid-cols-3"
    >
      <div className="flex items-center justify-between gap-2 md:max-xl:col-span-3">
        <h2 className="font-medium">Pinned cell</h2>
        <div className="flex gap-2">
          <Button onClick={onKeep} title="Then click another cell to compare with this one">
            Compare
          </Button>
          <Button look="quiet" size="icon" aria-label="Unpin the cell" onClick={onClose}>
            <X />
          </Button>
        </div>
      </div>
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
        <dd className="min-w-0 break-words">
          {row.keys.length > 0 ? row.keys.join(', ') : 'none was sampled'}
        </dd>
        <dt className="text-faint">Positions</dt>
        <dd className="break-all font-mono text-faint text-xs leading-5">
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
    </section>
  );
}

/** The cell kept before, beside the one that is pinned: how many times its value that is. */
export function KeptCell({
  cells,
  cell,
  against,
  onForget,
}: {
  cells: HeatCells;
  cell: Cell;
  against: Cell;
  onForget(): void;
}) {
  const { zone } = useZone();
  const { value, when, where } = cellWords(cells, cell, zone);
  const [pinned, kept] = [against, cell].map(({ column, row }) => valueAt(cells, column, row)) as [
    number,
    number,
  ];
  const isSame = against.column === cell.column && against.row === cell.row;
  return (
    <section aria-label="Compared with" className="grid gap-1 border-line border-t px-5 py-4 text-sm">
      <div className="flex items-center justify-between gap-2">
        <h3 className="text-faint text-xs">Compared with</h3>
        <Button look="quiet" size="icon" aria-label="End the comparison" onClick={onForget}>
          <X />
        </Button>
      </div>
      <p className="font-semibold">{value}</p>
      <p className="text-soft">{where}</p>
      <p className="text-faint text-xs">{when}</p>
      <p>
        {isSame
          ? 'Click another cell to compare with this one.'
          : kept > 0 && pinned >= 0
            ? `The pinned cell has ${formatRate(pinned / kept)} times as much.`
            : 'Their ratio is not known.'}
      </p>
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
