'use client';

import type { ReactNode } from 'react';
import { useLive } from '../../components/live/live-provider.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { useZone } from '../../components/zone.tsx';
import { formatBytes, formatCount, formatRate } from '../../formatting/numbers.ts';
import { formatDuration, formatMomentShort } from '../../formatting/time.ts';
import type { LiveFrame } from '../../server/cluster/live-frame.ts';

const WINDOW_HINT = 'average over 5 s';
const TILE_COUNT = 6;

export function Tiles() {
  const { frame, nowMs, points } = useLive();
  const { zone } = useZone();
  if (frame === undefined) return <TileSkeletons />;
  const last = frame.lastEventAtMs;
  const duplicates = points.reduce((sum, point) => sum + point.duplicates, 0);
  return (
    <dl className="grid grid-cols-2 gap-3 sm:gap-4 md:grid-cols-3 xl:grid-cols-6">
      <Tile name="Events per second" value={formatRate(frame.rates.events)} hint={WINDOW_HINT} strong />
      <Tile name="Bytes per second" value={formatBytes(frame.rates.bytes)} hint={WINDOW_HINT} />
      <Tile
        name="Last event"
        value={last === null ? 'none yet' : sinceLast(nowMs - last)}
        hint={last === null ? 'waiting for the first' : formatMomentShort(last, nowMs, zone)}
      />
      <Tile name="Hosts" value={formatCount(frame.hostsTotal)} hint={hostHint(frame)} />
      <Tile name="Shardlets open" value={formatCount(frame.openLeaves)} hint={shardletHint(frame)} />
      <Tile name="Duplicates" value={formatCount(Math.round(duplicates))} hint="dropped, last 10 min" />
    </dl>
  );
}

/** An edge tells about each second when it is over, so three seconds are as fresh as it gets. */
function sinceLast(ms: number): string {
  return ms < 4_000 ? 'now' : `${formatDuration(ms)} ago`;
}

function hostHint({ hostsTotal, hostsReachable }: LiveFrame): string {
  return hostsReachable === hostsTotal ? 'all reachable' : `${hostsReachable} reachable`;
}

function shardletHint({ leaves, openLeaves, streams }: LiveFrame): string {
  const where = `${formatCount(streams)} ${streams === 1 ? 'stream' : 'streams'}`;
  return openLeaves === leaves ? `all, in ${where}` : `of ${formatCount(leaves)}, in ${where}`;
}

function Tile({
  name,
  value,
  hint,
  strong = false,
}: {
  name: string;
  value: ReactNode;
  hint: string;
  strong?: boolean;
}) {
  return (
    <div className="card flex flex-col px-4 py-3.5">
      <dt className="text-xs text-soft">{name}</dt>
      <dd className={`tabular mt-1 text-xl font-semibold tracking-tight ${strong ? 'text-accent' : ''}`}>
        {value}
      </dd>
      <dd className="mt-0.5 text-xs text-faint">{hint}</dd>
    </div>
  );
}

function TileSkeletons() {
  return (
    <div className="grid grid-cols-2 gap-3 sm:gap-4 md:grid-cols-3 xl:grid-cols-6">
      {Array.from({ length: TILE_COUNT }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: six equal boxes
        <Skeleton key={i} className="h-[6.25rem] rounded-lg" />
      ))}
    </div>
  );
}
