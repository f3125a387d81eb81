/**
 * The fourth phase: members of a spread group off a zone that has more of them than its share, since a rule has changed
 * or a host has come into another zone. The smallest go, because any of them will do.
 */
import { NONE } from '../columns.ts';
import type { Phase, PlanContext } from '../context.ts';
import { zoneShare } from '../gates.ts';
import { moveAway } from '../moving.ts';

export const spreadZones: Phase = {
  name: 'spread-zones',
  run(context) {
    const { cluster, policy, rows } = context;
    const { shardlets, hosts } = cluster.input;
    if (policy.host.zone_share_max >= 1 || hosts.zones.length < 2) return;
    const dense = [...rows].filter((shardlet) => excessOf(context, shardlet) > 0);
    dense.sort((a, b) => shardlets.bytes[a]! - shardlets.bytes[b]! || a - b);
    for (const shardlet of dense)
      if (excessOf(context, shardlet) > 0)
        moveAway(context, 'spread-zones', shardlet, hosts.zone[shardlets.owner[shardlet]!]);
  },
};

/** How many members too many lie in the zone of this one. */
function excessOf({ cluster, policy }: PlanContext, shardlet: number): number {
  const { shardlets, hosts } = cluster.input;
  const group = shardlets.group[shardlet]!;
  const owner = shardlets.owner[shardlet]!;
  if (group === NONE || owner === NONE) return 0;
  return cluster.zoneCount(group, hosts.zone[owner]!) - zoneShare(cluster, policy, group);
}
