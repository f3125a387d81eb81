'use client';

import { useQuery } from '@tanstack/react-query';
import type { Route } from 'next';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { LIST_REFRESH_MS, useTRPC } from '../../components/api.ts';
import { Fact } from '../../components/fact.tsx';
import { Notice } from '../../components/notice.tsx';
import { Badge } from '../../components/ui/badge.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { When } from '../../components/when.tsx';
import { formatCounted, formatRate } from '../../formatting/numbers.ts';
import type { ExternalHostView } from '../../server/clusters/host-loads.ts';
import { ClusterOrders } from './cluster-orders.tsx';

interface ClusterProps {
  readonly cluster: {
    readonly name: string;
    readonly hosts: number;
    readonly partitions: number;
    readonly observedToMs: number | null;
    readonly webhook: string | null;
    readonly shiftMs: number;
    readonly source: string | null;
    readonly problem: string | null;
    readonly obstacle: string | null;
    readonly recommendations: number;
  };
  readonly targets: readonly string[];
  readonly nowMs: number;
}

const DAY_MS = 86_400_000;
/** What is forecast changes every five minutes. */
const DETAIL_REFRESH_MS = 5 * LIST_REFRESH_MS;

export function ClusterCard({ cluster, targets, nowMs }: ClusterProps) {
  const {
    name,
    hosts,
    partitions,
    observedToMs,
    webhook,
    shiftMs,
    source,
    problem,
    obstacle,
    recommendations,
  } = cluster;
  const trpc = useTRPC();
  const detail = useQuery({
    ...trpc.clusters.detail.queryOptions({ name }),
    refetchInterval: DETAIL_REFRESH_MS,
  });
  const stream = encodeURIComponent(name);
  return (
    <Card aria-labelledby={`cluster-${name}`} className="overflow-hidden">
      <CardHead
        id={`cluster-${name}`}
        title={name}
        hint={`${formatCounted(partitions, 'partition')} on ${formatCounted(hosts, 'host')}`}
      >
        <nav aria-label={`Pictures of ${name}`} className="flex flex-wrap gap-x-4 gap-y-1 text-sm">
          <Way href={`/heat?stream=${stream}`}>Heat map</Way>
          <Way href={`/forecasts?stream=${stream}`}>Forecast</Way>
          <Way href={`/hot?stream=${stream}`}>Hot partitions</Way>
          <Way href="/recommendations">
            {recommendations === 1 ? '1 recommendation' : `${recommendations} recommendations`}
          </Way>
        </nav>
      </CardHead>
      <dl className="grid gap-x-6 gap-y-2.5 border-line border-t px-5 py-4 text-sm sm:grid-cols-3">
        <Fact name="Load known to">
          {observedToMs === null ? 'nothing yet' : <When ms={observedToMs} nowMs={nowMs} />}
          {shiftMs === 0 ? null : (
            <span className="block text-faint text-xs">
              a record, moved by {(shiftMs / DAY_MS).toFixed(1)} days so that it ended when it was imported
            </span>
          )}
        </Fact>
        <Fact name="Read from">
          {source ?? 'imported files'}
          {problem === null ? null : <span className="block text-warn text-xs">{problem}</span>}
        </Fact>
        <Fact name="Told of what is approved">{webhook ?? 'nobody: people carry it out'}</Fact>
      </dl>
      {obstacle === null ? null : (
        <p className="border-line border-t px-5 py-3 text-sm text-warn">
          Nothing new is planned: {obstacle}.{' '}
          {source === null ? 'Import newer load.' : 'It is tried again every minute.'}
        </p>
      )}
      {detail.isPending ? <Skeleton className="m-5 h-24" /> : null}
      {detail.data === undefined && detail.error !== null ? (
        <Notice tone="bad" title="Its hosts could not be read" why={detail.error.message} />
      ) : null}
      {detail.data === undefined ? null : (
        <>
          <Hosts hosts={detail.data.hosts} />
          {detail.data.nothingBecause === null ? null : (
            <p className="border-line border-t px-5 py-3 text-sm text-soft">
              Nothing to do: {detail.data.nothingBecause}
            </p>
          )}
        </>
      )}
      <ClusterOrders name={name} webhook={webhook} isFollowed={source !== null} targets={targets} />
    </Card>
  );
}

function Way({ href, children }: { href: string; children: ReactNode }) {
  return (
    <Link href={href as Route} className="font-medium text-accent hover:underline">
      {children}
    </Link>
  );
}

const SHOWN_MAX = 50;

/** The hottest first. */
function Hosts({ hosts }: { hosts: readonly ExternalHostView[] }) {
  const sorted = hosts.toSorted((a, b) => b.eventsPerSecond / b.capacity - a.eventsPerSecond / a.capacity);
  return (
    <ul className="border-line border-t">
      {sorted
        .slice(0, SHOWN_MAX)
        .map(({ name, zone, partitions, eventsPerSecond, capacity, isCapacityKnown, heaviest }) => {
          const share = eventsPerSecond / capacity;
          return (
            <li
              key={name}
              className="grid items-center gap-x-5 gap-y-1 border-line border-b px-5 py-2.5 text-sm last:border-b-0 md:grid-cols-[12rem_minmax(0,1fr)_13rem]"
            >
              <p className="min-w-0 truncate">
                <span className="font-medium">{name}</span>{' '}
                <span className="text-faint text-xs">
                  {zone}, {partitions} {partitions === 1 ? 'partition' : 'partitions'}
                </span>
              </p>
              <div>
                <div aria-hidden className="h-2 overflow-hidden rounded-sm bg-hover">
                  <div
                    className={`h-full ${share > 1 ? 'bg-bad-mark' : 'bg-accent'}`}
                    style={{ width: `${Math.min(100, 100 * share)}%` }}
                  />
                </div>
                <p className="mt-1 truncate text-faint text-xs">
                  {heaviest.map((one) => `${one.name} ${formatRate(one.eventsPerSecond)}/s`).join(', ') ||
                    'no partition'}
                </p>
              </div>
              <p className="tabular flex flex-wrap items-center gap-2 text-soft text-xs md:justify-end">
                {formatRate(eventsPerSecond)} of {formatRate(capacity)}/s, {Math.round(100 * share)} %
                {isCapacityKnown ? null : <Badge tone="warn">capacity assumed</Badge>}
              </p>
            </li>
          );
        })}
      {sorted.length > SHOWN_MAX ? (
        <li className="px-5 py-2.5 text-faint text-xs">{`the hottest ${SHOWN_MAX} of ${sorted.length}`}</li>
      ) : null}
    </ul>
  );
}
