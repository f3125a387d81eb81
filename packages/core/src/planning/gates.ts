/**
 * Against thrash: what may not be touched now, whatever it would gain. The rest of a shardlet after a change, moves
 * that go on, frozen ranges; and for destinations the hard constraints. Each answers with the reason.
 */
import { FROZEN, HOST_STATUS, IN_FLIGHT, NONE } from './columns.ts';
import { MINUTE_MS, type PlanContext } from './context.ts';
import type { SkipReason } from './skip-reason.ts';

/** of its capacity */
const AS_GOOD_AS_EMPTY = 0.05;

/** Why the shardlet may not be split, rolled or merged: what was just moved has no settled load to judge by. */
export function unshapeable(context: PlanContext, shardlet: number): SkipReason | undefined {
  const { hosts, shardlets } = context.cluster.input;
  if (hosts.status[shardlets.owner[shardlet]!] === HOST_STATUS.dead) return 'host-dead';
  return immovable(context, shardlet) ?? resting(context, shardlets.reshapedAtMs[shardlet]!);
}

/** Why it may not be moved for gain. Parts of a split may: to be placed apart is what they were split for. */
export function immovable(context: PlanContext, shardlet: number): SkipReason | undefined {
  const { flags, movedAtMs } = context.cluster.input.shardlets;
  const own = flags[shardlet]!;
  if ((own & FROZEN) !== 0) return 'frozen';
  if ((own & IN_FLIGHT) !== 0) return 'in-flight';
  return resting(context, movedAtMs[shardlet]!);
}

function resting({ policy, nowMs }: PlanContext, sinceMs: number): SkipReason | undefined {
  return nowMs - sinceMs < policy.shardlet.cooldown * MINUTE_MS ? 'cooling-down' : undefined;
}

/** Why the host may not receive the shardlet. `limit`: the pressure it may have afterwards. */
export function unfitDestination(
  context: PlanContext,
  shardlet: number,
  host: number,
  limit: number,
): SkipReason | undefined {
  const { cluster, policy, nowMs } = context;
  const { hosts, shardlets } = cluster.input;
  if (hosts.status[host] !== HOST_STATUS.active) return 'destination-leaving';
  if (hosts.health[host]! < policy.host.health_threshold) return 'destination-unhealthy';
  if (hosts.moves[host]! >= policy.host.moves_max) return 'destination-busy';
  if (cluster.owned[host]! >= policy.host.max_shards) return 'destination-at-max-shards';
  const pin = shardlets.pin[shardlet]!;
  if (pin !== NONE && !cluster.allows(pin, host)) return 'pinned-elsewhere';
  const settling = nowMs - shardlets.movedAtMs[shardlet]! < policy.rest.settle_time * MINUTE_MS;
  if (settling && shardlets.cameFrom[shardlet] === host) return 'would-move-back';
  if (!spreads(context, shardlet, host)) return 'zone-spread';
  if (cluster.pressureWith(host, shardlet, 1) > limit && !isToBeAlone(context, shardlet, host))
    return 'destination-over-capacity';
  return undefined;
}

/** What is too much for any such host by itself burdens nobody else on one that is as good as empty. */
function isToBeAlone({ cluster, policy }: PlanContext, shardlet: number, host: number): boolean {
  return (
    cluster.pressure[host]! <= AS_GOOD_AS_EMPTY &&
    cluster.shareOf(host, shardlet) > policy.host.capacity_limit
  );
}

function spreads({ cluster, policy }: PlanContext, shardlet: number, host: number): boolean {
  const { shardlets, hosts } = cluster.input;
  const group = shardlets.group[shardlet]!;
  if (group === NONE || policy.host.zone_share_max >= 1) return true;
  const zone = hosts.zone[host]!;
  const owner = shardlets.owner[shardlet]!;
  if (owner !== NONE && hosts.zone[owner] === zone) return true;
  return cluster.zoneCount(group, zone) < zoneShare(cluster, policy, group);
}

/** How many members of the group one zone may have. */
export function zoneShare(
  { groupSize }: PlanContext['cluster'],
  { host }: PlanContext['policy'],
  group: number,
): number {
  return Math.ceil(groupSize[group]! * host.zone_share_max);
}
