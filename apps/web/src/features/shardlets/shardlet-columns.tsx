'use client';

import { createColumnHelper } from '@tanstack/react-table';
import Link from 'next/link';
import type { DataColumns, dataTableFeatures } from '../../components/table/data-table.tsx';
import { formatBytes, formatCount, formatPercent, formatRate } from '../../formatting/numbers.ts';
import type { ShardletRow } from '../../server/cluster/shardlet-rows.ts';
import { StateBadge } from './state-badge.tsx';

const helper = createColumnHelper<typeof dataTableFeatures, ShardletRow>();

export const shardletColumns: DataColumns<ShardletRow> = helper.columns([
  helper.accessor('id', {
    header: 'Shardlet',
    cell: (cell) => <span className="font-mono text-xs">{cell.getValue()}</span>,
  }),
  helper.display({ id: 'state', header: 'State', cell: ({ row }) => <StateBadge row={row.original} /> }),
  helper.accessor('shard', {
    header: 'Stream, shard',
    cell: ({ row: { original: row } }) => (
      <span className="whitespace-nowrap text-soft">
        {row.stream}, {row.shard}
      </span>
    ),
    meta: { wide: true },
  }),
  helper.accessor('from', {
    id: 'range',
    header: 'Range',
    cell: ({ row: { original: row } }) => <RangeCell row={row} />,
    meta: {
      title: 'Half-open, in positions; the bar shows where in the whole key space it lies',
      wide: true,
    },
  }),
  helper.accessor('owner', {
    header: 'Owner',
    cell: ({ row: { original: row } }) => (
      <Link
        href={`/hosts?q=${encodeURIComponent(row.owner)}`}
        className="whitespace-nowrap text-accent underline-offset-4 hover:underline"
      >
        {row.owner}
      </Link>
    ),
  }),
  helper.accessor('epoch', {
    header: 'Epoch',
    cell: (cell) => <span className="font-mono text-xs text-soft">{formatCount(cell.getValue())}</span>,
    meta: { align: 'right', title: 'The version of the decision that made it', wide: true },
  }),
  helper.accessor('eventsPerSecond', {
    id: 'events',
    header: 'Events/s',
    cell: (cell) => <span className="font-medium">{formatRate(cell.getValue())}</span>,
    meta: { align: 'right' },
  }),
  helper.accessor('bytesPerSecond', {
    id: 'bytes',
    header: 'Bytes/s',
    cell: (cell) => <span className="whitespace-nowrap text-soft">{formatBytes(cell.getValue())}</span>,
    meta: { align: 'right', wide: true },
  }),
  helper.accessor('refusedPerSecond', {
    id: 'refused',
    header: 'Refused/s',
    cell: (cell) => (
      <span className={cell.getValue() > 0 ? 'font-medium text-bad' : 'text-faint'}>
        {formatRate(cell.getValue())}
      </span>
    ),
    meta: { align: 'right', wide: true },
  }),
]);

/** Below this share of the key space a bar would be thinner than a pixel. */
const SHARE_MIN = 0.012;

function RangeCell({ row }: { row: ShardletRow }) {
  return (
    <div className="grid min-w-48 gap-1" title={`[${row.from}, ${row.to})`}>
      <p className="whitespace-nowrap font-mono text-xs text-soft">
        {row.from.slice(0, 8)}… – {row.to === '10000000000000000' ? 'end' : `${row.to.slice(0, 8)}…`}{' '}
        <span className="text-faint">{formatPercent(row.share)}</span>
      </p>
      <div aria-hidden className="relative h-1 rounded-full bg-hover">
        <span
          className="absolute inset-y-0 rounded-full bg-accent"
          style={{
            left: `${Math.min(row.start, 1 - SHARE_MIN) * 100}%`,
            width: `${Math.max(row.share, SHARE_MIN) * 100}%`,
          }}
        />
      </div>
    </div>
  );
}
