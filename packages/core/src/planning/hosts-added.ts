/**
 * The cluster after a plan that asks for hosts, with these hosts in it: "add 49 hosts" is worth what the hosts relieve
 * once the load is spread over them, which takes plans that follow. Hosts asked for are taken to be as large as the
 * mean of those there are.
 */
import { type ClusterColumns, GONE, HOST_STATUS, IN_FLIGHT, NONE } from './columns.ts';
import { evacuateDrained, repairDeadHosts } from './phases/empty-hosts.ts';
import { rebalance } from './phases/rebalance.ts';
import { type Plan, plan } from './plan.ts';
import type { Policy } from './policy.ts';
import { withRoom } from './working-cluster.ts';

/** Beyond it the picture would take longer than the plan itself. */
const MOVES_MAX = 5_000;
/** No host of a live cluster has such an id: those are numbers. */
const ADDED = 'new-';

export function isAddedHost(id: string): boolean {
  return id.startsWith(ADDED);
}

/** The plan itself where it asks for no host; else the same actions, with figures and cluster of after the hosts have come. */
export function withHostsAdded(made: Plan, policy: Policy): Plan {
  const asked = made.actions.find((action) => action.kind === 'add-hosts');
  if (asked === undefined) return made;
  const columns = grown(made, asked.count, asked.zone);
  const { cluster, after } = plan(columns, unhurried(policy), made.nowMs, [
    repairDeadHosts,
    evacuateDrained,
    rebalance,
  ]);
  return { ...made, cluster, after };
}

/** By as many plans as it takes. */
function unhurried(policy: Policy): Policy {
  return {
    ...policy,
    budget: { ...policy.budget, moves: MOVES_MAX, bytes: Number.POSITIVE_INFINITY },
    host: { ...policy.host, moves_max: Number.POSITIVE_INFINITY },
    shardlet: { ...policy.shardlet, cooldown: 0 },
  };
}

function grown({ cluster }: Plan, count: number, zone: number): ClusterColumns {
  const rows = { ...cluster.input, shardletCount: cluster.count };
  const copy = withRoom(rows, 0);
  const { flags, owner } = copy.shardlets;
  for (let row = 0; row < cluster.count; row++) {
    flags[row]! &= ~IN_FLIGHT;
    if ((flags[row]! & GONE) !== 0) owner[row] = NONE;
  }
  const { hosts } = copy;
  const capacity = meanCapacity(rows);
  const added = Array.from({ length: count }, (_, i) => `${ADDED}${i + 1}`);
  return {
    ...copy,
    hosts: {
      ...hosts,
      ids: [...hosts.ids, ...added],
      zone: Int32Array.of(...hosts.zone, ...added.map(() => zone)),
      status: Uint8Array.of(...hosts.status, ...added.map(() => HOST_STATUS.active)),
      capacity: Float64Array.of(...hosts.capacity, ...added.flatMap(() => capacity)),
      health: Float64Array.of(...hosts.health, ...added.map(() => 100)),
      moves: new Int32Array(hosts.ids.length + count),
    },
  };
}

/** Of the active hosts, or of all where none is; by column. */
function meanCapacity({ hosts, columns }: ClusterColumns): number[] {
  const all = [...hosts.ids.keys()];
  const active = all.filter((host) => hosts.status[host] === HOST_STATUS.active);
  const like = active.length > 0 ? active : all;
  return columns.map(
    (_, column) =>
      like.reduce((sum, host) => sum + hosts.capacity[host * columns.length + column]!, 0) / like.length,
  );
}
