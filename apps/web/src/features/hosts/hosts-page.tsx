'use client';

import { HOST_ENGINES } from '@foreshard/core/hosts';
import { writeLabels } from '@foreshard/core/topology';
import { useQuery } from '@tanstack/react-query';
import { createColumnHelper } from '@tanstack/react-table';
import Link from 'next/link';
import { parseAsString, useQueryState } from 'nuqs';
import { useMemo, useState } from 'react';
import { LIST_REFRESH_MS, useTRPC } from '../../components/api.ts';
import { useLive } from '../../components/live/live-provider.tsx';
import { Notice } from '../../components/notice.tsx';
import { type DataColumns, DataTable, type dataTableFeatures } from '../../components/table/data-table.tsx';
import { useSortState } from '../../components/table/sort-state.ts';
import { TakeAway, trpcCurl } from '../../components/take-away.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Command } from '../../components/ui/copy-button.tsx';
import { inputClass } from '../../components/ui/field.tsx';
import { useWide } from '../../components/use-wide.ts';
import { formatBytes, formatCount, formatCounted, formatRate } from '../../formatting/numbers.ts';
import { formatHoursToFull } from '../../formatting/time.ts';
import type { HostView } from '../../server/cluster/host-views.ts';
import { mostPressing, URGENCY } from '../../server/cluster/most-pressing.ts';
import { ListPage } from '../list-page.tsx';
import { AddHost } from './add-host.tsx';
import { ConditionBadge } from './condition-badge.tsx';
import { HostCard } from './host-card.tsx';
import { HostFacts } from './host-facts.tsx';
import { HostOrders } from './host-orders.tsx';
import { MemoryBar, memoryText } from './memory-bar.tsx';
import { RegressedText } from './regressed-text.tsx';

const SORTS = [
  'name',
  'condition',
  'fill',
  'hoursToFull',
  'shardlets',
  'eventsPerSecond',
  'bytesPerSecond',
] as const;

/** A phone scrolls through so many; the filter finds the others. */
const CARDS_STEP = 20;

/** Of a time until it is full. */
const TONES: Record<HostView['level'], string> = {
  bad: 'font-semibold text-bad',
  warn: 'text-warn',
  ok: '',
  unknown: '',
};

const helper = createColumnHelper<typeof dataTableFeatures, HostView>();
const columns: DataColumns<HostView> = helper.columns([
  helper.accessor('name', {
    header: 'Host',
    cell: ({ row: { original: host } }) => (
      <div className="py-2">
        <p className="font-medium">{host.name}</p>
        <p className="text-xs text-faint">
          {HOST_ENGINES[host.engine].label} · {host.address}
        </p>
        <HostFacts host={host} />
        <RegressedText host={host} />
      </div>
    ),
  }),
  // trouble first: rows come in that order, and equal ones keep it
  helper.accessor((host) => URGENCY[host.level], {
    id: 'condition',
    header: 'State',
    cell: ({ row: { original: host } }) => <ConditionBadge host={host} />,
  }),
  helper.accessor((host) => host.fill ?? -1, {
    id: 'fill',
    header: 'Memory',
    cell: ({ row: { original: host } }) => (
      <div className="grid min-w-40 gap-1.5 py-2">
        <MemoryBar host={host} />
        <p className="whitespace-nowrap text-xs text-soft">{memoryText(host)}</p>
      </div>
    ),
    meta: { title: 'Used memory; edges stop appends at 90 % of the limit' },
  }),
  helper.accessor((host) => host.hoursToFull ?? Number.MAX_VALUE, {
    id: 'hoursToFull',
    header: 'Full in',
    cell: ({ row: { original: host } }) => (
      <span className="whitespace-nowrap">
        {host.hoursToFull === null ? (
          <span className="text-faint">–</span>
        ) : (
          <span className={TONES[host.level]}>{formatHoursToFull(host.hoursToFull)}</span>
        )}
      </span>
    ),
    meta: { title: 'At the present growth of used memory', wide: true },
  }),
  helper.accessor('shardlets', {
    header: 'Shardlets',
    cell: ({ row: { original: host } }) => (
      <Link
        href={`/shardlets?host=${encodeURIComponent(host.name)}`}
        className="text-accent underline-offset-4 hover:underline"
        aria-label={`${formatCount(host.shardlets)} shardlets of ${host.name}`}
      >
        {formatCount(host.shardlets)}
      </Link>
    ),
    meta: { align: 'right' },
  }),
  helper.accessor('eventsPerSecond', {
    header: 'Events/s',
    cell: (cell) => <span className="font-medium">{formatRate(cell.getValue())}</span>,
    meta: { align: 'right', title: 'Average over 60 s' },
  }),
  helper.accessor('bytesPerSecond', {
    header: 'Bytes/s',
    cell: (cell) => <span className="text-soft">{formatBytes(cell.getValue())}</span>,
    meta: { align: 'right', title: 'Average over 60 s', wide: true },
  }),
  helper.display({
    id: 'actions',
    header: 'Actions',
    cell: ({ row: { original: host } }) => <HostOrders host={host} />,
    meta: { align: 'right' },
  }),
]);

export function HostsPage() {
  const trpc = useTRPC();
  const { status } = useLive();
  const wide = useWide();
  const [filter, setFilter] = useQueryState('q', parseAsString.withDefault(''));
  const { sorting, onSort } = useSortState(SORTS, 'condition', true);
  const hosts = useQuery({
    ...trpc.hosts.list.queryOptions(),
    refetchInterval: status === 'paused' ? false : LIST_REFRESH_MS,
  });
  const all = useMemo(() => mostPressing(hosts.data ?? []), [hosts.data]);
  const rows = filter === '' ? all : all.filter((h) => matches(h, filter));
  return (
    <ListPage
      error={hosts.data === undefined ? hosts.error : null}
      loading={hosts.isPending}
      onRetry={() => void hosts.refetch()}
      empty={all.length === 0 ? <NoHosts /> : undefined}
      head={
        <div className="flex flex-wrap items-center justify-between gap-3">
          <p className="text-sm text-soft">
            Ordinary Redis, Valkey and PostgreSQL servers that hold the events. Rates are averages over 60 s.
          </p>
          <div className="flex flex-wrap gap-2">
            <input
              type="search"
              value={filter}
              onChange={(e) => void setFilter(e.target.value === '' ? null : e.target.value)}
              placeholder="Filter by name, address or label"
              aria-label="Filter the hosts"
              className={`${inputClass} sm:w-64`}
            />
            <AddHost />
            <TakeAway
              name="hosts"
              rows={rows as unknown as readonly Record<string, unknown>[]}
              curl={() => trpcCurl('hosts.list')}
            />
          </div>
        </div>
      }
    >
      {rows.length === 0 ? (
        <p className="border-line border-t px-5 py-10 text-center text-sm text-soft">
          No host matches “{filter}”.
        </p>
      ) : wide === false ? (
        <HostCards hosts={rows} />
      ) : (
        <DataTable
          label="Hosts"
          columns={columns}
          rows={rows}
          rowId={(h) => String(h.id)}
          sorting={sorting}
          onSort={onSort}
        />
      )}
    </ListPage>
  );
}

/** On a narrow screen, what presses first. */
function HostCards({ hosts }: { hosts: readonly HostView[] }) {
  const [shown, setShown] = useState(CARDS_STEP);
  const left = hosts.length - shown;
  return (
    <>
      <ul className="border-line border-t">
        {hosts.slice(0, shown).map((host) => (
          <li key={host.id} className="border-line border-b last:border-b-0">
            <HostCard host={host} />
          </li>
        ))}
      </ul>
      {left <= 0 ? null : (
        <p className="flex items-center justify-between gap-3 border-line border-t px-5 py-3 text-soft text-sm">
          {formatCounted(left, 'more host')}
          <Button size="sm" onClick={() => setShown(shown + CARDS_STEP)}>
            Show {Math.min(CARDS_STEP, left)} more
          </Button>
        </p>
      )}
    </>
  );
}

function matches(host: HostView, filter: string): boolean {
  const text =
    `${host.name} ${host.address} ${host.engine} ${host.zone} ${writeLabels(host.labels)}`.toLowerCase();
  return text.includes(filter.toLowerCase());
}

function NoHosts() {
  return (
    <Notice
      title="No host yet"
      why="Add an empty, durable Redis, Valkey or PostgreSQL server; streams spread over all hosts."
    >
      <Command text="npm run foreshard -- hosts add redis://127.0.0.1:6379" />
    </Notice>
  );
}
