/**
 * One row per host: what the topology store knows, what the worker measured, what the edges carried. A measurement
 * that is too old is not shown as if it were true: the host is then "unmeasured", not "reachable".
 */
import { FILL_WITH_EVIDENCE, type HostUsageReport } from '@foreshard/core/telemetry';
import type { Host, HostCapacity, TopologyMap } from '@foreshard/core/topology';
import type { Load } from '../load/load-window.ts';
import { publicAddress } from './address.ts';
import { summarise } from './map-summary.ts';

/**
 * `regressed`: it went back to an older state and waits for a person who accepts the loss. `alarmed`: it answers, but the worker will not use it until a person has looked at it
 */
export type HostCondition =
  | 'reachable'
  | 'unreachable'
  | 'alarmed'
  | 'regressed'
  | 'readmitting'
  | 'draining'
  | 'unmeasured';
export type Level = 'ok' | 'warn' | 'bad' | 'unknown';

export interface HostView {
  readonly id: number;
  readonly name: string;
  readonly engine: Host['engine'];
  readonly durability: Host['durability'];
  readonly address: string;
  readonly zone: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly capacity: HostCapacity;
  readonly condition: HostCondition;
  readonly level: Level;
  readonly reason: string | null;
  /** why the worker does not use it: regressed, foreign, other */
  readonly alarm: string | null;
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
const HOURS_TO_FULL_WARN = 24;
/** A retention that is shortened, or a host that is added, takes hours to help. */
const HOURS_TO_FULL_BAD = 6;

export function hostViews(
  map: TopologyMap,
  measures: ReadonlyMap<number, HostUsageReport>,
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
      zone: host.zone,
      labels: host.labels,
      capacity: host.capacity,
      ...measured(host, measures.get(host.id), nowMs),
      shardlets: leavesByHost.get(host.id) ?? 0,
      eventsPerSecond: load?.events ?? 0,
      bytesPerSecond: load?.bytes ?? 0,
      refusedPerSecond: load?.refused ?? 0,
    };
  });
}

function measured(host: Host, measure: HostUsageReport | undefined, nowMs: number) {
  const condition = conditionOf(host, measure, nowMs);
  const used = measure?.usedBytes;
  const limit = measure?.limitBytes;
  const fill = used !== undefined && limit !== undefined && limit > 0 ? used / limit : null;
  // of a host that is nearly empty a burst of a minute says nothing
  const isEvident = fill !== null && fill >= FILL_WITH_EVIDENCE;
  const hoursToFull = isEvident ? (measure?.hoursToFull ?? null) : null;
  return {
    condition,
    level: levelOf(condition, fill, hoursToFull),
    reason: reasonOf(host, condition, measure),
    alarm: condition === 'regressed' ? 'regressed' : (measure?.alarm?.reason ?? null),
    usedBytes: used ?? null,
    limitBytes: limit ?? null,
    fill,
    hoursToFull,
    measuredAtMs: measure?.measuredAtMs ?? null,
  };
}

function conditionOf(host: Host, measure: HostUsageReport | undefined, nowMs: number): HostCondition {
  const fresh = measure !== undefined && nowMs - measure.measuredAtMs <= MEASURE_STALE_MS;
  if (fresh && !measure.reachable) return 'unreachable';
  if (isRegressed(host)) return 'regressed';
  if (fresh && measure.alarm !== undefined) return 'alarmed';
  if (host.state !== 'active') return host.state;
  if (fresh && !measure.incarnationKnown) return 'readmitting';
  return fresh ? 'reachable' : 'unmeasured';
}

/** By host id. */
export function hostConditions(
  map: TopologyMap,
  measures: ReadonlyMap<number, HostUsageReport>,
  nowMs: number,
): Map<number, HostCondition> {
  return new Map(map.hosts().map((host) => [host.id, conditionOf(host, measures.get(host.id), nowMs)]));
}

function isRegressed({ readmission }: Host): boolean {
  return readmission?.regressed !== undefined && readmission.regressed.accepted === undefined;
}

function reasonOf(host: Host, condition: HostCondition, measure: HostUsageReport | undefined): string | null {
  if (condition === 'regressed') return host.readmission?.regressed?.detail ?? null;
  if (condition === 'unreachable') return measure?.reason ?? null;
  if (condition === 'alarmed') return measure?.alarm?.detail ?? null;
  return null;
}

/** Will it be full so soon that somebody should know now? */
export function fillsUp(fill: number | null, hoursToFull: number | null): boolean {
  if (fill === null || hoursToFull === null) return false;
  return fill >= FILL_WITH_EVIDENCE && hoursToFull < HOURS_TO_FULL_WARN;
}

export function fillsUpAtOnce(fill: number | null, hoursToFull: number | null): boolean {
  return fillsUp(fill, hoursToFull) && hoursToFull! < HOURS_TO_FULL_BAD;
}

export function levelOf(condition: HostCondition, fill: number | null, hoursToFull: number | null): Level {
  if (condition === 'unreachable' || condition === 'alarmed' || condition === 'regressed') return 'bad';
  if (fill !== null && fill >= FILL_BAD) return 'bad';
  if (fillsUpAtOnce(fill, hoursToFull)) return 'bad';
  if (condition === 'readmitting' || condition === 'draining') return 'warn';
  if (fill !== null && fill >= FILL_WARN) return 'warn';
  if (fillsUp(fill, hoursToFull)) return 'warn';
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
