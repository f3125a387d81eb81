/**
 * What a move was worth, in the same unit in which it was promised: the objective of the cluster as it is, against the
 * same cluster under the same load with the shardlet still where it came from. So the growth of the load itself counts
 * on both sides.
 */
import { type ClusterState, compileState, type Plan, type Policy, plan } from '../planning/index.ts';
import type { HostPressure } from './plan-picture.ts';

export function realisedGain(
  state: ClusterState,
  policy: Policy,
  { shardlet, source }: { readonly shardlet: string; readonly source: string },
): number | undefined {
  const there =
    state.shardlets.some(({ id }) => id === shardlet) && state.hosts.some(({ id }) => id === source);
  if (!there) return undefined;
  const without = {
    ...state,
    shardlets: state.shardlets.map((one) => (one.id === shardlet ? { ...one, host: source } : one)),
  };
  return figures(without, policy).before.objective - figures(state, policy).before.objective;
}

/** Of every host, hottest first; hosts that the plan asks for were at 0 before. */
export function pressuresOf(before: Plan, after: Plan): HostPressure[] {
  const { ids } = after.cluster.input.hosts;
  return ids
    .map((host, row) => ({
      host,
      before: before.cluster.pressure[row] ?? 0,
      after: after.cluster.pressure[row]!,
    }))
    .sort((a, b) => Math.max(b.before, b.after) - Math.max(a.before, a.after));
}

/** The cluster as it is: a plan without phases. */
export function figures(state: ClusterState, policy: Policy): Plan {
  return plan(compileState(state, policy), policy, Date.parse(state.now), []);
}
