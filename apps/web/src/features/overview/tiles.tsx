'use client';

import { useQuery } from '@tanstack/react-query';
import type { Route } from 'next';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { useTRPC } from '../../components/api.ts';
import { useLive } from '../../components/live/live-provider.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { useZone } from '../../components/zone.tsx';
import { formatBytes, formatCount, formatCounted, formatRate } from '../../formatting/numbers.ts';
import { formatDuration, formatMomentShort } from '../../formatting/time.ts';
import type { LiveFrame } from '../../server/cluster/live-frame.ts';
import type { WaitingItem } from '../../server/recommendations/waiting.ts';
import { formatValue } from '../heat/heat-words.ts';
import { countedWords } from './urgent.ts';
import { useWaiting } from './use-waiting.ts';

const WINDOW_HINT = 'average over 5 s';
const TILE_COUNT = 8;
/** It is made of whole minutes. */
const STANDING_REFRESH_MS = 15_000;
const GRID = 'grid grid-cols-2 gap-3 sm:gap-4 md:grid-cols-4';

export function Tiles() {
  const trpc = useTRPC();
  const { frame, nowMs, status } = useLive();
  const { zone } = useZone();
  const waiting = useWaiting();
  const { data: standing } = useQuery({
    ...trpc.overview.standing.queryOptions(),
    refetchInterval: status === 'paused' ? false : STANDING_REFRESH_MS,
  });
  if (frame === undefined) return <TileSkeletons />;
  const last = frame.lastEventAtMs;
  return (
    <dl className={GRID}>
      <Tile
        name="Events per second"
        value={formatRate(frame.rates.events)}
        hint={`${formatBytes(frame.rates.bytes)}/s, ${WINDOW_HINT}`}
        strong
      />
      <Tile
        name="Waiting for you"
        value={waiting === undefined ? '–' : formatCount(decidable(waiting).length)}
        hint={waitingHint(waiting)}
        href={'/recommendations' as Route}
      />
      <Tile
        name="Append p99"
        value={standing?.p99 ? formatValue('p99', standing.p99.micros) : '–'}
        hint={standing?.p99 ? 'slowest shardlet, 15 min' : unless(standing, 'no append in 15 min')}
        href={'/hot?metric=p99&span=15m' as Route}
      />
      <Tile
        name="Last event"
        value={last === null ? 'none yet' : sinceLast(nowMs - last)}
        hint={last === null ? 'waiting for the first' : formatMomentShort(last, nowMs, zone)}
        href={'/events' as Route}
      />
      <Tile
        name="Hosts"
        value={formatCount(frame.hostsTotal)}
        hint={hostHint(frame)}
        href={'/hosts' as Route}
      />
      <Tile
        name="Imbalance"
        value={standing?.imbalance ? `${formatRate(standing.imbalance.times)}×` : '–'}
        hint={
          standing?.imbalance
            ? `${standing.imbalance.host} against the average`
            : unless(standing, 'no load in 60 s')
        }
        href={'/map' as Route}
      />
      <Tile
        name="Shardlets open"
        value={formatCount(frame.openLeaves)}
        hint={shardletHint(frame)}
        href={'/shardlets' as Route}
      />
      <Tile
        name="Running moves"
        value={standing === undefined ? '–' : formatCount(standing.moves)}
        hint={standing?.moves ? 'shardlets on their way' : unless(standing, 'nothing moves')}
        href={'/map' as Route}
      />
    </dl>
  );
}

function decidable(items: readonly WaitingItem[]): readonly WaitingItem[] {
  return items.filter(({ obstacle }) => obstacle === null);
}

function waitingHint(items: readonly WaitingItem[] | undefined): string {
  if (items === undefined || items.length === 0) return unless(items, 'nothing is recommended');
  const some = decidable(items);
  if (some.length > 0) return `${countedWords(some).replace(/^\d+ (?=\D+$)/, '')} to decide`;
  return `${countedWords(items)}, none to decide now`;
}

/** What is not known yet is not told as nothing. */
function unless(standing: object | undefined, none: string): string {
  return standing === undefined ? 'being read' : none;
}

/** An edge tells about each second when it is over, so three seconds are as fresh as it gets. */
function sinceLast(ms: number): string {
  return ms < 4_000 ? 'now' : `${formatDuration(ms)} ago`;
}

function hostHint({ hostsTotal, hostsReachable, hostsUnmeasured }: LiveFrame): string {
  if (hostsUnmeasured > 0) return `${formatCount(hostsUnmeasured)} not measured lately`;
  return hostsReachable === hostsTotal ? 'all reachable' : `${hostsReachable} reachable`;
}

function shardletHint({ leaves, openLeaves, streams }: LiveFrame): string {
  const where = formatCounted(streams, 'stream');
  if (openLeaves === leaves) return `all, in ${where}`;
  return `of ${formatCount(leaves)}, ${formatCount(leaves - openLeaves)} wait, in ${where}`;
}

function Tile({
  name,
  value,
  hint,
  href,
  strong = false,
}: {
  name: string;
  value: ReactNode;
  hint: string;
  /** where more of it is */
  href?: Route;
  strong?: boolean;
}) {
  return (
    <div className="card relative flex flex-col px-4 py-3.5 has-[a:hover]:border-accent-line">
      <dt className="text-xs text-soft">
        {href === undefined ? (
          name
        ) : (
          <Link href={href} className="after:absolute after:inset-0 after:rounded-lg">
            {name}
          </Link>
        )}
      </dt>
      <dd className={`tabular mt-1 text-xl font-semibold tracking-tight ${strong ? 'text-accent' : ''}`}>
        {value}
      </dd>
      <dd className="mt-0.5 text-xs text-faint">{hint}</dd>
    </div>
  );
}

function TileSkeletons() {
  return (
    <div className={GRID}>
      {Array.from({ length: TILE_COUNT }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: equal boxes
        <Skeleton key={i} className="h-[6.25rem] rounded-lg" />
      ))}
    </div>
  );
}
