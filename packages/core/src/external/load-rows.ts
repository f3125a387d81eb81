/**
 * Measurements of load, wherever they come from, and what a description becomes when they are taken in: partitions and
 * hosts that were not known, and places that have changed.
 */
import type { ExternalCluster, ExternalHost, ExternalPartition } from './description.ts';

/** The load of one partition from a time on, until its next measurement. */
export interface LoadRow {
  readonly timeMs: number;
  readonly partition: string;
  readonly host: string;
  readonly eventsPerSecond: number;
  readonly bytesPerSecond: number | null;
  /** what the partition stores; null: not told */
  readonly bytes: number | null;
}

/** Events or bytes a second: those of an hour are still counted exactly. */
export const RATE_MAX = 1e12;
/** One measurement of a partition holds no longer: what lies between two is not known. */
export const STEP_MS_MAX = 86_400_000;

export type HostCapacity = Omit<ExternalHost, 'number'>;

export interface Extent {
  readonly firstMs: number;
  readonly lastMs: number;
  /** the usual distance of two measurements of one partition */
  readonly stepMs: number;
}

const MINUTE_MS = 60_000;
/** Distances that are looked at. */
const GAPS_MAX = 10_000;

/** Undefined without rows. A single measurement of each partition stands for `stepMs` given, or a minute. */
export function extentOf(rows: readonly LoadRow[], stepMs?: number): Extent | undefined {
  if (rows.length === 0) return undefined;
  const gaps: number[] = [];
  const last = new Map<string, number>();
  let [firstMs, lastMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { timeMs, partition } of rows) {
    const before = last.get(partition);
    if (before !== undefined && timeMs > before && gaps.length < GAPS_MAX) gaps.push(timeMs - before);
    last.set(partition, timeMs);
    firstMs = Math.min(firstMs, timeMs);
    lastMs = Math.max(lastMs, timeMs);
  }
  gaps.sort((a, b) => a - b);
  return { firstMs, lastMs, stepMs: stepMs ?? gaps[gaps.length >> 1] ?? MINUTE_MS };
}

/** In order of time, then of partition. */
export function inOrder(rows: readonly LoadRow[]): LoadRow[] {
  return rows.toSorted((a, b) => a.timeMs - b.timeMs || (a.partition < b.partition ? -1 : 1));
}

/** REQUIRES rows in order, with their times as they are to be recorded. */
export function described(
  cluster: ExternalCluster,
  rows: readonly LoadRow[],
  capacities: readonly HostCapacity[],
  extent: Extent,
): ExternalCluster {
  const newest = new Map(rows.map((row) => [row.partition, row]));
  const hosts = hostsWith(cluster.hosts, capacities, [...newest.values()]);
  const partitions = partitionsWith(cluster.partitions, newest);
  const hostsChanged = hosts.length !== cluster.hosts.length;
  const changed = hostsChanged || placesOf(cluster) !== placesOf({ hosts, partitions });
  const isNew = cluster.partitions.length === 0;
  return {
    ...cluster,
    hosts,
    partitions,
    version: changed && !isNew ? cluster.version + 1 : cluster.version,
    hostsChangedMs: hostsChanged && !isNew ? extent.lastMs : cluster.hostsChangedMs,
    observedToMs: Math.max(cluster.observedToMs ?? 0, extent.lastMs + extent.stepMs),
    stepMs: extent.stepMs,
  };
}

/** With what its hosts can take, or more of them; nothing new is known of its load. */
export function withCapacities(
  cluster: ExternalCluster,
  capacities: readonly HostCapacity[],
  nowMs: number,
): ExternalCluster {
  const hosts = hostsWith(cluster.hosts, capacities, []);
  const isChanged = placesOf(cluster) !== placesOf({ ...cluster, hosts });
  return {
    ...cluster,
    hosts,
    version: isChanged ? cluster.version + 1 : cluster.version,
    hostsChangedMs: hosts.length === cluster.hosts.length ? cluster.hostsChangedMs : nowMs,
  };
}

function placesOf({ hosts, partitions }: Pick<ExternalCluster, 'hosts' | 'partitions'>): string {
  const capacities = hosts.map(({ name, zone, eventsPerSecond, bytesPerSecond, memoryBytes }) => [
    ...[name, zone, eventsPerSecond, bytesPerSecond, memoryBytes],
  ]);
  return JSON.stringify([capacities, partitions.map(({ name, host }) => [name, host])]);
}

/** Hosts that no capacity was told of take what the policy says. */
function hostsWith(
  known: readonly ExternalHost[],
  capacities: readonly HostCapacity[],
  rows: readonly LoadRow[],
): ExternalHost[] {
  const hosts = new Map(known.map((host) => [host.name, host]));
  let number = Math.max(0, ...known.map((host) => host.number));
  for (const capacity of capacities) {
    const before = hosts.get(capacity.name);
    hosts.set(capacity.name, { number: before?.number ?? ++number, ...capacity });
  }
  const unlimited = { zone: 'default', eventsPerSecond: null, bytesPerSecond: null, memoryBytes: null };
  for (const { host } of rows)
    if (!hosts.has(host)) hosts.set(host, { number: ++number, name: host, ...unlimited });
  return [...hosts.values()];
}

function partitionsWith(
  known: readonly ExternalPartition[],
  newest: ReadonlyMap<string, LoadRow>,
): ExternalPartition[] {
  const partitions = new Map(known.map((partition) => [partition.name, partition]));
  let number = Math.max(0, ...known.map((partition) => partition.number));
  for (const [name, { host, timeMs, bytes }] of newest) {
    const before = partitions.get(name);
    const place =
      before === undefined || before.host === host
        ? { movedMs: before?.movedMs ?? null, cameFrom: before?.cameFrom ?? null }
        : { movedMs: timeMs, cameFrom: before.host };
    const size = bytes ?? before?.bytes ?? null;
    partitions.set(name, { number: before?.number ?? ++number, name, host, bytes: size, ...place });
  }
  return [...partitions.values()];
}
