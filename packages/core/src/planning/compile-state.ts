/**
 * The document as columns. Here it is decided which load a plan is made for: what was measured last, and the forecast
 * at the policy's quantile for every step ahead within the horizon. Resources that are not forecast grow as the
 * events do. A forecast that is mostly doubt is not used, and the shardlet is planned as a reactive policy would: a bad
 * forecast is worse than none.
 */
import type { ClusterState } from './cluster-state.ts';
import {
  type Affinity,
  type AnnouncedDemand,
  type Area,
  type ClusterColumns,
  type Column,
  FROZEN,
  HOST_STATUS,
  IN_FLIGHT,
  KEY_MAY_SPLIT,
  MEASURED_ONLY,
  NONE,
  RESOURCES,
  type ShardletColumns,
  shardletColumns,
} from './columns.ts';
import type { Policy } from './policy.ts';

type ShardletState = ClusterState['shardlets'][number];

export function compileState(state: ClusterState, policy: Policy): ClusterColumns {
  const columns = columnsOf(state, policy);
  const hostOf = new Map(state.hosts.map(({ id }, row) => [id, row]));
  const rowOf = new Map(state.shardlets.map(({ id }, row) => [id, row]));
  const pins = new Pins(state);
  const shardlets = shardletColumns(state.shardlets.length, columns.length);
  const groups = new Map<string, number>();
  const areas: Area[] = [];
  const areaRows = new Map<string, number>();
  state.shardlets.forEach((one, row) => {
    shardlets.ids.push(one.id);
    shardlets.owner[row] = hostOf.get(one.host)!;
    fillLoad(shardlets, row, one, columns, policy);
    shardlets.bytes[row] = one.bytes;
    if (one.lastReshapedAt !== undefined) shardlets.reshapedAtMs[row] = Date.parse(one.lastReshapedAt);
    if (one.lastMovedAt !== undefined) shardlets.movedAtMs[row] = Date.parse(one.lastMovedAt);
    shardlets.cameFrom[row] = hostOf.get(one.cameFrom ?? '') ?? NONE;
    shardlets.recentMoves[row] = one.movesLastDay;
    shardlets.flags[row]! |= (one.frozen ? FROZEN : 0) | (one.keyMaySplit ? KEY_MAY_SPLIT : 0);
    shardlets.topKeyShare[row] = one.topKeyShare;
    shardlets.pin[row] = pins.rowOf(one.pinnedTo);
    const area = numbered(areaRows, `${one.shard} ${one.stream}`);
    areas[area] ??= { stream: one.stream, shard: one.shard };
    shardlets.area[row] = area;
    if (one.spreadGroup !== undefined) shardlets.group[row] = numbered(groups, one.spreadGroup);
  });
  linkNeighbours(state, shardlets);
  const moves = new Int32Array(state.hosts.length);
  for (const move of state.moves) {
    shardlets.flags[rowOf.get(move.shardlet)!]! |= IN_FLIGHT;
    moves[hostOf.get(move.from)!]!++;
    moves[hostOf.get(move.to)!]!++;
    // a move that goes on is as good as done for whoever looks for a place
    shardlets.owner[rowOf.get(move.shardlet)!] = hostOf.get(move.to)!;
  }
  const announced = announcedRows(state);
  for (const [row, { eventsPerSecond }] of announced) reserve(shardlets, row, eventsPerSecond, columns);
  return {
    ...(announced.size === 0 ? {} : { announced }),
    columns,
    hosts: hostColumns(state, columns, moves),
    shardlets,
    shardletCount: state.shardlets.length,
    pins: pins.lists,
    areas,
    affinity: affinityOf(state, rowOf),
    hostsChangedAtMs:
      state.hostsChangedAt === undefined ? Number.NEGATIVE_INFINITY : Date.parse(state.hostsChangedAt),
    topologyVersion: state.topologyVersion,
  };
}

/** Only resources that some host limits: the others can not be too much. */
function columnsOf(state: ClusterState, { forecast }: Policy): Column[] {
  const limited = RESOURCES.filter((resource) =>
    state.hosts.some((host) => host.capacity[resource] !== undefined),
  );
  const kept = limited.length > 0 ? limited : RESOURCES.slice(0, 1);
  const ahead = new Set([0]);
  for (const shardlet of state.shardlets)
    for (const { aheadMinutes } of shardlet.forecast)
      if (aheadMinutes <= forecast.horizon) ahead.add(aheadMinutes);
  // without forecasts there is no step ahead yet
  if (ahead.size === 1 && announcedRows(state).size > 0) ahead.add(forecast.horizon);
  const steps = [...ahead].sort((a, b) => a - b);
  return kept.flatMap((resource) => steps.map((aheadMinutes) => ({ resource, aheadMinutes })));
}

function fillLoad(
  shardlets: ShardletColumns,
  row: number,
  one: ShardletState,
  columns: readonly Column[],
  policy: Policy,
): void {
  const { forecast, doubt, isUsed } = usableForecast(one, policy);
  const rate = one.load.eventsPerSecond ?? 0;
  shardlets.doubt[row] = doubt;
  if (!isUsed) shardlets.flags[row]! |= MEASURED_ONLY;
  columns.forEach(({ resource, aheadMinutes }, c) => {
    const now = one.load[resource] ?? 0;
    const step = forecast.get(aheadMinutes);
    const at = row * columns.length + c;
    if (step === undefined || aheadMinutes === 0) shardlets.demand[at] = now;
    else if (resource === 'eventsPerSecond') shardlets.demand[at] = step;
    // what lies on disk does not shrink with the load, and does not double within the hour
    else shardlets.demand[at] = GROWS_WITH_EVENTS.has(resource) && rate > 0 ? (now * step) / rate : now;
  });
}

/** What nobody took back: it ends by itself. What has come is measured, and counts until then as what the burst had at the most. */
function announcedRows({ shardlets, now }: ClusterState): Map<number, AnnouncedDemand> {
  const nowMs = Date.parse(now);
  const rows = new Map<number, AnnouncedDemand>();
  shardlets.forEach(({ announced, load }, row) => {
    if (announced === undefined || Date.parse(announced.endsAt) <= nowMs) return;
    const { eventsPerSecond: extra, probability, cause, hasCome } = announced;
    rows.set(row, {
      eventsPerSecond: hasCome ? Math.max(0, extra - (load.eventsPerSecond ?? 0)) : probability * extra,
      ...{ probability, cause },
      expectedAtMs: Date.parse(announced.expectedAt),
      endsAtMs: Date.parse(announced.endsAt),
    });
  });
  return rows;
}

/** On top of the demand at every step ahead, and of the resources that grow with events. */
function reserve(shardlets: ShardletColumns, row: number, extra: number, columns: readonly Column[]): void {
  const width = columns.length;
  const rateAt = (minutes: number) =>
    columns.findIndex((one) => one.resource === 'eventsPerSecond' && one.aheadMinutes === minutes);
  // first the others, which grow by the events as they were
  columns.forEach(({ resource, aheadMinutes }, c) => {
    if (aheadMinutes === 0 || resource === 'eventsPerSecond') return;
    const at = rateAt(aheadMinutes);
    const rate = at < 0 ? 0 : shardlets.demand[row * width + at]!;
    if (GROWS_WITH_EVENTS.has(resource) && rate > 0)
      shardlets.demand[row * width + c]! *= (rate + extra) / rate;
  });
  columns.forEach(({ resource, aheadMinutes }, c) => {
    if (resource === 'eventsPerSecond' && aheadMinutes > 0) shardlets.demand[row * width + c]! += extra;
  });
}

const GROWS_WITH_EVENTS: ReadonlySet<string> = new Set([
  'bytesPerSecond',
  'readsPerSecond',
  'cpu',
  'networkBytesPerSecond',
]);

function usableForecast(
  { forecast }: ShardletState,
  policy: Policy,
): { forecast: Map<number, number>; doubt: number; isUsed: boolean } {
  const steps = forecast.map(({ aheadMinutes, quantiles }) => ({
    aheadMinutes,
    high: quantileAt(quantiles, policy.forecast.quantile),
    middle: quantileAt(quantiles, 0.5),
  }));
  const doubts = steps.map(({ high, middle }) => (high > 0 ? Math.abs(high - middle) / high : 0));
  const worst = Math.max(0, ...doubts);
  const isUsed = relativeError(worst) <= policy.forecast.error_max;
  const used = isUsed ? steps.map(({ aheadMinutes, high }) => [aheadMinutes, high] as const) : [];
  return { forecast: new Map(used), doubt: worst, isUsed };
}

/** (quantile - median) / median, of a doubt, which is over the quantile. */
export function relativeError(doubt: number): number {
  return doubt < 1 ? doubt / (1 - doubt) : Number.POSITIVE_INFINITY;
}

/** Between known levels in a straight line; beyond them the outermost, since nobody knows the tail. */
function quantileAt(quantiles: Readonly<Record<string, number>>, level: number): number {
  const known = Object.entries(quantiles)
    .map(([at, value]) => ({ at: Number(at), value }))
    .sort((a, b) => a.at - b.at);
  const above = known.findIndex(({ at }) => at >= level);
  if (above === -1) return known.at(-1)!.value;
  if (above === 0 || known[above]!.at === level) return known[above]!.value;
  const [low, high] = [known[above - 1]!, known[above]!];
  return low.value + ((level - low.at) / (high.at - low.at)) * (high.value - low.value);
}

function hostColumns(
  { hosts }: ClusterState,
  columns: readonly Column[],
  moves: Int32Array,
): ClusterColumns['hosts'] {
  const zones = [...new Set(hosts.map(({ zone }) => zone))].sort();
  return {
    ids: hosts.map(({ id }) => id),
    zones,
    zone: Int32Array.from(hosts, ({ zone }) => zones.indexOf(zone)),
    status: Uint8Array.from(hosts, ({ state }) => HOST_STATUS[state]),
    capacity: Float64Array.from(
      hosts.flatMap(({ capacity }) =>
        columns.map(({ resource }) => capacity[resource] ?? Number.POSITIVE_INFINITY),
      ),
    ),
    health: Float64Array.from(hosts, ({ health }) => health),
    moves,
  };
}

/** Hosts by the labels a shardlet asks for; equal requests share a row. */
class Pins {
  readonly lists: Int32Array[] = [];
  private readonly hosts: ClusterState['hosts'];
  private readonly rows = new Map<string, number>();

  constructor({ hosts }: ClusterState) {
    this.hosts = hosts;
  }

  rowOf(labels: Readonly<Record<string, string>> | undefined): number {
    if (labels === undefined || Object.keys(labels).length === 0) return NONE;
    const wanted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
    const row = numbered(this.rows, JSON.stringify(wanted));
    this.lists[row] ??= Int32Array.from(
      [...this.hosts.keys()].filter((host) => wanted.every(([k, v]) => this.hosts[host]!.labels[k] === v)),
    );
    return row;
  }
}

function numbered(numbers: Map<string, number>, name: string): number {
  if (!numbers.has(name)) numbers.set(name, numbers.size);
  return numbers.get(name)!;
}

function linkNeighbours({ shardlets }: ClusterState, { right }: ShardletColumns): void {
  const starts = new Map<string, number>();
  const place = (one: ShardletState, position: string) => `${one.stream}/${one.shard}/${position}`;
  shardlets.forEach((one, row) => {
    if (one.range !== undefined) starts.set(place(one, one.range[0]), row);
  });
  shardlets.forEach((one, row) => {
    if (one.range !== undefined) right[row] = starts.get(place(one, one.range[1])) ?? NONE;
  });
}

function affinityOf(
  { together, shardlets }: ClusterState,
  rowOf: ReadonlyMap<string, number>,
): Affinity | undefined {
  if (together.length === 0) return undefined;
  const pairs = together.flatMap(({ shardlets: [a, b], weight }) => [
    { from: rowOf.get(a)!, to: rowOf.get(b)!, weight },
    { from: rowOf.get(b)!, to: rowOf.get(a)!, weight },
  ]);
  pairs.sort((a, b) => a.from - b.from || a.to - b.to);
  const start = new Int32Array(shardlets.length + 1);
  for (const { from } of pairs) start[from + 1]!++;
  for (let row = 0; row < shardlets.length; row++) start[row + 1]! += start[row]!;
  return {
    start,
    other: Int32Array.from(pairs, ({ to }) => to),
    weight: Float64Array.from(pairs, ({ weight }) => weight),
  };
}
