'use client';

/** Who processes the events, and how far they are. The filters, the page and the open group are part of the address. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { parseAsBoolean, parseAsInteger, parseAsString, useQueryStates } from 'nuqs';
import { useTRPC } from '../../components/api.ts';
import { useLive } from '../../components/live/live-provider.tsx';
import { Notice } from '../../components/notice.tsx';
import { TakeAway, trpcCurl } from '../../components/take-away.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Command } from '../../components/ui/copy-button.tsx';
import { formatCounted } from '../../formatting/numbers.ts';
import { ListPage } from '../list-page.tsx';
import { Pager } from '../shardlets/pager.tsx';
import { Caches } from './caches.tsx';
import { GroupCard } from './group-card.tsx';
import { GroupFilters } from './group-filters.tsx';
import { GroupTable } from './group-list.tsx';
import { refreshAfterMs } from './refresh.ts';

export function ConsumersPage() {
  const [open, setOpen] = useOpenGroup();
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
      {open === null ? null : <GroupCard key={open} group={open} onClose={() => void setOpen(null)} />}
      <Groups open={open} onOpen={(name) => void setOpen(name)} />
      <Caches />
    </div>
  );
}

function Groups({ open, onOpen }: { open: string | null; onOpen(name: string | null): void }) {
  const trpc = useTRPC();
  const { status } = useLive();
  const [{ search, redrive, page }, set] = useQueryStates({
    search: parseAsString.withDefault(''),
    redrive: parseAsBoolean.withDefault(false),
    page: parseAsInteger.withDefault(1),
  });
  const input = { search, internal: redrive, page: Math.max(1, page) };
  const list = useQuery({
    ...trpc.consumers.list.queryOptions(input),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (status === 'paused' ? false : refreshAfterMs(state.data)),
  });
  const { groups = [], total = 0, internal = 0 } = list.data ?? {};
  const isFiltered = search !== '';
  return (
    <ListPage
      error={list.data === undefined ? list.error : null}
      loading={list.isPending}
      onRetry={() => void list.refetch()}
      empty={
        groups.length > 0 ? undefined : isFiltered || total > 0 ? (
          <NothingMatches onClear={() => void set(null)} />
        ) : (
          <NoGroups />
        )
      }
      head={
        <div className="grid gap-4">
          <div className="flex flex-wrap items-center justify-between gap-3">
            <p className="text-sm text-soft">
              Groups that process a stream together. Lag: events that are stored and not processed yet.
            </p>
            <TakeAway
              name="consumer-groups"
              rows={groups as unknown as readonly Record<string, unknown>[]}
              curl={() => trpcCurl('consumers.list', input)}
            />
          </div>
          <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
            <GroupFilters
              search={search}
              internal={redrive}
              hidden={internal}
              onSearch={(text) => void set({ search: text === '' ? null : text, page: null })}
              onInternal={(shown) => void set({ redrive: shown ? true : null, page: null })}
            />
            <p className="tabular text-sm text-soft" role="status">
              {list.data === undefined ? '' : `${formatCounted(total, 'group')}${isFiltered ? ' found' : ''}`}
            </p>
          </div>
          {list.data === undefined || list.error === null ? null : (
            <p role="alert" className="text-sm text-warn">
              Not refreshed: {list.error.message}
            </p>
          )}
        </div>
      }
    >
      <GroupTable groups={groups} open={open} outdated={list.isPlaceholderData} onOpen={onOpen} />
      <Pager
        page={list.data?.page ?? 1}
        pages={list.data?.pages ?? 1}
        onPage={(next) => void set({ page: next === 1 ? null : next }, { history: 'push' })}
      />
    </ListPage>
  );
}

/** What is open inside a group closes with it. */
function useOpenGroup() {
  const [{ group }, set] = useQueryStates(
    {
      group: parseAsString,
      letters: parseAsString,
      letter: parseAsString,
      member: parseAsString,
      behind: parseAsInteger,
    },
    { history: 'push' },
  );
  const nothing = { letters: null, letter: null, member: null, behind: null };
  // it opens above the list
  const setOpen = (next: string | null) => set({ group: next, ...nothing }, { scroll: next !== null });
  return [group, setOpen] as const;
}

function NothingMatches({ onClear }: { onClear(): void }) {
  return (
    <Notice
      title="No group here"
      why="No group has this in its name or that of its stream, or the page is past the end."
    >
      <Button onClick={onClear}>Clear the filters</Button>
    </Notice>
  );
}

function NoGroups() {
  return (
    <Notice
      title="No consumer group yet"
      why="A group processes every event of a stream, shared among its members, each key in order. Start a member; start more to share the work."
    >
      <Command text="npm run foreshard -- consume --group billing" />
    </Notice>
  );
}
