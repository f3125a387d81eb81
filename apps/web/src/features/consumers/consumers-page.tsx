'use client';

/** Who processes the events, and how far they are. The open group is part of the address. */
import { useQuery } from '@tanstack/react-query';
import { parseAsString, useQueryStates } from 'nuqs';
import { LIST_REFRESH_MS, useTRPC } from '../../components/api.ts';
import { cn } from '../../components/class-names.ts';
import { useLive } from '../../components/live/live-provider.tsx';
import { Notice } from '../../components/notice.tsx';
import { TakeAway, trpcCurl } from '../../components/take-away.tsx';
import { Badge } from '../../components/ui/badge.tsx';
import { Command } from '../../components/ui/copy-button.tsx';
import { formatCount } from '../../formatting/numbers.ts';
import type { GroupSummary } from '../../server/consumers/group-views.ts';
import { ListPage } from '../list-page.tsx';
import { Caches } from './caches.tsx';
import { CatchUp } from './catch-up.tsx';
import { GroupCard } from './group-card.tsx';

export function ConsumersPage() {
  const trpc = useTRPC();
  const { status } = useLive();
  const [open, setOpen] = useOpenGroup();
  const list = useQuery({
    ...trpc.consumers.list.queryOptions(),
    refetchInterval: status === 'paused' ? false : LIST_REFRESH_MS,
  });
  const groups = list.data?.groups ?? [];
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
      {open === null ? null : <GroupCard group={open} onClose={() => void setOpen(null)} />}
      <ListPage
        error={list.data === undefined ? list.error : null}
        loading={list.isPending}
        onRetry={() => void list.refetch()}
        empty={groups.length === 0 ? <NoGroups /> : undefined}
        head={
          <div className="flex flex-wrap items-center justify-between gap-3">
            <p className="text-sm text-soft">
              Groups that process a stream together. Lag: events that are stored and not processed yet.
              {list.data !== undefined && list.data.total > groups.length
                ? ` The first ${formatCount(groups.length)} of ${formatCount(list.data.total)}.`
                : ''}
            </p>
            <TakeAway
              name="consumer-groups"
              rows={groups as unknown as readonly Record<string, unknown>[]}
              curl={() => trpcCurl('consumers.list')}
            />
          </div>
        }
      >
        <GroupTable groups={groups} open={open} onOpen={(name) => void setOpen(name)} />
      </ListPage>
      <Caches />
    </div>
  );
}

/** What is open inside a group closes with it. */
function useOpenGroup() {
  const [{ group }, set] = useQueryStates(
    { group: parseAsString, letters: parseAsString, letter: parseAsString },
    { history: 'push' },
  );
  const setOpen = (next: string | null) => set({ group: next, letters: null, letter: null });
  return [group, setOpen] as const;
}

const HEAD = 'h-9 px-3 text-left font-medium text-soft text-xs first:pl-5 last:pr-5';
const CELL = 'h-11 px-3 first:pl-5 last:pr-5';

interface GroupTableProps {
  readonly groups: readonly GroupSummary[];
  readonly open: string | null;
  onOpen(name: string | null): void;
}

function GroupTable({ groups, open, onOpen }: GroupTableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section tabIndex={0} aria-label="Consumer groups" className="overflow-x-auto">
      <table className="w-full text-sm">
        <thead>
          <tr className="border-line border-y bg-sunken">
            <th className={HEAD}>Group</th>
            <th className={cn(HEAD, 'max-sm:hidden')}>Stream</th>
            <th className={cn(HEAD, 'max-sm:hidden')}>Delivery</th>
            <th className={cn(HEAD, 'text-right')}>Members</th>
            <th className={cn(HEAD, 'text-right max-md:hidden')}>Shardlets</th>
            <th className={cn(HEAD, 'text-right')}>Lag</th>
            <th className={cn(HEAD, 'text-right max-sm:hidden')}>Caught up</th>
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <tr
              key={group.name}
              className={cn(
                'border-line border-b last:border-b-0 hover:bg-hover/60',
                group.name === open && 'bg-accent-soft hover:bg-accent-soft',
              )}
            >
              <td className={CELL}>
                <button
                  type="button"
                  aria-expanded={group.name === open}
                  onClick={() => onOpen(group.name === open ? null : group.name)}
                  className="text-left font-medium text-accent underline-offset-4 hover:underline"
                >
                  {group.name}
                </button>
                {group.redriveOf === null ? null : (
                  <Badge
                    className="ml-2"
                    tip={`It reads what is re-driven of ${group.redriveOf}, and goes with it.`}
                  >
                    internal
                  </Badge>
                )}
              </td>
              <td className={cn(CELL, 'text-soft max-sm:hidden')}>{group.stream ?? 'deleted'}</td>
              <td className={cn(CELL, 'text-soft max-sm:hidden')}>{group.delivery}</td>
              <td className={cn(CELL, 'text-right')}>
                <Members group={group} />
              </td>
              <td className={cn(CELL, 'text-right text-soft max-md:hidden')}>
                {formatCount(group.shardlets)}
                {group.waiting === 0 ? '' : `, ${formatCount(group.waiting)} wait`}
              </td>
              <td className={cn(CELL, 'text-right font-medium')}>
                <Lag lag={group.lag} skipped={group.skipped} />
                {group.lag === 0 ? null : (
                  <span className="mt-1 block sm:hidden">
                    <CatchUp catchUp={group.progress.catchUp} />
                  </span>
                )}
              </td>
              <td className={cn(CELL, 'text-right max-sm:hidden')}>
                <CatchUp catchUp={group.progress.catchUp} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** A pulled group without a member goes nowhere; a pushed one needs none. */
function Members({ group }: { group: GroupSummary }) {
  if (group.members === 0 && group.delivery === 'pull' && group.lag !== 0)
    return <Badge tone="warn">nobody reads</Badge>;
  return formatCount(group.members);
}

function Lag({ lag, skipped }: { lag: number | null; skipped: number }) {
  return (
    <>
      {lag === null ? <span className="font-normal text-faint">a host is away</span> : formatCount(lag)}
      {skipped === 0 ? null : (
        <span className="block font-normal text-warn text-xs">{formatCount(skipped)} past retention</span>
      )}
    </>
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
