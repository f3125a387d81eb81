'use client';

import { createColumnHelper } from '@tanstack/react-table';
import { useMemo } from 'react';
import { type DataColumns, DataTable, type dataTableFeatures } from '../../components/table/data-table.tsx';
import { useSortState } from '../../components/table/sort-state.ts';
import { formatBytes, formatCount, formatRate } from '../../formatting/numbers.ts';
import type { ShardCells } from './shard-cells.ts';

const SORTS = ['name', 'shardlets', 'events', 'bytes', 'stored', 'hottest'] as const;

export interface HostSum {
  readonly name: string;
  readonly shardlets: number;
  readonly eventsPerSecond: number;
  readonly bytesPerSecond: number;
  /** null: not known */
  readonly storedBytes: number | null;
  readonly hottest: number | null;
  readonly hottestEventsPerSecond: number;
}

/** The map as numbers, host by host. */
export function hostSums(cells: ShardCells): HostSum[] {
  return cells.hosts.map(({ name, first, count }) => {
    let [events, bytes, stored, hottest] = [0, 0, 0, first];
    for (let i = first; i < first + count; i++) {
      events += cells.events[i]!;
      bytes += cells.bytesIn[i]!;
      stored += cells.stored[i]! || 0;
      if (cells.events[i]! > cells.events[hottest]!) hottest = i;
    }
    return {
      name,
      shardlets: count,
      eventsPerSecond: events,
      bytesPerSecond: bytes,
      storedBytes: cells.sizesKnown ? stored : null,
      hottest: count === 0 ? null : cells.ids[hottest]!,
      hottestEventsPerSecond: count === 0 ? 0 : cells.events[hottest]!,
    };
  });
}

const helper = createColumnHelper<typeof dataTableFeatures, HostSum>();

export function HostTable({ cells, onHost }: { cells: ShardCells; onHost(host: string): void }) {
  const { sorting, onSort } = useSortState(SORTS, 'events', true);
  const rows = useMemo(() => hostSums(cells), [cells]);
  const columns = useMemo(() => columnsOf(onHost), [onHost]);
  return (
    <DataTable
      label="Hosts and their shardlets"
      columns={columns}
      rows={rows}
      rowId={(row) => row.name}
      sorting={sorting}
      onSort={onSort}
    />
  );
}

function columnsOf(onHost: (host: string) => void): DataColumns<HostSum> {
  return helper.columns([
    helper.accessor('name', {
      header: 'Host',
      cell: (cell) => (
        <button
          type="button"
          className="font-medium text-accent underline-offset-4 hover:underline"
          onClick={() => onHost(cell.getValue())}
        >
          {cell.getValue()}
        </button>
      ),
    }),
    helper.accessor('shardlets', {
      header: 'Shardlets',
      cell: (cell) => formatCount(cell.getValue()),
      meta: { align: 'right' },
    }),
    helper.accessor('eventsPerSecond', {
      id: 'events',
      header: 'Events/s',
      cell: (cell) => <span className="font-medium">{formatRate(cell.getValue())}</span>,
      meta: { align: 'right', title: 'Average over 60 s' },
    }),
    helper.accessor('bytesPerSecond', {
      id: 'bytes',
      header: 'Bytes/s',
      cell: (cell) => <span className="text-soft">{formatBytes(cell.getValue())}</span>,
      meta: { align: 'right', title: 'Average over 60 s', wide: true },
    }),
    helper.accessor((row) => row.storedBytes ?? -1, {
      id: 'stored',
      header: 'Stored, 24 h',
      cell: ({ row: { original } }) =>
        original.storedBytes === null ? '–' : formatBytes(original.storedBytes),
      meta: { align: 'right', wide: true },
    }),
    helper.accessor('hottestEventsPerSecond', {
      id: 'hottest',
      header: 'Hottest shardlet',
      cell: ({ row: { original } }) =>
        original.hottest === null ? (
          '–'
        ) : (
          <span>
            <span className="font-mono text-xs">{original.hottest}</span>{' '}
            <span className="text-soft">{formatRate(original.hottestEventsPerSecond)}/s</span>
          </span>
        ),
      meta: { align: 'right', wide: true },
    }),
  ]);
}
