/**
 * Asks for hosts when what is forecast does not fit into those there are, and offers to give one back when the others
 * could carry its load with much to spare. Last, because everything cheaper has been tried by then. Giving back is
 * held to stricter rules than asking: a host too many costs money, a host too few costs users.
 */
import { FROZEN, HOST_STATUS, NONE } from '../columns.ts';
import { MINUTE_MS, type Phase, type PlanContext } from '../context.ts';
import { zoneShare } from '../gates.ts';
import type { SkipReason } from '../skip-reason.ts';

export const scaleHosts: Phase = {
  name: 'scale-hosts',
  run(context) {
    const active = activeHosts(context);
    if (active.length === 0) {
      askForTheFirst(context);
      return;
    }
    const need = needOf(context, active, (host) => receives(context, host));
    if (need.missing > 0) ask(context, need);
    else giveBack(context, active);
  },
};

/** No host is active: new ones are taken to be as large as those that were. */
function askForTheFirst(context: PlanContext): void {
  const { cluster } = context;
  if (cluster.owned.every((owned) => owned === 0)) return;
  const need = needOf(context, [...cluster.pressure.keys()], () => true);
  const missing = Math.max(1, cluster.hostCount + need.missing);
  ask(context, { ...need, missing, pressure: Number.POSITIVE_INFINITY });
}

interface Need {
  /** hosts of the usual size that what has no place would fill up to `host.fullness`; negative: there is room */
  readonly missing: number;
  /** demand of all shardlets over what there is for it, in the column that asks for most */
  readonly pressure: number;
  readonly column: number;
}

function activeHosts({ cluster }: PlanContext): number[] {
  const { status } = cluster.input.hosts;
  return [...status.keys()].filter((host) => status[host] === HOST_STATUS.active);
}

/** A host that receives nothing carries what it has, up to `host.fullness`, and no more. */
function needOf(
  { cluster, policy }: PlanContext,
  hosts: readonly number[],
  takesMore: (host: number) => boolean,
): Need {
  const { width, load, input } = cluster;
  const { fullness } = policy.host;
  let most: Need = { missing: Number.NEGATIVE_INFINITY, pressure: 0, column: 0 };
  for (let column = 0; column < width; column++) {
    let demand = 0;
    let capacity = 0;
    let room = 0;
    // load that waits on dead and draining hosts has to be carried as well
    for (let host = 0; host < cluster.hostCount; host++) demand += load[host * width + column]!;
    for (const host of hosts) {
      const own = input.hosts.capacity[host * width + column]!;
      capacity += own;
      room += takesMore(host) ? own * fullness : Math.min(load[host * width + column]!, own * fullness);
    }
    if (capacity === 0 || !Number.isFinite(capacity)) continue;
    const missing = Math.ceil((demand - room) / ((capacity / hosts.length) * fullness) - 1e-9);
    const pressure = (demand * fullness) / room;
    if (missing > most.missing || (missing === most.missing && pressure > most.pressure))
      most = { missing, pressure, column };
  }
  return most;
}

function ask(context: PlanContext, { missing, pressure, column }: Need): void {
  const { cluster, policy, skips, actions } = context;
  const count = Math.min(missing, policy.scaling.hosts_max - cluster.hostCount);
  if (count <= 0) skips.host('scale-hosts', NONE, 'at-hosts-max');
  else
    actions.push({
      kind: 'add-hosts',
      phase: 'scale-hosts',
      count,
      zone: smallestZone(context),
      pressure,
      aheadMinutes: cluster.input.columns[column]!.aheadMinutes,
    });
}

/** The zone with the fewest active hosts. */
function smallestZone({ cluster }: PlanContext): number {
  const { zones, zone } = cluster.input.hosts;
  const counts = new Int32Array(zones.length);
  for (let host = 0; host < cluster.hostCount; host++) if (cluster.isActive(host)) counts[zone[host]!]!++;
  return counts.indexOf(Math.min(...counts));
}

function giveBack(context: PlanContext, active: readonly number[]): void {
  const { policy, skips, actions } = context;
  if (active.length < 2) return;
  const without = pressuresWithout(context, active);
  const spare = active.filter((_, i) => without[i]! <= policy.scaling.scale_in_fullness);
  if (spare.length === 0) return;
  if (!isLimited(context)) {
    skips.host('scale-hosts', NONE, 'capacity-unknown');
    return;
  }
  const reason = keepReason(context, active.length);
  if (reason !== undefined) {
    skips.host('scale-hosts', NONE, reason);
    return;
  }
  const emptiable = spare.filter((host) => canBeEmptied(context, host));
  if (emptiable.length === 0) {
    skips.host('scale-hosts', NONE, 'cannot-be-emptied');
    return;
  }
  const host = leastMissed(context, emptiable);
  const pressureAfter = without[active.indexOf(host)]!;
  actions.push({ kind: 'remove-host', phase: 'scale-hosts', host, pressureAfter });
}

/**
 * For each active host: what the others would be at without it, in the worst column. Hosts differ in size, and those
 * that receive nothing would carry nothing of it.
 */
function pressuresWithout(context: PlanContext, active: readonly number[]): Float64Array {
  const { cluster } = context;
  const { width, load, input } = cluster;
  const { capacity } = input.hosts;
  const worst = new Float64Array(active.length);
  for (let column = 0; column < width; column++) {
    let demand = 0;
    let limited = 0;
    let unlimited = 0;
    for (let host = 0; host < cluster.hostCount; host++) demand += load[host * width + column]!;
    for (const host of active) {
      if (!receives(context, host)) continue;
      const own = capacity[host * width + column]!;
      if (Number.isFinite(own)) limited += own;
      else unlimited++;
    }
    for (const [i, host] of active.entries()) {
      const own = receives(context, host) ? capacity[host * width + column]! : 0;
      const isLimit = Number.isFinite(own);
      if (unlimited > (isLimit ? 0 : 1) || demand === 0) continue;
      worst[i] = Math.max(worst[i]!, demand / (limited - (isLimit ? own : 0)));
    }
  }
  return worst;
}

/** May anything be moved to it at all? */
function receives({ cluster, policy }: PlanContext, host: number): boolean {
  return cluster.isActive(host) && cluster.input.hosts.health[host]! >= policy.host.health_threshold;
}

/** Has everything on it another place by labels, zones and health, now that room is no question? */
function canBeEmptied(context: PlanContext, host: number): boolean {
  const { cluster } = context;
  const { hosts, shardlets } = cluster.input;
  if (hosts.moves[host]! > 0) return false;
  const others = [...hosts.ids.keys()].filter((other) => other !== host && receives(context, other));
  if (others.length === 0) return false;
  const members = Array.from(cluster.membersOf(host));
  return (
    members.every((shardlet) => {
      const pin = shardlets.pin[shardlet]!;
      const isFrozen = (shardlets.flags[shardlet]! & FROZEN) !== 0;
      return !isFrozen && (pin === NONE || others.some((other) => cluster.allows(pin, other)));
    }) && groupsFit(context, host, members, others)
  );
}

/** Have the other zones room for what of each spread group would have to leave this one? */
function groupsFit(
  { cluster, policy }: PlanContext,
  host: number,
  members: readonly number[],
  others: readonly number[],
): boolean {
  const { zone } = cluster.input.hosts;
  const zones = new Set(others.map((other) => zone[other]!));
  if (policy.host.zone_share_max >= 1 || zones.has(zone[host]!)) return true;
  const leaving = new Map<number, number>();
  for (const shardlet of members) {
    const group = cluster.input.shardlets.group[shardlet]!;
    if (group !== NONE) leaving.set(group, (leaving.get(group) ?? 0) + 1);
  }
  return [...leaving].every(([group, count]) => {
    const most = zoneShare(cluster, policy, group);
    return (
      [...zones].reduce((room, at) => room + Math.max(0, most - cluster.zoneCount(group, at)), 0) >= count
    );
  });
}

/** Hosts whose pressure differs by less are as empty as each other: a little traffic is not to change the advice. */
const PRESSURE_STEP = 0.05;

/** Of the emptiest, the one that came last. */
function leastMissed({ cluster }: PlanContext, active: readonly number[]): number {
  const least = Math.min(...active.map((host) => cluster.pressure[host]!));
  return active.findLast((host) => cluster.pressure[host]! < least + PRESSURE_STEP)!;
}

/** Does any host say what it can take? Where none does, nobody knows what the others could carry. */
function isLimited({ cluster }: PlanContext): boolean {
  return cluster.input.hosts.capacity.some(Number.isFinite);
}

function keepReason(context: PlanContext, active: number): SkipReason | undefined {
  const { cluster, policy, actions, nowMs } = context;
  if (active <= policy.scaling.hosts_min) return 'at-hosts-min';
  // what was just arranged would have to be arranged again
  if (actions.length > 0) return 'plan-comes-first';
  const rested = nowMs - cluster.input.hostsChangedAtMs >= policy.scaling.scale_in_rest * MINUTE_MS;
  if (!rested) return 'too-soon-after-hosts-changed';
  return leavesOverloaded(context) ? 'overload-left' : undefined;
}

/** Is a host nearly over its capacity that another could relieve, were it not too expensive or beyond the budget? */
function leavesOverloaded({ cluster, policy, skips }: PlanContext): boolean {
  return skips.hosts.some(
    ({ phase, host, reason }) =>
      phase === 'rebalance' &&
      reason !== 'no-destination' &&
      cluster.pressure[host]! > policy.host.capacity_limit,
  );
}
