/**
 * Where a shardlet goes. The coolest hosts of every zone are asked, because the objective is convex: what gains most
 * is never far from the coolest that may take it. All that were asked are kept with their gain or the reason against
 * them, which is what "why not there?" is answered from.
 */
import type { Alternative } from './action.ts';
import { type Affinity, type ClusterColumns, NONE } from './columns.ts';
import type { PlanContext } from './context.ts';
import { unfitDestination } from './gates.ts';

export interface Destination {
  readonly host: number;
  /** what the move gains before its cost */
  readonly gain: number;
  readonly alternatives: readonly Alternative[];
}

/** hosts of a zone that are asked; the coolest that fits is nearly always among the first */
const ASKED_PER_ZONE = 4;
/** unfit hosts that are passed over in a zone before it is given up */
const PASSED_OVER = 32;
const ALTERNATIVES_KEPT = 4;

export function bestDestination(
  context: PlanContext,
  shardlet: number,
  limit: number,
  /** out of the question */
  zoneLeft: number = NONE,
): Destination | Alternative[] {
  const { cluster } = context;
  const { zone } = cluster.input.hosts;
  const asked: Alternative[] = [];
  const pin = cluster.input.shardlets.pin[shardlet]!;
  const ask = (host: number) => {
    if (host === cluster.input.shardlets.owner[shardlet] || zone[host] === zoneLeft) return false;
    const why = unfitDestination(context, shardlet, host, limit);
    if (why === undefined)
      asked.push({ host, gain: gainOf(context, shardlet, host, 1), why: 'smaller-gain' });
    else asked.push({ host, why });
    return why === undefined;
  };
  if (pin === NONE) askCoolest(context, ask);
  else for (const host of cluster.input.pins[pin]!) ask(host);
  return chosen(asked);
}

function askCoolest({ cluster }: PlanContext, ask: (host: number) => boolean): void {
  for (const heap of cluster.coolest) {
    let fit = 0;
    let passed = 0;
    heap.walk((host) => {
      if (ask(host)) fit++;
      else passed++;
      return fit < ASKED_PER_ZONE && passed < PASSED_OVER;
    });
  }
}

function chosen(asked: readonly Alternative[]): Destination | Alternative[] {
  let best: Alternative | undefined;
  for (const one of asked) {
    if (one.gain === undefined) continue;
    if (best === undefined || one.gain > best.gain! || (one.gain === best.gain && one.host < best.host))
      best = one;
  }
  const others = asked
    .filter((one) => one !== best)
    .sort(
      (a, b) =>
        (b.gain ?? Number.NEGATIVE_INFINITY) - (a.gain ?? Number.NEGATIVE_INFINITY) || a.host - b.host,
    )
    .slice(0, ALTERNATIVES_KEPT);
  return best === undefined ? others : { host: best.host, gain: best.gain!, alternatives: others };
}

/** What moving the shardlet gains in the objective, with its demand taken `scale` times. */
export function gainOf(context: PlanContext, shardlet: number, to: number, scale: number): number {
  const { cluster, objective, policy } = context;
  const { pressure, hostWeight, input } = cluster;
  const from = input.shardlets.owner[shardlet]!;
  const burden =
    hostWeight[to]! *
    (objective.hostCost(cluster.pressureWith(to, shardlet, scale)) - objective.hostCost(pressure[to]!));
  const unhealthy = policy.weight.health * (1 - input.hosts.health[to]! / 100);
  const joined = input.affinity === undefined ? 0 : affinityGain(input.affinity, input, shardlet, from, to);
  return reliefOf(context, shardlet, from, scale) - burden - unhealthy + policy.weight.affinity * joined;
}

function reliefOf(
  { cluster, objective }: PlanContext,
  shardlet: number,
  from: number,
  scale: number,
): number {
  if (from === NONE) return 0;
  const before = scale === 1 ? cluster.pressure[from]! : cluster.pressureWith(from, shardlet, scale - 1);
  const after = cluster.pressureWith(from, shardlet, -1);
  return cluster.hostWeight[from]! * (objective.hostCost(before) - objective.hostCost(after));
}

/** Share of the shardlet's queries that would no longer cross hosts; negative when more would. */
function affinityGain(
  affinity: Affinity,
  { shardlets }: ClusterColumns,
  shardlet: number,
  from: number,
  to: number,
): number {
  if (shardlet + 1 >= affinity.start.length) return 0;
  let joined = 0;
  let all = 0;
  for (let at = affinity.start[shardlet]!; at < affinity.start[shardlet + 1]!; at++) {
    const host = shardlets.owner[affinity.other[at]!]!;
    all += affinity.weight[at]!;
    if (host === to) joined += affinity.weight[at]!;
    if (host === from) joined -= affinity.weight[at]!;
  }
  return all > 0 ? joined / all : 0;
}
