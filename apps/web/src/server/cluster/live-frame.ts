/**
 * One second of the live picture: everything the overview shows, small enough to be pushed each second
 * with four hundred hosts and a million shardlets, so it holds the top of each list and compact cells for
 * the rest. The points of the chart travel apart: only the seconds a browser does not have yet.
 */
import type { HostUsageReport } from '@foreshard/core/telemetry';
import type { TopologyMap } from '@foreshard/core/topology';
import type { EdgeState } from '../edge-probe.ts';
import type { Load, LoadPoint, LoadWindow } from '../load/load-window.ts';
import { type HostCondition, type HostView, hostViews } from './host-views.ts';
import { type KeyStrip, keyStrip } from './key-strip.ts';
import { type MapSummary, summarise } from './map-summary.ts';
import { mostPressing } from './most-pressing.ts';
import { busiest, type ShardletRow } from './shardlet-rows.ts';
import { judge, type Verdict } from './verdict.ts';

/** Long enough to be calm, short enough to be "now"; the page states it. */
export const NOW_WINDOW_SECONDS = 5;
const BUSIEST_MAX = 20;
/** Hosts shown with all their numbers; above it only the ones that need attention first. */
const HOST_CARDS_MAX = 8;

export interface BusyShardlet extends ShardletRow {
  /** events per second in steps of ten seconds, oldest first */
  readonly history: readonly number[];
}

/** [name, condition, used share of the limit in percent or -1, events per second] */
export type HostCell = readonly [string, HostCondition, number, number];

export interface LiveFrame {
  readonly atMs: number;
  /** averages per second over NOW_WINDOW_SECONDS */
  readonly rates: Omit<LoadPoint, 'second'>;
  readonly lastEventAtMs: number | null;
  readonly mapVersion: number | null;
  readonly mapAgeMs: number | null;
  /** age of the live counters: null before the first contact */
  readonly feedAgeMs: number | null;
  readonly edge: EdgeState;
  readonly edgeUrl: string;
  readonly streams: number;
  readonly leaves: number;
  readonly openLeaves: number;
  readonly hostsTotal: number;
  readonly hostsReachable: number;
  /** nobody has measured them lately: they may be well */
  readonly hostsUnmeasured: number;
  readonly hostCards: readonly HostView[];
  readonly hostCells: readonly HostCell[];
  readonly busiest: readonly BusyShardlet[];
  readonly strip: KeyStrip | null;
  readonly verdict: Verdict;
}

export interface Observation {
  readonly nowMs: number;
  readonly map: TopologyMap | undefined;
  readonly mapAgeMs: number | undefined;
  readonly feedAgeMs: number | undefined;
  readonly load: LoadWindow;
  readonly settledSecond: number;
  readonly measures: ReadonlyMap<number, HostUsageReport>;
  readonly edge: EdgeState;
  readonly edgeUrl: string;
}

export function liveFrame(observation: Observation): LiveFrame {
  const { nowMs, map, load, edge, edgeUrl } = observation;
  const rates = load.ratesByShardlet(nowMs);
  const hosts = map === undefined ? [] : hostViews(map, observation.measures, rates, nowMs);
  const summary = map === undefined ? undefined : summarise(map);
  const counts = {
    streams: map?.streams().length ?? 0,
    leaves: summary?.leaves ?? 0,
    openLeaves: summary?.openLeaves ?? 0,
  };
  return {
    atMs: nowMs,
    rates: load.rate(observation.settledSecond, NOW_WINDOW_SECONDS),
    lastEventAtMs: load.lastEventAtMs ?? null,
    mapVersion: map?.version ?? null,
    mapAgeMs: observation.mapAgeMs ?? null,
    feedAgeMs: observation.feedAgeMs ?? null,
    edge,
    edgeUrl,
    ...counts,
    openLeaves: counts.openLeaves - waitingWithTheirHost(hosts, summary),
    ...hostParts(hosts),
    busiest: map === undefined ? [] : busyShardlets(map, rates, load, nowMs),
    strip: (map && keyStrip(map, rates)) ?? null,
    verdict: judge({
      topologyAgeMs: map === undefined ? undefined : observation.mapAgeMs,
      feedAgeMs: observation.feedAgeMs,
      edge,
      edgeUrl,
      hosts,
      ...counts,
      refusedPerSecond: sumOfRefused(rates),
    }),
  };
}

/** Open by the map, on hosts that take no events now. */
function waitingWithTheirHost(hosts: readonly HostView[], summary: MapSummary | undefined): number {
  const away = hosts.filter(({ condition }) => AWAY.has(condition));
  return away.reduce((sum, { id }) => sum + (summary?.openByHost.get(id) ?? 0), 0);
}

const AWAY: ReadonlySet<HostView['condition']> = new Set([
  'unreachable',
  'alarmed',
  'regressed',
  'readmitting',
]);

function hostParts(hosts: readonly HostView[]) {
  return {
    hostsTotal: hosts.length,
    hostsReachable: hosts.filter((h) => h.condition !== 'unreachable' && h.condition !== 'unmeasured').length,
    hostsUnmeasured: hosts.filter((h) => h.condition === 'unmeasured').length,
    hostCards: hosts.length <= HOST_CARDS_MAX ? hosts : mostPressing(hosts).slice(0, HOST_CARDS_MAX),
    hostCells: hosts.length <= HOST_CARDS_MAX ? [] : hosts.map(hostCell),
  };
}

function hostCell(host: HostView): HostCell {
  const percent = host.fill === null ? -1 : Math.round(host.fill * 100);
  return [host.name, host.condition, percent, Math.round(host.eventsPerSecond)];
}

function busyShardlets(
  map: TopologyMap,
  rates: ReadonlyMap<number, Load>,
  load: LoadWindow,
  nowMs: number,
): BusyShardlet[] {
  return busiest(map, rates, BUSIEST_MAX).map((row) => ({ ...row, history: load.history(row.id, nowMs) }));
}

function sumOfRefused(rates: ReadonlyMap<number, Load>): number {
  let sum = 0;
  for (const rate of rates.values()) sum += rate.refused;
  return sum;
}
