/**
 * What the planner sees of an external cluster: the same document that it sees of ours, in the names that its owners
 * use. Only moves and the number of hosts are planned: whether a partition of somebody else's can be split or merged is
 * not known here.
 */
import { formatPosition } from '../keyspace/index.ts';
import { type ClusterState, PHASE_ORDER, type Policy } from '../planning/index.ts';
import { type ExternalCluster, OBSERVATION_FRESH_MS } from './description.ts';
import { partitionId, rangesOf } from './external-map.ts';

export interface ExternalObservation {
  readonly nowMs: number;
  /** events a second by shardlet id */
  readonly loads: ReadonlyMap<number, number>;
  readonly bytesPerSecond: ReadonlyMap<number, number>;
  readonly forecasts: ReadonlyMap<number, ClusterState['shardlets'][number]['forecast']>;
}

const PHASES = new Set(['repair-dead-hosts', 'evacuate-drained', 'rebalance', 'scale-hosts']);
export const EXTERNAL_PHASES = PHASE_ORDER.filter(({ name }) => PHASES.has(name));

const DAY_MS = 86_400_000;

export function externalState(
  cluster: ExternalCluster,
  { nowMs, loads, bytesPerSecond, forecasts }: ExternalObservation,
  { capacity }: Policy,
): ClusterState {
  const ranges = rangesOf(cluster);
  return {
    version: 1,
    now: timeOf(nowMs),
    topologyVersion: cluster.version,
    hosts: cluster.hosts.map(({ name, zone, eventsPerSecond, ...host }) => ({
      id: name,
      zone,
      state: 'active',
      capacity: {
        eventsPerSecond: eventsPerSecond ?? capacity.events_per_second,
        ...(host.bytesPerSecond === null ? {} : { bytesPerSecond: host.bytesPerSecond }),
        ...(host.memoryBytes === null ? {} : { memoryBytes: host.memoryBytes }),
      },
      health: 100,
      labels: {},
    })),
    shardlets: cluster.partitions.map(({ number, name, host, bytes, movedMs, cameFrom }) => {
      const id = partitionId(cluster, number);
      const { from, to } = ranges.get(name)!;
      const isThere = cluster.hosts.some((one) => one.name === cameFrom);
      return {
        id: name,
        host,
        stream: cluster.name,
        shard: 0,
        range: [formatPosition(from), formatPosition(to)] as [string, string],
        load: {
          eventsPerSecond: loads.get(id) ?? 0,
          bytesPerSecond: bytesPerSecond.get(id) ?? 0,
          ...(bytes === null ? {} : { memoryBytes: bytes }),
        },
        bytes: bytes ?? 0,
        forecast: [...(forecasts.get(id) ?? [])],
        topKeyShare: 0,
        keyMaySplit: false,
        frozen: false,
        movesLastDay: movedMs !== null && nowMs - movedMs < DAY_MS ? 1 : 0,
        ...(movedMs === null ? {} : { lastMovedAt: timeOf(movedMs) }),
        ...(cameFrom === null || !isThere ? {} : { cameFrom }),
      };
    }),
    moves: [],
    together: [],
    ...(cluster.hostsChangedMs === null ? {} : { hostsChangedAt: timeOf(cluster.hostsChangedMs) }),
  };
}

/** Why nothing is planned for it now; undefined: it is. */
export function planningObstacle(
  { observedToMs, partitions }: ExternalCluster,
  nowMs: number,
): string | undefined {
  if (observedToMs === null || partitions.length === 0) return 'no load is known of it yet';
  const minutes = Math.floor((nowMs - observedToMs) / 60_000);
  if (nowMs - observedToMs > OBSERVATION_FRESH_MS)
    return `its load is known up to ${minutes} minutes ago, which is too old to plan on`;
  return undefined;
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
