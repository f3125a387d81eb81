'use client';

/** What the shard caches of edges and workers save. */
import { useQuery } from '@tanstack/react-query';
import { LIST_REFRESH_MS, useTRPC } from '../../components/api.ts';
import { useLive } from '../../components/live/live-provider.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Loading } from '../../components/ui/skeleton.tsx';
import { formatBytes, formatCount, formatPercent } from '../../formatting/numbers.ts';

export function Caches() {
  const trpc = useTRPC();
  const { status } = useLive();
  const caches = useQuery({
    ...trpc.consumers.caches.queryOptions(),
    refetchInterval: status === 'paused' ? false : LIST_REFRESH_MS,
  });
  return (
    <Card aria-labelledby="caches-title">
      <CardHead
        id="caches-title"
        title="Shard caches"
        hint="reads that needed no host, since each process started"
      />
      {caches.data === undefined && caches.error === null ? (
        <Loading className="mx-5 mb-5 h-10" />
      ) : (
        <Rows rows={caches.data ?? undefined} why={caches.error?.message} />
      )}
    </Card>
  );
}

interface CacheRow {
  readonly process: string;
  readonly hits: number;
  readonly misses: number;
  readonly bytes: number;
  readonly bytesMax: number;
  readonly evictions: number;
  readonly voided: number;
}

function Rows({ rows, why }: { rows: readonly CacheRow[] | undefined; why: string | undefined }) {
  if (rows === undefined || rows.length === 0)
    return <p className="px-5 pb-5 text-soft text-sm">Not available{why === undefined ? '.' : `: ${why}`}</p>;
  return (
    <ul className="tabular grid gap-1.5 px-5 pb-5 text-sm">
      {rows.map((row) => (
        <li key={row.process} className="flex flex-wrap justify-between gap-x-6">
          <span className="font-medium">{row.process}</span>
          <span className="text-soft">{row.bytesMax === 0 ? 'off' : cacheText(row)}</span>
        </li>
      ))}
    </ul>
  );
}

function cacheText({ hits, misses, bytes, bytesMax, evictions, voided }: CacheRow): string {
  const parts = [hitText(hits, misses), `${formatBytes(bytes)} of ${formatBytes(bytesMax)}`];
  if (evictions > 0) parts.push(`${formatCount(evictions)} segments evicted`);
  if (voided > 0) parts.push(`${formatCount(voided)} invalidated`);
  return parts.join(', ');
}

function hitText(hits: number, misses: number): string {
  if (hits + misses === 0) return 'no read yet';
  return `${formatPercent(hits / (hits + misses))} hits of ${formatCount(hits + misses)} reads`;
}
