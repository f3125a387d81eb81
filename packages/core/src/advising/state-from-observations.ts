/**
 * The live cluster as the planner's state document: what the topology store says lies where, with the load that was
 * measured, the load that is forecast, and how full the hosts are. It is the same document that people write by hand
 * for `foreshard plan`, so a live plan can be taken out, changed and planned again.
 *
 * What a host holds of each shardlet is recorded nowhere: the size of a shardlet is what it took in within a day, and
 * a host's memory is laid to its shardlets in that proportion. A host that does not answer counts as unhealthy, not
 * as dead: nothing can be copied off it, so it receives nothing until it is back.
 */
import { isDemoStream } from '../demo/index.ts';
import { formatPosition } from '../keyspace/index.ts';
import type { ClusterState, PlacementRule, Policy } from '../planning/index.ts';
import { type Host, isLeaf, type Shardlet, type TopologyMap } from '../topology/index.ts';
import type { HotKey } from './fast-lane.ts';

export interface Load {
  readonly eventsPerSecond: number;
  readonly bytesPerSecond: number;
  readonly readsPerSecond: number;
}

export interface ForecastStep {
  readonly aheadMinutes: number;
  /** events a second by level */
  readonly quantiles: Readonly<Record<string, number>>;
}

export interface HostObservation {
  readonly reachable: boolean;
  readonly usedBytes?: number | undefined;
  /** undefined: the engine has no limit of its own */
  readonly limitBytes?: number | undefined;
  /** 0 to 100 */
  readonly health?: number | undefined;
}

export interface PastMove {
  readonly shardlet: number;
  readonly source: number;
  readonly dest: number;
  readonly atMs: number;
}

export interface Observed {
  readonly map: TopologyMap;
  readonly nowMs: number;
  readonly loads: ReadonlyMap<number, Load>;
  /** taken in within a day, by shardlet */
  readonly bytes: ReadonlyMap<number, number>;
  readonly forecasts: ReadonlyMap<number, readonly ForecastStep[]>;
  /** share of its events that the heaviest key of a shardlet has */
  readonly topKeyShares: ReadonlyMap<number, number>;
  readonly hosts: ReadonlyMap<number, HostObservation>;
  /** finished, newest first */
  readonly moves: readonly PastMove[];
  /** when a shardlet was made by a split, a roll or a merge */
  readonly reshapedAtMs: ReadonlyMap<number, number>;
  /** when a host came or went last */
  readonly hostsChangedMs?: number | undefined;
}

type ShardletState = ClusterState['shardlets'][number];
type HostState = ClusterState['hosts'][number];

const DAY_MS = 86_400_000;
const IDLE: Load = { eventsPerSecond: 0, bytesPerSecond: 0, readsPerSecond: 0 };
const MOVES_MAX = 255;

export function clusterStateOf(observed: Observed, policy: Policy): ClusterState {
  const { map, nowMs } = observed;
  const leaves = [...map.shardlets()].filter(isLeaf);
  const memory = memoryOf(leaves, observed);
  const moves = Map.groupBy(observed.moves, ({ shardlet }) => shardlet);
  return {
    version: 1,
    now: timeOf(nowMs),
    topologyVersion: map.version,
    hosts: map.hosts().map((host) => hostState(host, observed.hosts.get(host.id), policy)),
    shardlets: leaves.map((leaf) =>
      shardletState(leaf, observed, moves.get(leaf.id) ?? [], memory.get(leaf.id), policy.placement),
    ),
    moves: leaves.flatMap(({ id, owner, state }) =>
      state.kind === 'moving' ? [{ shardlet: String(id), from: String(owner), to: String(state.dest) }] : [],
    ),
    together: [],
    ...(observed.hostsChangedMs === undefined ? {} : { hostsChangedAt: timeOf(observed.hostsChangedMs) }),
  };
}

/**
 * With keys that edges have told as hot within seconds, before any whole minute shows them: at least their rate is
 * the load of their shardlet, and their share of it.
 */
export function withHotKeys(observed: Observed, hotKeys: readonly HotKey[]): Observed {
  const loads = new Map(observed.loads);
  const topKeyShares = new Map(observed.topKeyShares);
  for (const { shardlet, perSecond } of hotKeys) {
    const known = loads.get(shardlet) ?? IDLE;
    const eventsPerSecond = Math.max(known.eventsPerSecond, perSecond);
    loads.set(shardlet, { ...known, eventsPerSecond });
    topKeyShares.set(shardlet, Math.max(topKeyShares.get(shardlet) ?? 0, perSecond / eventsPerSecond));
  }
  return { ...observed, loads, topKeyShares };
}

/** What is said of this one host comes before what the policy says of all. */
function hostState(
  { id, state, zone, labels, capacity }: Host,
  seen: HostObservation | undefined,
  policy: Policy,
): HostState {
  return {
    id: String(id),
    zone,
    state: state === 'draining' ? 'draining' : 'active',
    capacity: {
      eventsPerSecond: policy.capacity.events_per_second,
      bytesPerSecond: policy.capacity.bytes_per_second,
      ...capacity,
      ...(seen?.limitBytes === undefined ? {} : { memoryBytes: seen.limitBytes }),
    },
    health: state === 'readmitting' || seen?.reachable === false ? 0 : (seen?.health ?? 100),
    labels,
  };
}

function shardletState(
  leaf: Shardlet,
  observed: Observed,
  moves: readonly PastMove[],
  memoryBytes: number | undefined,
  rules: readonly PlacementRule[],
): ShardletState {
  const { map, nowMs, loads, forecasts, topKeyShares, reshapedAtMs } = observed;
  const { id, owner, stream, shard, range } = leaf;
  const [last] = moves;
  const reshaped = reshapedAtMs.get(id);
  return {
    id: String(id),
    host: String(owner),
    stream: map.stream(stream)?.name ?? String(stream),
    shard,
    range: [formatPosition(range.from), formatPosition(range.to)],
    load: { ...(loads.get(id) ?? IDLE), ...(memoryBytes === undefined ? {} : { memoryBytes }) },
    bytes: Math.round(observed.bytes.get(id) ?? 0),
    forecast: [...(forecasts.get(id) ?? [])],
    topKeyShare: topKeyShares.get(id) ?? 0,
    keyMaySplit: map.stream(stream)?.splitKeys ?? false,
    ...placementOf(rules, map.stream(stream)?.name, shard, leaf.state.kind === 'opening'),
    movesLastDay: Math.min(MOVES_MAX, moves.filter(({ atMs }) => nowMs - atMs < DAY_MS).length),
    ...(last === undefined ? {} : { lastMovedAt: timeOf(last.atMs), cameFrom: cameFrom(map, last) }),
    ...(reshaped === undefined ? {} : { lastReshapedAt: timeOf(reshaped) }),
  };
}

function placementOf(
  rules: readonly PlacementRule[],
  stream: string | undefined,
  shard: number,
  isOpening: boolean,
): Pick<ShardletState, 'frozen' | 'pinnedTo' | 'spreadGroup'> {
  const own = rules.filter(
    (rule) =>
      rule.stream === stream &&
      (rule.shards === undefined || (rule.shards[0] <= shard && shard <= rule.shards[1])),
  );
  const pins = Object.assign({}, ...own.map((rule) => rule.pinned_to ?? {})) as Record<string, string>;
  const spread = own.find((rule) => rule.spread_over_zones);
  return {
    // the demo moves its own, by a clock of its own
    frozen: isOpening || isDemoStream(stream ?? '') || own.some((rule) => rule.frozen),
    ...(Object.keys(pins).length === 0 ? {} : { pinnedTo: pins }),
    ...(spread === undefined ? {} : { spreadGroup: `rule ${rules.indexOf(spread) + 1}` }),
  };
}

/** Undefined when that host has left the cluster. */
function cameFrom(map: TopologyMap, { source }: PastMove): string | undefined {
  return map.hosts().some(({ id }) => id === source) ? String(source) : undefined;
}

/** The memory of every host whose use is known, laid to its leaves. */
function memoryOf(leaves: readonly Shardlet[], { bytes, hosts }: Observed): Map<number, number> {
  const totals = new Map<number, number>();
  for (const { id, owner } of leaves) totals.set(owner, (totals.get(owner) ?? 0) + (bytes.get(id) ?? 0));
  const memory = new Map<number, number>();
  for (const { id, owner } of leaves) {
    const used = hosts.get(owner)?.usedBytes;
    const total = totals.get(owner)!;
    if (used !== undefined && total > 0) memory.set(id, (used * (bytes.get(id) ?? 0)) / total);
  }
  return memory;
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
