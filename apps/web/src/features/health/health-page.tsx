'use client';

/** Scores of hosts and shardlets, the worst first; one of them opens into its parts. */
import { useQuery } from '@tanstack/react-query';
import { parseAsInteger, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';
import { useState } from 'react';
import { useTRPC } from '../../components/api.ts';
import { cn } from '../../components/class-names.ts';
import { useLive } from '../../components/live/live-provider.tsx';
import { Notice } from '../../components/notice.tsx';
import { ROWS_AT_FIRST, ShowAll } from '../../components/table/show-all.tsx';
import { TakeAway, trpcCurl } from '../../components/take-away.tsx';
import { Card } from '../../components/ui/card.tsx';
import { inputClass } from '../../components/ui/field.tsx';
import { Segmented } from '../../components/ui/segmented.tsx';
import { When } from '../../components/when.tsx';
import { formatCount } from '../../formatting/numbers.ts';
import type { HealthRow } from '../../server/health/health-rows.ts';
import { ListPage } from '../list-page.tsx';
import { HealthSubjectCard } from './health-subject.tsx';
import { PART_NAMES, rawText } from './part-words.ts';
import { BAND_MARKS, BAND_NAMES, type Band, Score } from './score.tsx';

const REFRESH_MS = 15_000;
const KINDS = ['host', 'shardlet'] as const;
const SHARDLETS_SHOWN = 200;
/** Scores are made once a minute; three missed ones are no accident. */
const STALE_MS = 200_000;

export function HealthPage() {
  const trpc = useTRPC();
  const { status } = useLive();
  const [address, set] = useQueryStates({
    kind: parseAsStringLiteral(KINDS).withDefault('host'),
    id: parseAsInteger,
    hours: parseAsInteger.withDefault(1),
    q: parseAsString.withDefault(''),
  });
  const list = useQuery({
    ...trpc.health.list.queryOptions({ limit: SHARDLETS_SHOWN }),
    refetchInterval: status === 'paused' ? false : REFRESH_MS,
  });
  const health = list.data;
  const all = (address.kind === 'host' ? health?.hosts : health?.shardlets) ?? [];
  const rows = all.filter((row) =>
    `${row.name} ${row.owner ?? ''}`.toLowerCase().includes(address.q.toLowerCase()),
  );
  const open = address.id;
  return (
    <div
      className={cn(
        'grid grid-cols-[minmax(0,1fr)] items-start gap-5',
        open !== null && 'xl:grid-cols-[minmax(0,5fr)_minmax(0,6fr)]',
      )}
    >
      {open === null ? null : (
        <div className="xl:sticky xl:top-20 xl:order-2">
          <HealthSubjectCard
            kind={address.kind}
            id={open}
            hours={address.hours}
            name={all.find((row) => row.id === open)?.name ?? `${address.kind} ${open}`}
            onHours={(hours) => void set({ hours })}
            onClose={() => void set({ id: null })}
          />
        </div>
      )}
      <ListPage
        error={health === undefined ? list.error : null}
        loading={list.isPending}
        onRetry={() => void list.refetch()}
        empty={health === null ? <NotScored /> : undefined}
        head={
          <div className="grid gap-3">
            <div className="flex flex-wrap items-center justify-between gap-3">
              <Segmented
                label="What is scored"
                value={address.kind}
                choices={[
                  ['host', 'Hosts'],
                  ['shardlet', 'Shardlets'],
                ]}
                onChange={(kind) => void set({ kind, id: null })}
              />
              <div className="flex gap-2">
                <input
                  type="search"
                  value={address.q}
                  onChange={(e) => void set({ q: e.target.value || null })}
                  placeholder="Filter by name"
                  aria-label="Filter by name"
                  className={cn(inputClass, 'w-44')}
                />
                <TakeAway
                  name={`health-${address.kind}s`}
                  rows={rows as unknown as readonly Record<string, unknown>[]}
                  curl={() => trpcCurl('health.list', { limit: SHARDLETS_SHOWN })}
                />
              </div>
            </div>
            {health ? (
              <div className="flex flex-wrap items-center gap-x-5 gap-y-1 text-soft text-xs">
                <Bands bands={health.bands[address.kind]} />
                <p className="ml-auto">
                  scored <When ms={health.atMs} nowMs={health.nowMs} />
                  {health.nowMs - health.atMs > STALE_MS ? (
                    <span className="ml-2 font-medium text-warn">
                      older than it should be: see Jobs, scoreHealth
                    </span>
                  ) : null}
                  {address.kind === 'shardlet' && health.shardletsTotal > all.length
                    ? `; the ${formatCount(all.length)} worst of ${formatCount(health.shardletsTotal)}`
                    : ''}
                </p>
              </div>
            ) : null}
          </div>
        }
      >
        <HealthTable rows={rows} open={open} onOpen={(id) => void set({ id }, { history: 'push' })} />
      </ListPage>
    </div>
  );
}

function Bands({ bands }: { bands: Record<Band, number> }) {
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1">
      {(['bad', 'middling', 'well', 'unknown'] as const).map((band) => (
        <li key={band} className="tabular flex items-center gap-1.5">
          <span aria-hidden className={cn('size-2.5 rounded-full', BAND_MARKS[band])} />
          {formatCount(bands[band])} {BAND_NAMES[band]}
        </li>
      ))}
    </ul>
  );
}

function HealthTable({
  rows,
  open,
  onOpen,
}: {
  rows: readonly HealthRow[];
  open: number | null;
  onOpen(id: number | null): void;
}) {
  const [all, setAll] = useState(false);
  const hidden = all ? 0 : Math.max(0, rows.length - ROWS_AT_FIRST);
  const head = 'h-9 px-3 text-left font-medium text-soft text-xs first:pl-5 last:pr-5';
  const cell = 'h-11 px-3 first:pl-5 last:pr-5';
  if (rows.length === 0)
    return (
      <p className="border-line border-t px-5 py-10 text-center text-soft text-sm">None is called so.</p>
    );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section tabIndex={0} aria-label="Scores" className="overflow-x-auto">
      <table className="w-full text-sm">
        <thead>
          <tr className="border-line border-y bg-sunken">
            <th className={head}>Score</th>
            <th className={head}>What</th>
            <th className={cn(head, 'max-sm:hidden')}>Costs most</th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, rows.length - hidden).map((row) => (
            <tr
              key={row.id}
              className={cn(
                'border-line border-b last:border-b-0 hover:bg-hover/60',
                row.id === open && 'bg-accent-soft hover:bg-accent-soft',
              )}
            >
              <td className={cn(cell, 'w-32')}>
                <Score score={row.score} />
              </td>
              <td className={cell}>
                <button
                  type="button"
                  aria-expanded={row.id === open}
                  onClick={() => onOpen(row.id === open ? null : row.id)}
                  className="text-left font-medium text-accent underline-offset-4 hover:underline"
                >
                  {row.name}
                </button>
                {row.owner === null ? null : <span className="text-faint text-xs"> on {row.owner}</span>}
              </td>
              <td className={cn(cell, 'text-soft max-sm:hidden')}>
                {row.worst === null ? '–' : `${PART_NAMES[row.worst.part]}: ${rawText(row.worst)}`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <ShowAll hidden={hidden} onAll={() => setAll(true)} />
    </section>
  );
}

function NotScored() {
  return (
    <Card className="m-5 border-dashed shadow-none">
      <Notice
        title="Nothing is scored yet"
        why="A worker scores every host and shardlet once a minute from what is recorded. See on Jobs whether scoreHealth runs."
      />
    </Card>
  );
}
