'use client';

import { isDeadStream } from '@foreshard/core/consuming';
import { DEFAULT_STREAM, streams as streamOrders } from '@foreshard/core/operations';
import { useQuery } from '@tanstack/react-query';
import { createColumnHelper } from '@tanstack/react-table';
import { Plus, Settings2, Trash2 } from 'lucide-react';
import Link from 'next/link';
import { LIST_REFRESH_MS, useTRPC } from '../../components/api.ts';
import { useLive } from '../../components/live/live-provider.tsx';
import { MayButton } from '../../components/may-button.tsx';
import { Notice } from '../../components/notice.tsx';
import { type DataColumns, DataTable, type dataTableFeatures } from '../../components/table/data-table.tsx';
import { useSortState } from '../../components/table/sort-state.ts';
import { TakeAway, trpcCurl } from '../../components/take-away.tsx';
import { formatBytes, formatCount, formatRate } from '../../formatting/numbers.ts';
import { formatDuration } from '../../formatting/time.ts';
import type { StreamView } from '../../server/cluster/stream-views.ts';
import { ListPage } from '../list-page.tsx';
import { AlterStream, CreateStream, DeleteStream } from './stream-dialogs.tsx';

const SORTS = ['name', 'shardCount', 'shardlets', 'eventsPerSecond', 'bytesPerSecond'] as const;
const NO_STREAMS: readonly StreamView[] = [];

const helper = createColumnHelper<typeof dataTableFeatures, StreamView>();
const columns: DataColumns<StreamView> = helper.columns([
  helper.accessor('name', {
    header: 'Stream',
    cell: ({ row: { original: stream } }) => (
      <div className="py-2">
        <p className="font-medium">{stream.name}</p>
        <p className="text-xs text-faint">
          {isDeadStream(stream.name)
            ? 'internal: dead letters of a consumer group, deleted with it'
            : stream.splitKeys
              ? 'hot keys may be split'
              : 'keys stay whole'}
        </p>
      </div>
    ),
  }),
  helper.accessor('shardCount', {
    header: 'Shards',
    cell: (cell) => formatCount(cell.getValue()),
    meta: { align: 'right', wide: true },
  }),
  helper.accessor('shardlets', {
    header: 'Shardlets',
    cell: ({ row: { original: stream } }) => (
      <Link
        href={`/shardlets?stream=${encodeURIComponent(stream.name)}`}
        className="text-accent underline-offset-4 hover:underline"
        aria-label={`${formatCount(stream.shardlets)} shardlets of ${stream.name}`}
      >
        {formatCount(stream.shardlets)}
      </Link>
    ),
    meta: { align: 'right' },
  }),
  helper.display({
    id: 'retention',
    header: 'Kept',
    cell: ({ row }) => <span className="whitespace-nowrap text-soft">{retentionText(row.original)}</span>,
    meta: { wide: true },
  }),
  helper.display({
    id: 'dedup',
    header: 'Deduplication',
    cell: ({ row }) => (
      <span className="whitespace-nowrap text-soft">{formatDuration(row.original.dedupWindowMs)}</span>
    ),
    meta: { wide: true },
  }),
  helper.accessor('eventsPerSecond', {
    header: 'Events/s',
    cell: (cell) => <span className="font-medium">{formatRate(cell.getValue())}</span>,
    meta: { align: 'right', title: 'Average over 60 s' },
  }),
  helper.accessor('bytesPerSecond', {
    header: 'Bytes/s',
    cell: (cell) => <span className="whitespace-nowrap text-soft">{formatBytes(cell.getValue())}</span>,
    meta: { align: 'right', title: 'Average over 60 s', wide: true },
  }),
  helper.display({
    id: 'actions',
    header: () => <span className="sr-only">Actions</span>,
    cell: ({ row }) => <StreamActions stream={row.original} />,
  }),
]);

export function StreamsPage() {
  const trpc = useTRPC();
  const { status } = useLive();
  const { sorting, onSort } = useSortState(SORTS, 'name', false);
  const streams = useQuery({
    ...trpc.streams.list.queryOptions(),
    refetchInterval: status === 'paused' ? false : LIST_REFRESH_MS,
  });
  const rows = streams.data ?? NO_STREAMS;
  return (
    <ListPage
      error={streams.data === undefined ? streams.error : null}
      loading={streams.isPending}
      onRetry={() => void streams.refetch()}
      empty={rows.length === 0 ? <NoStreams /> : undefined}
      head={
        <div className="flex flex-wrap items-center justify-between gap-3">
          <p className="text-sm text-soft">
            Named logs, each with its own shards and retention. Rates are averages over 60 s.
          </p>
          <div className="flex gap-2">
            <TakeAway
              name="streams"
              rows={rows as unknown as readonly Record<string, unknown>[]}
              curl={() => trpcCurl('streams.list')}
            />
            <CreateStream>
              <MayButton may={streamOrders.create} look="primary">
                <Plus /> New stream
              </MayButton>
            </CreateStream>
          </div>
        </div>
      }
    >
      <DataTable
        label="Streams"
        columns={columns}
        rows={rows}
        rowId={(s) => String(s.id)}
        sorting={sorting}
        onSort={onSort}
      />
    </ListPage>
  );
}

function StreamActions({ stream }: { stream: StreamView }) {
  return (
    <div className="flex justify-end">
      <AlterStream stream={stream}>
        <MayButton
          may={streamOrders.alter}
          on={{ stream: stream.name }}
          look="quiet"
          size="icon"
          aria-label={`Change ${stream.name}`}
        >
          <Settings2 />
        </MayButton>
      </AlterStream>
      {stream.name === DEFAULT_STREAM || isDeadStream(stream.name) ? null : (
        <DeleteStream stream={stream}>
          <MayButton
            may={streamOrders.delete}
            on={{ stream: stream.name }}
            look="quiet"
            size="icon"
            aria-label={`Delete ${stream.name}`}
          >
            <Trash2 />
          </MayButton>
        </DeleteStream>
      )}
    </div>
  );
}

function retentionText({ retentionMs, retentionBytes }: StreamView): string {
  const limits = [
    retentionMs === null ? null : formatDuration(retentionMs),
    retentionBytes === null ? null : formatBytes(retentionBytes),
  ].filter((limit) => limit !== null);
  return limits.length === 0 ? 'for ever' : limits.join(' or ');
}

function NoStreams() {
  return (
    <Notice title="No stream yet" why="An event is always sent to a stream. 64 shards are a good beginning.">
      <CreateStream>
        <MayButton may={streamOrders.create} look="primary">
          <Plus /> New stream
        </MayButton>
      </CreateStream>
    </Notice>
  );
}
