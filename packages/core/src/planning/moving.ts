/** Puts a move into the plan: the record with its evidence first, then the cluster as it will be. */
import type { Alternative, PhaseName } from './action.ts';
import { demandDoubt, FROZEN, HOST_STATUS, IN_FLIGHT, NONE } from './columns.ts';
import type { PlanContext } from './context.ts';
import { copyBurden } from './copy-burden.ts';
import { bestDestination, type Destination, gainOf } from './destinations.ts';
import type { SkipReason } from './skip-reason.ts';

/** Why no further move may be planned; undefined while there is room. */
export function outOfBudget({ budget, cluster }: PlanContext, shardlet: number): SkipReason | undefined {
  if (budget.moves <= 0) return 'budget-moves';
  if (budget.bytes < cluster.input.shardlets.bytes[shardlet]!) return 'budget-bytes';
  return undefined;
}

export function recordMove(context: PlanContext, phase: PhaseName, shardlet: number, to: Destination): void {
  const { cluster, objective, budget, actions } = context;
  const { shardlets } = cluster.input;
  const from = shardlets.owner[shardlet]!;
  const bytes = shardlets.bytes[shardlet]!;
  const doubt = demandDoubt(shardlets, shardlet);
  // the gain may be this move's part of what several gain together, which only all of them bring about
  const ofOthers = to.gain - gainOf(context, shardlet, to.host, 1);
  const one = ofOthers + gainOf(context, shardlet, to.host, 1 - doubt);
  const other = ofOthers + gainOf(context, shardlet, to.host, 1 + doubt);
  const sourcePressure = from === NONE ? 0 : cluster.pressure[from]!;
  const cost =
    objective.moveCost(bytes, shardlets.recentMoves[shardlet]!) + copyBurden(context, shardlet, to.host);
  cluster.move(shardlet, to.host);
  budget.moves--;
  budget.bytes -= bytes;
  actions.push({
    kind: 'move',
    phase,
    shardlet,
    from,
    to: to.host,
    gain: to.gain,
    gainLow: Math.min(one, other, to.gain),
    gainHigh: Math.max(one, other, to.gain),
    cost,
    bytes,
    sourcePressure,
    sourcePressureAfter: from === NONE ? 0 : cluster.pressure[from]!,
    destinationPressureAfter: cluster.pressure[to.host]!,
    alternatives: to.alternatives,
  });
}

/**
 * Everything off a host that has to be emptied, heaviest first, because the heavy are the hardest to place. The cost
 * of moving does not count: it has to be done.
 */
export function emptyHost(context: PlanContext, phase: PhaseName, host: number): void {
  const { cluster } = context;
  const members = [...cluster.membersOf(host)].sort(
    (a, b) => cluster.shareOf(host, b) - cluster.shareOf(host, a) || a - b,
  );
  for (const shardlet of members) moveAway(context, phase, shardlet);
}

/** One shardlet off its host, or off its whole zone, whatever moving it costs; or the reason why not. */
export function moveAway(
  context: PlanContext,
  phase: PhaseName,
  shardlet: number,
  zoneLeft: number = NONE,
): void {
  const { cluster, skips, policy } = context;
  const { hosts, shardlets } = cluster.input;
  const host = shardlets.owner[shardlet]!;
  // a dead host copies nothing, so it is never busy
  const busy = hosts.status[host] !== HOST_STATUS.dead && hosts.moves[host]! >= policy.host.moves_max;
  const reason = fixed(shardlets.flags[shardlet]!) ?? (busy ? 'source-busy' : outOfBudget(context, shardlet));
  if (reason !== undefined) skips.shardlet(shardlet, reason);
  else {
    const obstacle = place(context, phase, shardlet, zoneLeft);
    if (obstacle !== undefined) skips.shardlet(shardlet, obstacle);
  }
}

/** Why no host takes the shardlet: a pin that no host meets is for somebody to correct, room may come. */
export function nowhere(
  { cluster }: PlanContext,
  shardlet: number,
  asked: readonly Alternative[],
): SkipReason {
  const { pins, shardlets } = cluster.input;
  const pin = shardlets.pin[shardlet]!;
  if (pin !== NONE && pins[pin]!.length === 0) return 'no-host-for-pin';
  // moves that go on end: it is not a want of room
  return asked.some(({ why }) => why === 'destination-busy') ? 'destinations-busy' : 'no-destination';
}

/** No cooldown here: what has to be done does not wait. */
function fixed(flags: number): SkipReason | undefined {
  if ((flags & FROZEN) !== 0) return 'frozen';
  return (flags & IN_FLIGHT) !== 0 ? 'in-flight' : undefined;
}

/** The reason when no host takes it. */
function place(
  context: PlanContext,
  phase: PhaseName,
  shardlet: number,
  zoneLeft: number,
): SkipReason | undefined {
  const best = bestDestination(context, shardlet, context.policy.host.capacity_limit, zoneLeft);
  if (!('host' in best)) return nowhere(context, shardlet, best);
  recordMove(context, phase, shardlet, best);
  return undefined;
}
