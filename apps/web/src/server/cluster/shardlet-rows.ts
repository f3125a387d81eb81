/**
 * The table of shardlets: filtered, sorted and cut into pages here, since a map may hold a million of
 * them and a browser need not see more than a page.
 */
import { formatPosition, type Range } from '@foreshard/core/keyspace';
import { isLeaf, type Shardlet, type TopologyMap } from '@foreshard/core/topology';
import type { Load } from '../load/load-window.ts';
import type { ShardletQuery } from './shardlet-query.ts';

export interface ShardletRow {
  readonly id: number;
  readonly stream: string;
  readonly shard: number;
  readonly state: Shardlet['state']['kind'];
  /** what the state is about: where it moves to, what follows it */
  readonly note: string | null;
  readonly owner: string;
  readonly epoch: number;
  /** 16 hex digits each: 64-bit numbers do not survive JSON */
  readonly from: string;
  readonly to: string;
  /** share of the whole key space, 0..1, and where it begins */
  readonly share: number;
  readonly start: number;
  readonly eventsPerSecond: number;
  readonly bytesPerSecond: number;
  readonly refusedPerSecond: number;
}

export interface ShardletPage {
  readonly rows: readonly ShardletRow[];
  readonly total: number;
  readonly page: number;
  readonly pages: number;
  readonly mapVersion: number;
}

export function shardletPage(
  map: TopologyMap,
  rates: ReadonlyMap<number, Load>,
  query: ShardletQuery,
): ShardletPage {
  const matching = inOrder(map, rates, query);
  const pages = Math.max(1, Math.ceil(matching.length / query.pageSize));
  const page = Math.min(query.page, pages);
  const rows = matching
    .slice((page - 1) * query.pageSize, page * query.pageSize)
    .map((shardlet) => shardletRow(map, shardlet, rates.get(shardlet.id)));
  return { rows, total: matching.length, page, pages, mapVersion: map.version };
}

/** All that fit, in order; rows are made one by one. */
export function* shardletRows(
  map: TopologyMap,
  rates: ReadonlyMap<number, Load>,
  query: ShardletQuery,
): Generator<ShardletRow> {
  for (const shardlet of inOrder(map, rates, query)) yield shardletRow(map, shardlet, rates.get(shardlet.id));
}

function inOrder(map: TopologyMap, rates: ReadonlyMap<number, Load>, query: ShardletQuery): Shardlet[] {
  return [...matches(map, query)].sort(comparator(map, rates, query));
}

/** The shardlets with the most events per second, the busiest first; those without any are left out. */
export function busiest(map: TopologyMap, rates: ReadonlyMap<number, Load>, limit: number): ShardletRow[] {
  return [...rates]
    .filter(([, rate]) => rate.events > 0)
    .sort(([a, x], [b, y]) => y.events - x.events || a - b)
    .slice(0, limit)
    .flatMap(([id, rate]) => {
      const shardlet = map.shardlet(id);
      return shardlet === undefined ? [] : [shardletRow(map, shardlet, rate)];
    });
}

function* matches(map: TopologyMap, { stream, host, state }: ShardletQuery): Generator<Shardlet> {
  const streamId = stream === null ? undefined : (map.streamNamed(stream)?.id ?? 0);
  const ownerId = host === null ? undefined : (map.hosts().find((h) => h.name === host)?.id ?? 0);
  for (const shardlet of map.shardlets(streamId)) {
    if (ownerId !== undefined && shardlet.owner !== ownerId) continue;
    if (state === 'active' ? isLeaf(shardlet) : state === 'all' || shardlet.state.kind === state)
      yield shardlet;
  }
}

/** Ties are broken by id, so that a page does not shuffle between two reads. */
function comparator(map: TopologyMap, rates: ReadonlyMap<number, Load>, query: ShardletQuery) {
  const value = sortValue(map, rates, query.sort);
  const sign = query.descending ? -1 : 1;
  return (a: Shardlet, b: Shardlet) => sign * compare(value(a), value(b)) || a.id - b.id;
}

function sortValue(
  map: TopologyMap,
  rates: ReadonlyMap<number, Load>,
  sort: ShardletQuery['sort'],
): (s: Shardlet) => number | string {
  switch (sort) {
    case 'range':
      return (s) => s.range.from.hi * 2 ** 20 + s.range.from.lo / 2 ** 12;
    case 'owner':
      return (s) => map.host(s.owner)?.name ?? '';
    case 'events':
    case 'bytes':
    case 'refused':
      return (s) => rates.get(s.id)?.[sort] ?? 0;
    default:
      return (s) => s[sort];
  }
}

function compare(a: number | string, b: number | string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function shardletRow(map: TopologyMap, shardlet: Shardlet, rate: Load | undefined): ShardletRow {
  return {
    id: shardlet.id,
    stream: map.stream(shardlet.stream)?.name ?? `#${shardlet.stream}`,
    shard: shardlet.shard,
    state: shardlet.state.kind,
    note: noteOf(map, shardlet),
    owner: map.host(shardlet.owner)?.name ?? `#${shardlet.owner}`,
    epoch: shardlet.epoch,
    from: formatPosition(shardlet.range.from),
    to: formatPosition(shardlet.range.to),
    start: shardlet.range.from.hi / 2 ** 32,
    share: shareOf(shardlet.range),
    eventsPerSecond: rate?.events ?? 0,
    bytesPerSecond: rate?.bytes ?? 0,
    refusedPerSecond: rate?.refused ?? 0,
  };
}

function shareOf({ from, to }: Range): number {
  return (to.hi - from.hi) / 2 ** 32 + (to.lo - from.lo) / 2 ** 64;
}

function noteOf(map: TopologyMap, { state }: Shardlet): string | null {
  switch (state.kind) {
    case 'moving':
    case 'closedMoving':
      return `to ${map.host(state.dest)?.name ?? `#${state.dest}`}`;
    case 'closing':
    case 'closed':
    case 'gone':
      return state.successors.length === 0 ? null : `followed by ${state.successors.join(', ')}`;
    default:
      return null;
  }
}
