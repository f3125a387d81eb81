/**
 * Relieves the hottest host, again and again, by the one move that gains most after its cost, until none is hot or
 * nothing pays. Hot is above fullness, or far above the mean; a host that was hot is relieved down to the lower mark
 * of the hysteresis, so that it does not come back at the next tick. A host that is above its capacity now is relieved also
 * by what gains less than moving costs at the least: of many small shardlets no single move ever pays.
 */
import type { Phase, PlanContext } from '../context.ts';
import { copyBurden } from '../copy-burden.ts';
import { bestDestination, type Destination, gainOf } from '../destinations.ts';
import { immovable } from '../gates.ts';
import { nowhere, outOfBudget, recordMove } from '../moving.ts';
import type { SkipReason } from '../skip-reason.ts';

/** shardlets of a host whose destinations are looked at in full; the others lose by a rough estimate already */
const FINALISTS = 6;
/** of hosts with more, only those near the excess in size are weighed */
const MEMBERS_WEIGHED = 512;
/** pressure of a host that takes what it can */
export const FULL = 1;
/** what a host adds to the mean at most: counted as just full, one that is over by chance would make others stand out */
const PRESSURE_COUNTED = 1.5;

export const rebalance: Phase = {
  name: 'rebalance',
  run(context) {
    const marks = marksOf(context);
    for (const host of hotHosts(context, marks)) {
      const refused = relieve(context, host, marks.cool);
      if (refused !== undefined) context.skips.host('rebalance', host, refused);
      if (refused === 'budget-moves') break;
    }
    if (!context.isReplan) noteNearlyHot(context, marks);
  },
};

/**
 * Hottest first. No move makes another host hot, since destinations have a limit of their own, so the order of the
 * start is kept. A re-plan looks at the hosts of what has changed: the others were looked at before.
 */
function hotHosts({ cluster, rows, isReplan }: PlanContext, { hot }: Marks): number[] {
  const { owner } = cluster.input.shardlets;
  const hosts = isReplan ? new Set([...rows].map((shardlet) => owner[shardlet]!)) : cluster.pressure.keys();
  return [...hosts]
    .filter((host) => cluster.isActive(host) && cluster.pressure[host]! > hot)
    .sort((a, b) => cluster.pressure[b]! - cluster.pressure[a]! || a - b);
}

interface Marks {
  readonly hot: number;
  readonly cool: number;
}

/**
 * In a cluster that is full as a whole no host is hot for that: moving load about among the full helps nobody, so a
 * host has to stand out from the mean as well. What a host has far above its capacity does not make the others fuller, or
 * one hopeless host would hide all that could be relieved.
 */
export function marksOf({ cluster, policy }: Pick<PlanContext, 'cluster' | 'policy'>): Marks {
  const { fullness, hysteresis, imbalance_tolerance, imbalance_floor, stands_out } = policy.host;
  let sum = 0;
  let count = 0;
  for (let host = 0; host < cluster.hostCount; host++) {
    if (!cluster.isActive(host)) continue;
    sum += Math.min(PRESSURE_COUNTED, cluster.pressure[host]!);
    count++;
  }
  const mean = sum / Math.max(1, count);
  const uneven = Math.max(imbalance_floor, mean * (1 + imbalance_tolerance));
  const hot = Math.max(Math.min(fullness, uneven), mean * (1 + stands_out));
  return { hot, cool: Math.max(mean, hot - hysteresis) };
}

/** Moves off the host until it is below `cool`; the reason when it stays hot. */
function relieve(context: PlanContext, host: number, cool: number): SkipReason | undefined {
  const { cluster, policy } = context;
  while (cluster.pressure[host]! > cool) {
    if (context.budget.moves <= 0) return 'budget-moves';
    if (cluster.input.hosts.moves[host]! >= policy.host.moves_max) return 'source-busy';
    const best = bestMove(context, host);
    if (typeof best === 'string') return best;
    recordMove(context, 'rebalance', best.shardlet, best.to);
  }
  return undefined;
}

interface Candidate {
  readonly shardlet: number;
  /** gain less cost if the coolest host takes it */
  readonly net: number;
}

interface Best extends Candidate {
  readonly to: Destination;
  /** gain less what copying burdens both hosts with, without what keeps moves few */
  readonly relief: number;
}

/**
 * Lazy: the coolest host is nearly always the best destination, so the estimate with it ranks the shardlets, and
 * destinations are only looked for while the next estimate could still beat the best that was found.
 */
function bestMove(context: PlanContext, host: number): Best | SkipReason {
  const { cluster, skips, objective } = context;
  const finalists = finalistsOf(context, host);
  const gainMin = cluster.measuredPressure(host) > FULL ? Number.NEGATIVE_INFINITY : objective.gainMin;
  let best: Best | undefined;
  let reason: SkipReason = 'nothing-movable';
  for (const { shardlet, net } of finalists) {
    if (best !== undefined && best.net >= net) break;
    const found = destined(context, shardlet);
    if (typeof found !== 'string' && found.net >= gainMin && found.relief > 0) {
      if (best === undefined || found.net > best.net) best = found;
      continue;
    }
    if (reason !== 'gain-too-small') reason = typeof found === 'string' ? found : 'gain-too-small';
    skips.shardlet(shardlet, typeof found === 'string' ? found : 'gain-too-small');
  }
  return best ?? reason;
}

function destined(context: PlanContext, shardlet: number): Best | SkipReason {
  const { cluster, objective, policy } = context;
  const to = bestDestination(context, shardlet, policy.host.capacity_limit);
  if (!('host' in to)) return nowhere(context, shardlet, to);
  const { bytes, recentMoves } = cluster.input.shardlets;
  const cost = objective.moveCost(bytes[shardlet]!, recentMoves[shardlet]!);
  const relief = to.gain - copyBurden(context, shardlet, to.host);
  return { shardlet, to, net: relief - cost, relief };
}

/** The shardlets that would gain most if they could go to the coolest host, best first. */
function finalistsOf(context: PlanContext, host: number): Candidate[] {
  const { cluster, objective, skips } = context;
  const coolest = coolestHost(context, host);
  if (coolest === undefined) return [];
  const { bytes, recentMoves } = cluster.input.shardlets;
  const members = weighed(context, host);
  const finalists: Candidate[] = [];
  let least = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < members.length; at++) {
    const shardlet = members[at]!;
    const reason = immovable(context, shardlet) ?? outOfBudget(context, shardlet);
    if (reason !== undefined) {
      skips.shardlet(shardlet, reason);
      continue;
    }
    const cost = objective.moveCost(bytes[shardlet]!, recentMoves[shardlet]!);
    const net = gainOf(context, shardlet, coolest, 1) - cost;
    if (net < least) continue;
    insert(finalists, { shardlet, net });
    if (finalists.length === FINALISTS) least = finalists[FINALISTS - 1]!.net;
  }
  return finalists;
}

function insert(finalists: Candidate[], candidate: Candidate): void {
  let at = finalists.length;
  while (at > 0 && isWorse(finalists[at - 1]!, candidate)) at--;
  finalists.splice(at, 0, candidate);
  if (finalists.length > FINALISTS) finalists.pop();
}

/** Ties go to the lower row, so that the order of a host's list decides nothing. */
function isWorse(a: Candidate, b: Candidate): boolean {
  return a.net < b.net || (a.net === b.net && a.shardlet > b.shardlet);
}

function coolestHost({ cluster }: PlanContext, except: number): number | undefined {
  let best: number | undefined;
  for (const heap of cluster.coolest) {
    const host = heap.firstBut(except);
    if (host === undefined) continue;
    if (best === undefined || cluster.pressure[host]! < cluster.pressure[best]!) best = host;
  }
  return best;
}

function weighed({ cluster }: PlanContext, host: number): ArrayLike<number> {
  const members = cluster.membersOf(host);
  if (members.length <= MEMBERS_WEIGHED) return members;
  return Array.from(members)
    .map((shardlet) => ({ shardlet, share: cluster.shareOf(host, shardlet) }))
    .sort((a, b) => b.share - a.share || a.shardlet - b.shardlet)
    .slice(0, MEMBERS_WEIGHED)
    .map(({ shardlet }) => shardlet);
}

/** Hosts between the two marks: they look hot on a chart, and somebody will ask. */
function noteNearlyHot(context: PlanContext, { cool, hot }: Marks): void {
  for (let host = 0; host < context.cluster.hostCount; host++) {
    const pressure = context.cluster.pressure[host]!;
    if (context.cluster.isActive(host) && pressure > cool && pressure <= hot)
      context.skips.host('rebalance', host, 'inside-hysteresis');
  }
}
