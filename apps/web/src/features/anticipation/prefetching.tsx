'use client';

/** What edges fetch before anybody asks: whether it pays, what is on its way and why, and what another threshold would have meant. */
import { anticipation } from '@foreshard/core/operations';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useState } from 'react';
import { LIST_REFRESH_MS, useTRPC } from '../../components/api.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { Fact } from '../../components/fact.tsx';
import { useLive } from '../../components/live/live-provider.tsx';
import { Sparkline } from '../../components/sparkline.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Loading } from '../../components/ui/skeleton.tsx';
import { Unreadable } from '../../components/unreadable.tsx';
import { formatBytes, formatCount, formatPercent } from '../../formatting/numbers.ts';
import { formatDuration } from '../../formatting/time.ts';
import { dueWords } from './anticipation-words.ts';
import {
  type PrefetchingEdge,
  SOURCE_NAMES,
  shareOf,
  standingWords,
  whatIfAt,
  whatIfOf,
  whatIfWords,
} from './prefetching-words.ts';

const HEAD = 'h-9 px-3 text-left font-medium text-soft text-xs first:pl-5 last:pr-5';
const CELL = 'px-3 py-2 first:pl-5 last:pr-5';
const THRESHOLD_FIRST = 0.5;

export function Prefetching() {
  const trpc = useTRPC();
  const { status } = useLive();
  const found = useQuery({
    ...trpc.operations.anticipation.prefetching.queryOptions({}),
    refetchInterval: status === 'paused' ? false : LIST_REFRESH_MS,
  });
  return (
    <Card aria-labelledby="prefetching-title" className="overflow-hidden">
      <CardHead id="prefetching-title" title="Prefetching" hint="fetched before anybody asks, by edge">
        <EdgeCurl operation={anticipation.prefetching} input={{}} />
      </CardHead>
      {found.data === undefined && found.error !== null ? (
        <Unreadable
          title="Prefetching could not be read"
          error={found.error}
          onRetry={() => void found.refetch()}
        />
      ) : found.data === undefined ? (
        <Loading className="mx-5 mb-5 h-40" />
      ) : found.data.edges.length === 0 ? (
        <p className="border-line border-t px-5 py-8 text-center text-soft text-sm">
          No edge reports. Each does so every five seconds while it runs.
        </p>
      ) : (
        <>
          <WhatIf edges={found.data.edges} />
          {found.data.edges.map((edge) => (
            <Edge key={edge.process} edge={edge} />
          ))}
        </>
      )}
    </Card>
  );
}

function WhatIf({ edges }: { edges: readonly PrefetchingEdge[] }) {
  const inUse = edges[0]?.threshold ?? 0;
  const [chosen, setChosen] = useState<number | undefined>();
  const threshold = chosen ?? (inUse > 0 ? inUse : THRESHOLD_FIRST);
  const row = whatIfAt(whatIfOf(edges), threshold);
  return (
    <div className="flex flex-wrap items-end gap-x-8 gap-y-3 px-5 pb-4 text-sm">
      <label className="grid gap-1 text-soft">
        What if the threshold were {formatPercent(threshold)}
        <input
          type="range"
          min={0.05}
          max={0.95}
          step={0.05}
          value={threshold}
          onChange={(event) => setChosen(Number(event.target.value))}
          className="w-56 accent-(--accent)"
        />
      </label>
      <p aria-live="polite">{row === undefined ? null : whatIfWords(row)}</p>
      <p className="text-soft">
        In use: {inUse === 0 ? 'none' : formatPercent(inUse)}.{' '}
        <Link href="/policies" className="text-accent hover:underline">
          Open the policy
        </Link>
      </p>
    </div>
  );
}

function Edge({ edge }: { edge: PrefetchingEdge }) {
  const { process, reads, hits, cacheHits, lruHits, points } = edge;
  return (
    <section aria-label={`Prefetching of ${process}`} className="border-line border-t pt-4">
      <h3 className="px-5 font-medium text-sm">{process}</h3>
      <p className="px-5 pb-3 text-soft text-sm">{standingWords(edge)}</p>
      <dl className="flex flex-wrap gap-x-10 gap-y-3 px-5 pb-4 text-sm">
        <Fact name="Hits">{shareOf(hits, reads)}</Fact>
        <Fact name="With what is certain alone">{shareOf(cacheHits, reads)}</Fact>
        <Fact name="Plain LRU">{shareOf(lruHits, reads)}</Fact>
        <Fact name="Hits of the last day">
          <Sparkline values={points.map((point) => (point.reads === 0 ? 0 : point.hits / point.reads))} />
        </Fact>
        <Fact name="Waste of the last day">
          <Sparkline values={points.map(({ wastedBytes }) => wastedBytes)} />
        </Fact>
        <Fact name="Cancelled, too late">{`${formatCount(edge.cancelled)}, ${formatCount(edge.late)}`}</Fact>
      </dl>
      <Sources sources={edge.sources} process={process} />
      <Queue queue={edge.queue} process={process} />
    </section>
  );
}

function Sources({ sources, process }: { sources: PrefetchingEdge['sources']; process: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section tabIndex={0} aria-label={`Sources of ${process}`} className="relative overflow-x-auto">
      <table className="tabular w-full text-sm">
        <thead>
          <tr className="border-line border-y bg-sunken">
            <th className={HEAD}>Source</th>
            <th className={HEAD}>Fetches</th>
            <th className={HEAD}>Fetched</th>
            <th className={HEAD}>Used</th>
            <th className={HEAD}>Wasted</th>
            <th className={HEAD}>Wait saved</th>
          </tr>
        </thead>
        <tbody>
          {(Object.keys(SOURCE_NAMES) as (keyof typeof SOURCE_NAMES)[]).map((name) => (
            <tr key={name} className="border-line border-b">
              <td className={CELL}>{SOURCE_NAMES[name]}</td>
              <td className={CELL}>{formatCount(sources[name].fetches)}</td>
              <td className={CELL}>{formatBytes(sources[name].fetchedBytes)}</td>
              <td className={CELL}>{formatBytes(sources[name].usedBytes)}</td>
              <td className={CELL}>{formatBytes(sources[name].wastedBytes)}</td>
              <td className={CELL}>{formatDuration(sources[name].savedMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Queue({ queue, process }: { queue: PrefetchingEdge['queue']; process: string }) {
  const nowMs = Date.now();
  if (queue.length === 0)
    return <p className="px-5 py-3 text-soft text-sm">The queue is empty: nothing is on its way now.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section tabIndex={0} aria-label={`Queue of ${process}`} className="relative overflow-x-auto">
      <table className="tabular w-full text-sm">
        <thead>
          <tr className="border-line border-b bg-sunken">
            <th className={HEAD}>Queue</th>
            <th className={HEAD}>Shardlet, from</th>
            <th className={HEAD}>Why</th>
            <th className={HEAD}>Needed</th>
          </tr>
        </thead>
        <tbody>
          {queue.map((one) => (
            <tr key={`${one.shardlet}/${one.from}`} className="border-line border-b last:border-b-0">
              <td className={CELL}>{one.isInFlight ? 'in flight' : 'waits'}</td>
              <td className={CELL}>{`${one.shardlet}, ${one.from}`}</td>
              <td className={CELL}>{one.why}</td>
              <td className={CELL}>{dueWords(one.neededAt, nowMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
