/**
 * The cluster while a plan is made: every decision is applied at once, so that the next one sees a destination as
 * full as it will be. Owner lists start in CSR form, which one pass over a million owners builds; the few hosts that
 * a plan touches get lists of their own.
 */
import { invariant } from '../kernel/index.ts';
import { type ClusterColumns, GONE, HOST_STATUS, IN_FLIGHT, NONE, shardletColumns } from './columns.ts';
import { HostHeap } from './host-heap.ts';

export class WorkingCluster {
  readonly input: ClusterColumns;
  /** columns of load a shardlet has */
  readonly width: number;
  readonly hostCount: number;
  /** shardlets that exist or existed in this plan */
  count: number;
  /** [host * width + column] */
  readonly load: Float64Array;
  readonly pressure: Float64Array;
  /** of the host's capacity in the first column it has one in, over the mean of all */
  readonly hostWeight: Float64Array;
  readonly owned: Int32Array;
  /** active hosts, coolest first, one heap a zone */
  readonly coolest: readonly HostHeap[];
  /** [group * zones + zone] */
  readonly groupZone: Int32Array;
  readonly groupSize: Int32Array;
  /** 1 / capacity, [host * width + column] */
  readonly inverse: Float64Array;
  /** 1 / mean capacity of the active hosts that limit it, [column]; 0 where none does */
  readonly meanInverse: Float64Array;
  /** [column]: 1 where it is a rate of events */
  readonly isRate: Uint8Array;
  /** a bit a host for each pin */
  private readonly allowed: readonly Uint8Array[];
  private readonly start: Int32Array;
  private readonly list: Int32Array;
  private readonly lists: (number[] | undefined)[];

  constructor(input: ClusterColumns) {
    this.input = input;
    this.width = input.columns.length;
    this.count = input.shardletCount;
    this.hostCount = input.hosts.ids.length;
    this.load = new Float64Array(this.hostCount * this.width);
    this.pressure = new Float64Array(this.hostCount);
    this.owned = new Int32Array(this.hostCount);
    this.inverse = input.hosts.capacity.map((capacity) => (capacity > 0 ? 1 / capacity : Number.MAX_VALUE));
    this.meanInverse = meanInverseOf(input);
    this.isRate = Uint8Array.from(input.columns, ({ resource }) => (resource === 'eventsPerSecond' ? 1 : 0));
    this.hostWeight = weightsOf(input);
    this.allowed = input.pins.map((pin) => {
      const bits = new Uint8Array(this.hostCount);
      for (const host of pin) bits[host] = 1;
      return bits;
    });
    this.start = new Int32Array(this.hostCount + 1);
    this.list = new Int32Array(this.count);
    this.lists = new Array(this.hostCount);
    this.sumUp();
    for (let host = 0; host < this.hostCount; host++) this.pressure[host] = this.pressureOf(host);
    const groups = this.groups();
    this.groupZone = groups.byZone;
    this.groupSize = groups.size;
    const active = [...this.pressure.keys()].filter(
      (host) => input.hosts.status[host] === HOST_STATUS.active,
    );
    this.coolest = input.hosts.zones.map(
      (_, zone) =>
        new HostHeap(
          this.pressure,
          active.filter((host) => input.hosts.zone[host] === zone),
        ),
    );
  }

  membersOf(host: number): Int32Array | readonly number[] {
    return this.lists[host] ?? this.list.subarray(this.start[host]!, this.start[host + 1]!);
  }

  isGone(shardlet: number): boolean {
    return (this.input.shardlets.flags[shardlet]! & GONE) !== 0;
  }

  /** The host's pressure if `factor` times the shardlet's demand came on top. */
  pressureWith(host: number, shardlet: number, factor: number): number {
    const { demand } = this.input.shardlets;
    let worst = 0;
    for (let column = 0; column < this.width; column++) {
      const value =
        (this.load[host * this.width + column]! + factor * demand[shardlet * this.width + column]!) *
        this.inverse[host * this.width + column]!;
      if (value > worst) worst = value;
    }
    return worst;
  }

  /** Of what was measured last, without what is foreseen. */
  measuredPressure(host: number): number {
    let worst = 0;
    for (let column = 0; column < this.width; column++) {
      if (this.input.columns[column]!.aheadMinutes > 0) continue;
      worst = Math.max(
        worst,
        this.load[host * this.width + column]! * this.inverse[host * this.width + column]!,
      );
    }
    return worst;
  }

  /** May a shardlet with this pin lie on the host? */
  allows(pin: number, host: number): boolean {
    return this.allowed[pin]![host] === 1;
  }

  /** The column that makes the host as loaded as it is. */
  worstColumn(host: number): number {
    let worst = 0;
    let most = -1;
    for (let column = 0; column < this.width; column++) {
      const value = this.load[host * this.width + column]! * this.inverse[host * this.width + column]!;
      if (value > most) {
        most = value;
        worst = column;
      }
    }
    return worst;
  }

  /** What part of the host one shardlet takes. */
  shareOf(host: number, shardlet: number): number {
    const { demand } = this.input.shardlets;
    let worst = 0;
    for (let column = 0; column < this.width; column++)
      worst = Math.max(
        worst,
        demand[shardlet * this.width + column]! * this.inverse[host * this.width + column]!,
      );
    return worst;
  }

  move(shardlet: number, to: number): void {
    const { shardlets, hosts } = this.input;
    const from = shardlets.owner[shardlet]!;
    if (from !== NONE) {
      this.leave(shardlet, from);
      // nothing is copied from a dead host
      if (hosts.status[from] !== HOST_STATUS.dead) hosts.moves[from]!++;
    }
    this.enter(shardlet, to);
    hosts.moves[to]!++;
    shardlets.cameFrom[shardlet] = from;
    shardlets.flags[shardlet]! |= IN_FLIGHT;
  }

  /** A shardlet on the same host with this share of the parent's demand; the parent keeps the rest. */
  splitOff(parent: number, share: number, id: string): number {
    const { shardlets } = this.input;
    const child = this.count++;
    invariant(child < shardlets.owner.length, 'no room left for the children of splits');
    const host = shardlets.owner[parent]!;
    copyRow(shardlets, parent, child);
    shardlets.ids[child] = id;
    for (let column = 0; column < this.width; column++) {
      const whole = shardlets.demand[parent * this.width + column]!;
      shardlets.demand[child * this.width + column] = whole * share;
      shardlets.demand[parent * this.width + column] = whole * (1 - share);
    }
    shardlets.bytes[child] = shardlets.bytes[parent]! * share;
    shardlets.bytes[parent]! *= 1 - share;
    shardlets.right[child] = shardlets.right[parent]!;
    shardlets.right[parent] = child;
    this.ownList(host).push(child);
    this.owned[host]!++;
    this.countGroup(child, host, 1);
    return child;
  }

  /** The right neighbour's demand and range become the left one's. REQUIRES: both on one host. */
  absorb(left: number, right: number): void {
    const { shardlets } = this.input;
    const host = shardlets.owner[left]!;
    invariant(host === shardlets.owner[right], 'only neighbours on one host are merged');
    for (let column = 0; column < this.width; column++)
      shardlets.demand[left * this.width + column]! += shardlets.demand[right * this.width + column]!;
    shardlets.bytes[left]! += shardlets.bytes[right]!;
    shardlets.right[left] = shardlets.right[right]!;
    shardlets.flags[right]! |= GONE;
    const list = this.ownList(host);
    list.splice(list.indexOf(right), 1);
    this.owned[host]!--;
    this.countGroup(right, host, -1);
  }

  /** New measurements or forecasts of one shardlet. */
  setDemand(shardlet: number, demand: ArrayLike<number>): void {
    const { shardlets } = this.input;
    const host = shardlets.owner[shardlet]!;
    for (let column = 0; column < this.width; column++) {
      const at = shardlet * this.width + column;
      if (host !== NONE) this.load[host * this.width + column]! += demand[column]! - shardlets.demand[at]!;
      shardlets.demand[at] = demand[column]!;
    }
    if (host !== NONE) this.changed(host);
  }

  zoneCount(group: number, zone: number): number {
    return this.groupZone[group * this.input.hosts.zones.length + zone]!;
  }

  isActive(host: number): boolean {
    return this.input.hosts.status[host] === HOST_STATUS.active;
  }

  private leave(shardlet: number, host: number): void {
    const list = this.ownList(host);
    const at = list.indexOf(shardlet);
    list[at] = list[list.length - 1]!;
    list.pop();
    this.addLoad(shardlet, host, -1);
  }

  private enter(shardlet: number, host: number): void {
    this.input.shardlets.owner[shardlet] = host;
    this.ownList(host).push(shardlet);
    this.addLoad(shardlet, host, 1);
  }

  private addLoad(shardlet: number, host: number, sign: 1 | -1): void {
    const { demand } = this.input.shardlets;
    for (let column = 0; column < this.width; column++)
      this.load[host * this.width + column]! += sign * demand[shardlet * this.width + column]!;
    this.owned[host]! += sign;
    this.countGroup(shardlet, host, sign);
    this.changed(host);
  }

  private changed(host: number): void {
    this.pressure[host] = this.pressureOf(host);
    this.coolest[this.input.hosts.zone[host]!]!.update(host);
  }

  private countGroup(shardlet: number, host: number, by: number): void {
    const group = this.input.shardlets.group[shardlet]!;
    if (group === NONE) return;
    this.groupZone[group * this.input.hosts.zones.length + this.input.hosts.zone[host]!]! += by;
  }

  private pressureOf(host: number): number {
    let worst = 0;
    for (let column = 0; column < this.width; column++) {
      const value = this.load[host * this.width + column]! * this.inverse[host * this.width + column]!;
      if (value > worst) worst = value;
    }
    return worst;
  }

  private ownList(host: number): number[] {
    return (this.lists[host] ??= [...this.list.subarray(this.start[host]!, this.start[host + 1]!)]);
  }

  private sumUp(): void {
    const { owner, demand } = this.input.shardlets;
    for (let shardlet = 0; shardlet < this.count; shardlet++) {
      const host = owner[shardlet]!;
      if (host === NONE) continue;
      this.owned[host]!++;
      const from = shardlet * this.width;
      const to = host * this.width;
      for (let column = 0; column < this.width; column++) this.load[to + column]! += demand[from + column]!;
    }
    for (let host = 0; host < this.hostCount; host++)
      this.start[host + 1] = this.start[host]! + this.owned[host]!;
    const next = this.start.slice(0, this.hostCount);
    for (let shardlet = 0; shardlet < this.count; shardlet++) {
      const host = owner[shardlet]!;
      if (host !== NONE) this.list[next[host]!++] = shardlet;
    }
  }

  private groups(): { byZone: Int32Array; size: Int32Array } {
    const { group, owner } = this.input.shardlets;
    const { zone, zones } = this.input.hosts;
    let most = NONE;
    for (let shardlet = 0; shardlet < this.count; shardlet++) most = Math.max(most, group[shardlet]!);
    const size = new Int32Array(most + 1);
    const byZone = new Int32Array((most + 1) * zones.length);
    for (let shardlet = 0; shardlet < this.count; shardlet++) {
      const own = group[shardlet]!;
      if (own === NONE) continue;
      size[own]!++;
      const host = owner[shardlet]!;
      if (host !== NONE) byZone[own * zones.length + zone[host]!]!++;
    }
    return { byZone, size };
  }
}

function weightsOf({ hosts, columns }: ClusterColumns): Float64Array {
  const weights = new Float64Array(hosts.ids.length).fill(1);
  const column = columns.findIndex((_, c) =>
    weights.every((_, h) => Number.isFinite(hosts.capacity[h * columns.length + c]!)),
  );
  if (column < 0) return weights;
  const own = weights.map((_, h) => hosts.capacity[h * columns.length + column]!);
  const mean = own.reduce((sum, value) => sum + value, 0) / Math.max(1, own.length);
  return mean > 0 ? own.map((value) => value / mean) : weights;
}

function meanInverseOf({ hosts, columns }: ClusterColumns): Float64Array {
  const width = columns.length;
  return Float64Array.from(columns, (_, column) => {
    let sum = 0;
    let count = 0;
    for (let host = 0; host < hosts.ids.length; host++) {
      const capacity = hosts.capacity[host * width + column]!;
      if (hosts.status[host] !== HOST_STATUS.active || !Number.isFinite(capacity)) continue;
      sum += capacity;
      count++;
    }
    return sum > 0 ? count / sum : 0;
  });
}

function copyRow(shardlets: ClusterColumns['shardlets'], from: number, to: number): void {
  for (const column of [
    'owner',
    'doubt',
    'reshapedAtMs',
    'movedAtMs',
    'cameFrom',
    'recentMoves',
    'flags',
    'topKeyShare',
    'pin',
    'group',
    'area',
  ] as const)
    shardlets[column][to] = shardlets[column][from]!;
}

/** The same columns with room for `more` shardlets, apart from the original: plans are made on a copy. */
export function withRoom(input: ClusterColumns, more: number): ClusterColumns {
  const rows = input.shardletCount + more;
  const width = input.columns.length;
  const copy = shardletColumns(rows, width);
  const { ids, demand, ...others } = input.shardlets;
  copy.demand.set(demand.subarray(0, input.shardletCount * width));
  for (const [name, values] of Object.entries(others) as [keyof typeof others, Int32Array][])
    (copy[name] as Int32Array).set(values.subarray(0, input.shardletCount));
  return {
    ...input,
    hosts: { ...input.hosts, moves: input.hosts.moves.slice() },
    shardlets: { ...copy, ids: ids.slice(0, input.shardletCount) },
  };
}
