'use client';

/** What moves and what became of the rest: how far, how fast, who and why, and the orders of people. */
import { migrations, requestOf } from '@foreshard/core/operations';
import { useQuery } from '@tanstack/react-query';
import { parseAsBoolean, parseAsInteger, parseAsString, useQueryStates } from 'nuqs';
import { LIST_REFRESH_MS, useTRPC } from '../../components/api.ts';
import { edgeCurl, NO_EDGE } from '../../components/edge-curl.tsx';
import { useLive } from '../../components/live/live-provider.tsx';
import { Notice } from '../../components/notice.tsx';
import { TakeAway } from '../../components/take-away.tsx';
import { Command } from '../../components/ui/copy-button.tsx';
import { inputClass } from '../../components/ui/field.tsx';
import { Segmented } from '../../components/ui/segmented.tsx';
import type { MoveView } from '../../server/migrations/move-views.ts';
import { ListPage } from '../list-page.tsx';
import { MoveDetail } from './move-detail.tsx';
import { MoveLine } from './move-line.tsx';
import { PauseAll } from './pause-all.tsx';

const CHOICES = [
  ['running', 'Under way'],
  ['all', 'All'],
] as const;

export function MigrationsPage() {
  const trpc = useTRPC();
  const { status, frame } = useLive();
  const [{ all, q, move }, set] = useQueryStates({
    all: parseAsBoolean.withDefault(false),
    q: parseAsString.withDefault(''),
    move: parseAsInteger,
  });
  const list = useQuery({
    ...trpc.migrations.list.queryOptions({ ended: all }),
    refetchInterval: status === 'paused' ? false : LIST_REFRESH_MS,
  });
  const rows = (list.data?.moves ?? []).filter((row) => matches(row, q));
  return (
    <>
      <ListPage
        error={list.data === undefined ? list.error : null}
        loading={list.isPending}
        onRetry={() => void list.refetch()}
        head={
          <div className="flex flex-wrap items-center justify-between gap-3">
            <div className="flex flex-wrap items-center gap-3">
              <Segmented
                label="Which moves"
                value={all ? 'all' : 'running'}
                choices={CHOICES}
                onChange={(choice) => void set({ all: choice === 'all' ? true : null })}
              />
              {list.data === undefined ? null : <PauseAll controls={list.data.controls} />}
            </div>
            <div className="flex flex-wrap gap-2">
              <input
                type="search"
                value={q}
                onChange={(e) => void set({ q: e.target.value === '' ? null : e.target.value })}
                placeholder="Shardlet, host, person or reason"
                aria-label="Search the moves"
                className={`${inputClass} sm:w-64`}
              />
              <TakeAway
                name="migrations"
                rows={rows as unknown as readonly Record<string, unknown>[]}
                curl={() => edgeCurl(frame?.edgeUrl ?? NO_EDGE, requestOf(migrations.list, { ended: all }))}
              />
            </div>
          </div>
        }
        empty={list.data?.moves.length === 0 ? <NothingMoves all={all} /> : undefined}
      >
        {rows.length === 0 ? (
          <p className="border-line border-t px-5 py-10 text-center text-soft text-sm">
            No move matches “{q}”.
          </p>
        ) : (
          <ul className="border-line border-t">
            {rows.map((row) => (
              <MoveLine
                key={row.id}
                move={row}
                nowMs={list.data!.atMs}
                onOpen={() => void set({ move: row.id }, { history: 'push' })}
              />
            ))}
          </ul>
        )}
      </ListPage>
      {move === null ? null : <MoveDetail id={move} onClose={() => void set({ move: null })} />}
    </>
  );
}

function matches({ id, shardlet, sourceName, destName, actor, reason }: MoveView, q: string): boolean {
  const text = `${id} ${shardlet} ${sourceName} ${destName} ${actor} ${reason}`.toLowerCase();
  return text.includes(q.trim().toLowerCase());
}

function NothingMoves({ all }: { all: boolean }) {
  return (
    <Notice
      title={all ? 'Nothing has moved yet' : 'Nothing moves just now'}
      why="Shardlets move between hosts while they take events: to relieve a host, to empty one, or because a plan says so."
    >
      <Command text="npm run foreshard -- move SHARDLET --to HOST" />
    </Notice>
  );
}
