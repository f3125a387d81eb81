'use client';

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Blocks } from 'lucide-react';
import { parseAsInteger, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';
import { LIST_REFRESH_MS, useTRPC } from '../../components/api.ts';
import { useLive } from '../../components/live/live-provider.tsx';
import { DataTable } from '../../components/table/data-table.tsx';
import { useSortState } from '../../components/table/sort-state.ts';
import { copy, Item, quoted, TakeAwayMenu } from '../../components/take-away.tsx';
import { Button } from '../../components/ui/button.tsx';
import { formatCount } from '../../formatting/numbers.ts';
import { SHARDLET_SORTS, STATE_FILTERS } from '../../server/cluster/shardlet-query.ts';
import type { ShardletRow } from '../../server/cluster/shardlet-rows.ts';
import { ListPage } from '../list-page.tsx';
import { Pager } from './pager.tsx';
import { shardletColumns } from './shardlet-columns.tsx';
import { ShardletFilters } from './shardlet-filters.tsx';

const PAGE_SIZE = 50;
const NO_ROWS: readonly ShardletRow[] = [];

/** Paged, filtered and sorted on the server; all of it is in the address. */
export function ShardletsPage() {
  const trpc = useTRPC();
  const { status } = useLive();
  const { sort, desc, sorting, onSort } = useSortState(SHARDLET_SORTS, 'events', true);
  const [filters, set] = useQueryStates({
    stream: parseAsString,
    host: parseAsString,
    state: parseAsStringLiteral(STATE_FILTERS).withDefault('active'),
    page: parseAsInteger.withDefault(1),
  });
  const list = useQuery({
    ...trpc.shardlets.list.queryOptions({
      ...filters,
      page: Math.max(1, filters.page),
      sort,
      descending: desc,
      pageSize: PAGE_SIZE,
    }),
    placeholderData: keepPreviousData,
    refetchInterval: status === 'paused' ? false : LIST_REFRESH_MS,
  });
  const total = list.data?.total ?? 0;
  return (
    <ListPage
      error={list.data === undefined ? list.error : null}
      loading={list.isPending}
      onRetry={() => void list.refetch()}
      head={
        <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
          <ShardletFilters filters={filters} onChange={(change) => void set({ ...change, page: null })} />
          <div className="ml-auto flex items-center gap-3">
            <p className="tabular text-sm text-soft" role="status">
              {list.data === undefined
                ? ''
                : `${formatCount(total)} ${total === 1 ? 'shardlet' : 'shardlets'}, map version ${list.data.mapVersion}. Rates are averages over 60 s.`}
            </p>
            <ExportAll {...filters} sort={sort} desc={desc} />
          </div>
        </div>
      }
      empty={total === 0 ? <NothingMatches onClear={() => void set(null)} /> : undefined}
    >
      <DataTable
        label="Shardlets"
        columns={shardletColumns}
        rows={list.data?.rows ?? NO_ROWS}
        rowId={(row) => String(row.id)}
        sorting={sorting}
        onSort={(next) => {
          onSort(next);
          void set({ page: null });
        }}
        sortedByServer
        outdated={list.isPlaceholderData}
      />
      <Pager
        page={list.data?.page ?? 1}
        pages={list.data?.pages ?? 1}
        onPage={(page) => void set({ page: page === 1 ? null : page }, { history: 'push', scroll: true })}
      />
    </ListPage>
  );
}

interface Exported {
  readonly stream: string | null;
  readonly host: string | null;
  readonly state: string;
  readonly sort: string;
  readonly desc: boolean;
}

/** All that fit, not only the page that is shown: the server streams them. */
function ExportAll({ stream, host, state, sort, desc }: Exported) {
  const url = (format: string) => {
    const chosen = { ...(stream === null ? {} : { stream }), ...(host === null ? {} : { host }) };
    return `/api/shardlets/export?${new URLSearchParams({ ...chosen, state, sort, descending: String(desc), format })}`;
  };
  return (
    <TakeAwayMenu>
      <Item onSelect={() => window.location.assign(url('csv'))}>All matches as CSV</Item>
      <Item onSelect={() => window.location.assign(url('json'))}>All matches as JSON</Item>
      <Item onSelect={() => void copy(`curl -s ${quoted(window.location.origin + url('json'))}`)}>
        Copy as curl
      </Item>
    </TakeAwayMenu>
  );
}

function NothingMatches({ onClear }: { onClear(): void }) {
  return (
    <div className="grid justify-items-center gap-3 border-line border-t px-5 py-14 text-center">
      <Blocks aria-hidden className="size-6 text-faint" />
      <p className="text-soft">No shardlet matches these filters.</p>
      <Button onClick={onClear}>Clear the filters</Button>
    </div>
  );
}
