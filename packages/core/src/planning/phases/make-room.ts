/**
 * For hosts above their capacity that rebalancing could not relieve, as no other host has room for what would relieve
 * them: on the host where least is in the way of the smallest such shardlet, what is in its way goes where there is room.
 * The shardlet itself follows by a later plan, when the room is there.
 */
import type { Phase, PlanContext } from '../context.ts';
import { copyBurden } from '../copy-burden.ts';
import { immovable, unfitDestination } from '../gates.ts';
import { outOfBudget, recordMove } from '../moving.ts';
import { FULL, marksOf } from './rebalance.ts';

/** hosts that room is looked for in one plan, the hottest; the others have their turn in the next */
const STUCK_MAX = 8;
/** shardlets of the host that are looked at, the smallest that help first */
const CANDIDATES = 4;
/** coolest hosts of a zone that room may be made on, or that take what was in the way */
const ASKED_PER_ZONE = 4;
const IN_THE_WAY_MAX = 16;

interface Exchange {
  readonly to: number;
  readonly aside: readonly { readonly shardlet: number; readonly to: number }[];
  readonly bytes: number;
  /** of all its moves together, before and after their cost */
  readonly gain: number;
  readonly net: number;
}

export const makeRoom: Phase = {
  name: 'make-room',
  run(context) {
    const { cluster } = context;
    const { hot } = marksOf(context);
    const mark = Math.max(FULL, hot);
    const stuck = [...cluster.pressure.keys()].filter(
      (host) =>
        cluster.isActive(host) && cluster.pressure[host]! > mark && cluster.input.hosts.moves[host] === 0,
    );
    stuck.sort((a, b) => cluster.pressure[b]! - cluster.pressure[a]! || a - b);
    for (const host of stuck.slice(0, STUCK_MAX)) {
      const exchange = bestExchange(context, host, hot);
      if (exchange !== undefined) setAside(context, exchange);
    }
  },
};

/** As many as may leave the host at a time; the others follow. */
function setAside(context: PlanContext, { to: room, aside, gain: ofAll }: Exchange): void {
  const { cluster, policy } = context;
  const gain = ofAll / (aside.length + 1);
  for (const { shardlet, to } of aside) {
    if (cluster.input.hosts.moves[room]! >= policy.host.moves_max) return;
    if (outOfBudget(context, shardlet) !== undefined) return;
    recordMove(context, 'make-room', shardlet, { host: to, gain, alternatives: [] });
  }
}

function bestExchange(context: PlanContext, host: number, hot: number): Exchange | undefined {
  const hosts = coolHosts(context, host);
  let best: Exchange | undefined;
  for (const shardlet of relievers(context, host, hot))
    for (const to of hosts) {
      const exchange = exchangeOf(context, { host, shardlet, to, hosts, hot });
      if (exchange === undefined || exchange.net < context.objective.gainMin) continue;
      if (best === undefined || exchange.bytes < best.bytes) best = exchange;
    }
  return best;
}

function coolHosts({ cluster }: PlanContext, except: number): number[] {
  const hosts: number[] = [];
  for (const heap of cluster.coolest) {
    let asked = 0;
    heap.walk((host) => {
      if (host !== except) hosts.push(host);
      return ++asked <= ASKED_PER_ZONE;
    });
  }
  return hosts;
}

/** Those without which the host is no longer hot, smallest first; where none is enough, the largest. */
function relievers(context: PlanContext, host: number, hot: number): number[] {
  const { cluster } = context;
  const movable = [...cluster.membersOf(host)]
    .filter((shardlet) => immovable(context, shardlet) === undefined)
    .sort((a, b) => cluster.shareOf(host, a) - cluster.shareOf(host, b) || a - b);
  const enough = movable.filter((shardlet) => cluster.pressureWith(host, shardlet, -1) <= hot);
  return enough.length > 0 ? enough.slice(0, CANDIDATES) : movable.slice(-1);
}

interface Asked {
  readonly host: number;
  readonly shardlet: number;
  readonly to: number;
  readonly hosts: readonly number[];
  readonly hot: number;
}

/** What would have to leave `to` for the shardlet, largest first, each to the coolest host that stays below the mark. */
function exchangeOf(context: PlanContext, { host, shardlet, to, hosts, hot }: Asked): Exchange | undefined {
  const { cluster, policy, objective } = context;
  const { bytes, recentMoves } = cluster.input.shardlets;
  if (unfitDestination(context, shardlet, to, Number.POSITIVE_INFINITY) !== undefined) return undefined;
  const limit = policy.host.capacity_limit;
  const mark = Math.min(hot, limit);
  let pressure = cluster.pressureWith(to, shardlet, 1);
  let copied = bytes[shardlet]!;
  let cost = objective.moveCost(copied, recentMoves[shardlet]!) + copyBurden(context, shardlet, to);
  const aside: { shardlet: number; to: number }[] = [];
  const added = new Map<number, number>();
  const heightOf = (other: number) => cluster.pressure[other]! + (added.get(other) ?? 0);
  const largestFirst = [...cluster.membersOf(to)].sort(
    (a, b) => cluster.shareOf(to, b) - cluster.shareOf(to, a) || a - b,
  );
  for (const other of largestFirst) {
    if (pressure <= limit || aside.length === IN_THE_WAY_MAX) break;
    if (immovable(context, other) !== undefined) continue;
    const place = hosts
      .filter((one) => one !== to && heightOf(one) + cluster.shareOf(one, other) <= mark)
      .filter((one) => unfitDestination(context, other, one, mark) === undefined)
      .sort((a, b) => heightOf(a) - heightOf(b) || a - b)[0];
    if (place === undefined) continue;
    added.set(place, (added.get(place) ?? 0) + cluster.shareOf(place, other));
    aside.push({ shardlet: other, to: place });
    pressure -= cluster.shareOf(to, other);
    copied += bytes[other]!;
    cost += objective.moveCost(bytes[other]!, recentMoves[other]!) + copyBurden(context, other, place);
  }
  if (pressure > limit || aside.length === 0) return undefined;
  const change = (one: number, after: number) =>
    cluster.hostWeight[one]! * (objective.hostCost(cluster.pressure[one]!) - objective.hostCost(after));
  let gain = change(host, cluster.pressureWith(host, shardlet, -1)) + change(to, pressure);
  for (const one of added.keys()) gain += change(one, heightOf(one));
  return { to, aside, bytes: copied, gain, net: gain - cost };
}
