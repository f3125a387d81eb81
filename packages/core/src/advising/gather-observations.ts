/**
 * Reads what a plan stands on: the load of the last minutes, what is forecast for the policy's horizon, how full and
 * how healthy the hosts are, and what was moved and reshaped of late. What is not known is left out.
 */
import type { ForecastStore } from '../forecast-service/index.ts';
import type { MoveLog } from '../moves/index.ts';
import type { Policy } from '../planning/index.ts';
import type { HealthStore } from '../profiling/index.ts';
import {
  type BlockStore,
  HOUR_MS,
  hostUsageSchema,
  type Metric,
  MINUTE_MS,
  readKeys,
  type TelemetryStore,
} from '../telemetry/index.ts';
import { changesBetween, type TopologyMap, type TopologyStore } from '../topology/index.ts';
import type { HotKey } from './fast-lane.ts';
import { withInheritance, youngParents } from './inheriting.ts';
import { peakSteps } from './peaks.ts';
import {
  type ForecastStep,
  type HostObservation,
  type Load,
  type Observed,
  type PastMove,
  withHotKeys,
} from './state-from-observations.ts';

/** Some whole minutes: load of now, without its noise. */
const LOAD_MS = 5 * MINUTE_MS;
/** Until then all whole minutes of the load are its own, and there has been a forecast of it. */
const YOUNG_MS = 2 * LOAD_MS;
const NONE: ReadonlySet<number> = new Set();
const BYTES_MS = 24 * HOUR_MS;
const KEYS_MS = 10 * MINUTE_MS;
/** Longer than any cooldown of a shardlet, and as long as hosts rest by default before one is removed. */
const CHANGED_MS = 6 * HOUR_MS;
/** in the change log: a host came or went */
const HOST_DECISIONS: ReadonlySet<string> = new Set(['addHost', 'removeHost']);
const CHANGES_MAX = 20_000;
const MOVES_MAX = 2_000;
/** Steps of the finer forecast; the horizon is at most these and its end. */
const AHEAD_MINUTES = [10, 30, 60, 120, 240];

export interface ObserveParts {
  readonly telemetry: TelemetryStore;
  readonly blocks: Pick<BlockStore, 'read'>;
  readonly forecasts: Pick<ForecastStore, 'loadsAhead'>;
  readonly moves: Pick<MoveLog, 'list'>;
  readonly health: Pick<HealthStore, 'current' | 'history'>;
  readonly topology: Pick<TopologyStore, 'changesAfter'>;
  /** what hosts told of their memory last, as JSON by host */
  readonly hostUsage: () => Promise<Readonly<Record<string, string>>>;
  /** told within the last seconds */
  readonly hotKeys: () => Promise<readonly HotKey[]>;
  readonly nowMs: () => number;
}

export async function observe(parts: ObserveParts, map: TopologyMap, policy: Policy): Promise<Observed> {
  const nowMs = parts.nowMs();
  const changed = await changedOf(parts, map, nowMs);
  const parents = youngParents(map, changed.reshapedAtMs, nowMs - YOUNG_MS);
  const observed = {
    map,
    nowMs,
    loads: await loadsOf(parts, map, nowMs, parents),
    bytes: await totals(parts, map, { metric: 'bytes', step: 'hour', fromMs: nowMs - BYTES_MS, toMs: nowMs }),
    forecasts: await forecastsOf(parts, map, policy, nowMs),
    topKeyShares: await topKeySharesOf(parts, map, nowMs),
    hosts: await hostsOf(parts),
    moves: await movesOf(parts),
    ...changed,
  };
  return withHotKeys(withInheritance(observed, parents), await parts.hotKeys());
}

/** Of leaves, and of those of which some were made. */
async function loadsOf(
  parts: ObserveParts,
  map: TopologyMap,
  nowMs: number,
  parents: ReadonlySet<number>,
): Promise<Map<number, Load>> {
  // the minute that runs is not rolled up
  const toMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  const window = { step: 'minute', fromMs: toMs - LOAD_MS, toMs, parents } as const;
  const events = await totals(parts, map, { metric: 'events', ...window });
  const bytes = await totals(parts, map, { metric: 'bytes', ...window });
  const reads = await totals(parts, map, { metric: 'reads', ...window });
  const perSecond = (sums: ReadonlyMap<number, number>, id: number) =>
    ((sums.get(id) ?? 0) * 1_000) / LOAD_MS;
  return new Map(
    [...events.keys()].map((id) => [
      id,
      {
        eventsPerSecond: perSecond(events, id),
        bytesPerSecond: perSecond(bytes, id),
        readsPerSecond: perSecond(reads, id),
      },
    ]),
  );
}

interface Window {
  /** closed ones that count as well */
  readonly parents?: ReadonlySet<number>;
  readonly metric: Metric;
  readonly step: 'minute' | 'hour';
  readonly fromMs: number;
  readonly toMs: number;
}

/** Of every leaf, and of the parents, over the window; steps that nobody observed count as none. */
async function totals(
  { telemetry }: ObserveParts,
  map: TopologyMap,
  { parents = NONE, ...window }: Window,
): Promise<Map<number, number>> {
  const sums = new Map<number, number>();
  for (const { id: streamId } of map.streams()) {
    const asked = [...map.leaves(streamId)].map(({ id }) => id);
    for (const id of parents) if (map.shardlet(id)?.stream === streamId) asked.push(id);
    const { shardlets, steps, values } = await telemetry.matrix({ streamId, ...window, shardlets: asked });
    for (const [row, shardlet] of shardlets.entries()) {
      let sum = 0;
      for (let t = 0; t < steps; t++) sum += values[row * steps + t]! || 0;
      sums.set(shardlet, sum);
    }
  }
  return sums;
}

/** Of the far hours that a peak may be prepared for; empty when the policy prepares for none. */
export function observePeaks(
  parts: Pick<ObserveParts, 'forecasts'>,
  map: TopologyMap,
  policy: Policy,
  nowMs: number,
): Promise<Map<number, ForecastStep[]>> {
  return forecastsAt(parts, map, peakSteps(policy), nowMs);
}

function forecastsOf(
  parts: Pick<ObserveParts, 'forecasts'>,
  map: TopologyMap,
  { forecast: { horizon } }: Policy,
  nowMs: number,
): Promise<Map<number, ForecastStep[]>> {
  const steps = [...new Set([...AHEAD_MINUTES.filter((minutes) => minutes < horizon), horizon])];
  return forecastsAt(parts, map, steps, nowMs);
}

async function forecastsAt(
  { forecasts }: Pick<ObserveParts, 'forecasts'>,
  map: TopologyMap,
  steps: readonly number[],
  nowMs: number,
): Promise<Map<number, ForecastStep[]>> {
  const found = new Map<number, ForecastStep[]>();
  for (const { id: streamId } of map.streams())
    for (const aheadMinutes of steps.filter((minutes) => minutes > 0)) {
      const loads = await forecasts.loadsAhead(streamId, nowMs + aheadMinutes * MINUTE_MS, {
        sureOnly: true,
      });
      for (const [shardlet, quantiles] of loads)
        found.set(shardlet, [...(found.get(shardlet) ?? []), { aheadMinutes, quantiles }]);
    }
  return found;
}

async function topKeySharesOf({ blocks }: ObserveParts, map: TopologyMap, nowMs: number) {
  const shares = new Map<number, number>();
  for (const { id: streamId } of map.streams()) {
    const shardlets = [...map.leaves(streamId)].map(({ id }) => id);
    const keys = await readKeys(blocks, { streamId, fromMs: nowMs - KEYS_MS, toMs: nowMs, shardlets });
    for (const [shardlet, { topKeys, types }] of keys) {
      const events = types.reduce((sum, type) => sum + type.events, 0);
      if (events > 0 && topKeys[0] !== undefined)
        shares.set(shardlet, Math.min(1, topKeys[0].events / events));
    }
  }
  return shares;
}

async function hostsOf({ hostUsage, health }: ObserveParts): Promise<Map<number, HostObservation>> {
  const [reports, picture] = await Promise.all([hostUsage(), health.current()]);
  return new Map(
    Object.entries(reports).flatMap(([text, json]): [number, HostObservation][] => {
      const report = hostUsageSchema.safeParse(JSON.parse(json));
      if (!report.success) return [];
      const { reachable, usedBytes, limitBytes } = report.data;
      const score = picture?.hosts.get(Number(text))?.score ?? undefined;
      return [[Number(text), { reachable, usedBytes, limitBytes, health: score }]];
    }),
  );
}

async function movesOf({ moves }: ObserveParts): Promise<PastMove[]> {
  const ended = await moves.list({ ended: true, limit: MOVES_MAX });
  return ended.flatMap(({ shardlet, source, dest, endedAtMs, result }) =>
    result === 'moved' && endedAtMs !== null ? [{ shardlet, source, dest, atMs: endedAtMs }] : [],
  );
}

async function changedOf({ topology }: ObserveParts, map: TopologyMap, nowMs: number) {
  const window = { fromMs: nowMs - CHANGED_MS, toMs: nowMs + 1, limit: CHANGES_MAX };
  const { changes } = await changesBetween(topology, map.version, window);
  const hostsChangedMs = changes.findLast(({ decision }) => HOST_DECISIONS.has(decision))?.at;
  return { reshapedAtMs: reshapedIn(changes), hostsChangedMs };
}

type Change = Awaited<ReturnType<typeof changesBetween>>['changes'][number];

/** When shardlets were opened by a split, a roll or a merge; a new stream and a host that comes back reshape none. */
export function reshapedIn(
  changes: readonly (Pick<Change, 'at' | 'decision'> & {
    readonly shardlets: readonly Pick<Change['shardlets'][number], 'id' | 'state'>[];
  })[],
): Map<number, number> {
  const reshapedAtMs = new Map<number, number>();
  for (const { at, decision, shardlets } of changes)
    for (const { id, state } of decision === 'restructure' ? shardlets : [])
      if (state.kind === 'opening' && !reshapedAtMs.has(id)) reshapedAtMs.set(id, at);
  return reshapedAtMs;
}
