/**
 * One row per host: what T knows, what the worker measured, what the edges carried. A measurement that is
 * too old is not shown as if it were true: the host is then "unmeasured", not "reachable".
 */
import type { Host, TopologyMap } from '@foreshard/core/topology';
import type { Load } from '../load/load-window.ts';
import { publicAddress } from './address.ts';
import { summarise } from './map-summary.ts';

export interface HostMeasure {
  readonly measuredAtMs: number;
  readonly reachable: boolean;
  /** why it is not reachable */
  readonly reason: string | undefined;
  readonly usedBytes: number | undefined;
  readonly limitBytes: number | undefined;
  /** undefined: it does not fill up, or it is not known yet */
  readonly hoursToFull: number | undefined;
}

export type HostCondition = 'reachable' | 'unreachable' | 'readmitting' | 'draining' | 'unmeasured';
export type Level = 'ok' | 'warn' | 'bad' | 'unknown';

export interface HostView {
  readonly id: number;
  readonly name: string;
  readonly engine: Host['engine'];
  readonly durability: Host['durability'];
  readonly address: string;
  readonly condition: HostCondition;
  readonly level: Level;
  readonly reason: string | null;
  readonly usedBytes: number | null;
  readonly limitBytes: number | null;
  /** used share of the limit, 0..1 */
  readonly fill: number | null;
  readonly hoursToFull: number | null;
  readonly measuredAtMs: number | null;
  readonly shardlets: number;
  readonly eventsPerSecond: number;
  readonly bytesPerSecond: number;
  readonly refusedPerSecond: number;
}

/** The worker measures every ten seconds; three missed rounds are no accident. */
export const MEASURE_STALE_MS = 35_000;
/** Edges stop appends at 90 % of a host's memory (507). */
export const FILL_BAD = 0.9;
export const FILL_WARN = 0.75;
export const HOURS_TO_FULL_WARN = 24;

export function hostViews(
  map: TopologyMap,
  measures: ReadonlyMap<number, HostMeasure>,
  rates: ReadonlyMap<number, Load>,
  nowMs: number,
): HostView[] {
  const { leavesByHost } = summarise(map);
  const loads = loadsByHost(map, rates);
  return map.hosts().map((host) => {
    const load = loads.get(host.id);
    return {
      id: host.id,
      name: host.name,
      engine: host.engine,
      durability: host.durability,
      address: publicAddress(host.url),
      ...measured(host, measures.get(host.id), nowMs),
      shardlets: leavesByHost.get(host.id) ?? 0,
      eventsPerSecond: load?.events ?? 0,
      bytesPerSecond: load?.bytes ?? 0,
      refusedPerSecond: load?.refused ?? 0,
    };
  });
}

function measured(host: Host, measure: HostMeasure | undefined, nowMs: number) {
  const condition = conditionOf(host, measure, nowMs);
  const used = measure?.usedBytes;
  const limit = measure?.limitBytes;
  const fill = used !== undefined && limit !== undefined && limit > 0 ? used / limit : null;
  const hoursToFull = measure?.hoursToFull ?? null;
  return {
    condition,
    level: levelOf(condition, fill, hoursToFull),
    reason: condition === 'unreachable' ? (measure?.reason ?? null) : null,
    usedBytes: used ?? null,
    limitBytes: limit ?? null,
    fill,
    hoursToFull,
    measuredAtMs: measure?.measuredAtMs ?? null,
  };
}

function conditionOf(host: Host, measure: HostMeasure | undefined, nowMs: number): HostCondition {
  const fresh = measure !== undefined && nowMs - measure.measuredAtMs <= MEASURE_STALE_MS;
  if (fresh && !measure.reachable) return 'unreachable';
  if (host.state !== 'active') return host.state;
  return fresh ? 'reachable' : 'unmeasured';
}

export function levelOf(condition: HostCondition, fill: number | null, hoursToFull: number | null): Level {
  if (condition === 'unreachable' || (fill !== null && fill >= FILL_BAD)) return 'bad';
  if (condition === 'readmitting' || condition === 'draining') return 'warn';
  if (fill !== null && fill >= FILL_WARN) return 'warn';
  if (hoursToFull !== null && hoursToFull < HOURS_TO_FULL_WARN) return 'warn';
  return condition === 'unmeasured' ? 'unknown' : 'ok';
}

function loadsByHost(map: TopologyMap, rates: ReadonlyMap<number, Load>): Map<number, Load> {
  const loads = new Map<number, Load>();
  for (const [id, rate] of rates) {
    const owner = map.shardlet(id)?.owner;
    if (owner === undefined) continue;
    const sum = loads.get(owner);
    loads.set(owner, {
      events: (sum?.events ?? 0) + rate.events,
      bytes: (sum?.bytes ?? 0) + rate.bytes,
      refused: (sum?.refused ?? 0) + rate.refused,
    });
  }
  return loads;
}
