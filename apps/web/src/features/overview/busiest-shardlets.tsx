'use client';

import { ArrowRight } from 'lucide-react';
import Link from 'next/link';
import { useState } from 'react';
import { useLive } from '../../components/live/live-provider.tsx';
import { Sparkline } from '../../components/sparkline.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { formatBytes, formatRate } from '../../formatting/numbers.ts';
import type { BusyShardlet } from '../../server/cluster/live-frame.ts';

const FEW = 8;

export function BusiestShardlets() {
  const { frame } = useLive();
  const [all, setAll] = useState(false);
  if (frame === undefined) return <Skeleton className="h-80 rounded-lg" />;
  const rows = all ? frame.busiest : frame.busiest.slice(0, FEW);
  return (
    <Card aria-labelledby="busiest-title">
      <CardHead
        id="busiest-title"
        title="Busiest shardlets"
        hint="average over 60 s, shape of the last 10 min"
      >
        <Link
          href="/shardlets"
          className="inline-flex items-center gap-1.5 text-sm font-medium text-accent hover:underline"
        >
          All shardlets <ArrowRight aria-hidden className="size-3.5" />
        </Link>
      </CardHead>
      {rows.length === 0 ? (
        <p className="border-line border-t px-5 py-8 text-center text-sm text-soft">
          No event in the last minute, so no shardlet is busy.
        </p>
      ) : (
        <>
          <BusyTable rows={rows} busiest={frame.busiest[0]!.eventsPerSecond} />
          {frame.busiest.length > FEW ? (
            <div className="border-line border-t p-2 text-center">
              <Button look="quiet" size="sm" onClick={() => setAll(!all)} aria-expanded={all}>
                {all ? 'Show fewer' : `Show the ${frame.busiest.length} busiest`}
              </Button>
            </div>
          ) : null}
        </>
      )}
    </Card>
  );
}

function BusyTable({ rows, busiest }: { rows: readonly BusyShardlet[]; busiest: number }) {
  const head = 'h-9 px-3 text-left text-xs font-medium text-soft first:pl-5 last:pr-5';
  const cell = 'h-11 px-3 first:pl-5 last:pr-5';
  return (
    <section
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
      tabIndex={0}
      aria-label="Table of the busiest shardlets"
      className="overflow-x-auto rounded-b-lg"
    >
      <table className="w-full text-sm">
        <thead>
          <tr className="border-line border-y bg-sunken">
            <th className={head}>Shardlet</th>
            <th className={`${head} max-md:hidden`}>Stream, shard</th>
            <th className={head}>Owner</th>
            <th className={`${head} max-sm:hidden`}>Last 10 min</th>
            <th className={`${head} text-right`}>Events/s</th>
            <th className={`${head} text-right max-sm:hidden`}>Bytes/s</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id} className="border-line border-b last:border-b-0 hover:bg-hover/60">
              <td className={`${cell} font-mono text-xs`}>{row.id}</td>
              <td className={`${cell} text-soft max-md:hidden`}>
                {row.stream}, {row.shard}
              </td>
              <td className={cell}>{row.owner}</td>
              <td className={`${cell} max-sm:hidden`}>
                <Sparkline values={row.history} />
              </td>
              <td className={`${cell} text-right`}>
                <span className="inline-flex items-center justify-end gap-3">
                  <span aria-hidden className="h-1 w-16 overflow-hidden rounded-full bg-hover max-md:hidden">
                    <span
                      className="block h-full rounded-full bg-accent"
                      style={{ width: `${(row.eventsPerSecond / busiest) * 100}%` }}
                    />
                  </span>
                  <span className="min-w-14 font-medium">{formatRate(row.eventsPerSecond)}</span>
                </span>
              </td>
              <td className={`${cell} text-right text-soft max-sm:hidden`}>
                {formatBytes(row.bytesPerSecond)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
