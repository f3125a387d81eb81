/** A plan of a cluster of others on what is known of it now, by the policy and the code that plan ours. */
import { type ClusterState, compileState, type Plan, type Policy, plan } from '../planning/index.ts';
import type { ExternalCluster } from './description.ts';
import { EXTERNAL_PHASES, externalState, planningObstacle } from './external-state.ts';
import { inFlight, type Notified } from './notified-action.ts';
import { type ObserveClusterParts, observeCluster } from './observe-cluster.ts';

export type ClusterPlan =
  | { readonly kind: 'planned'; readonly state: ClusterState; readonly plan: Plan }
  | { readonly kind: 'not-planned'; readonly detail: string };

/** `told`: what was asked for and has not come true yet. */
export async function planCluster(
  parts: ObserveClusterParts,
  cluster: ExternalCluster,
  policy: Policy,
  notified: readonly Notified[],
): Promise<ClusterPlan> {
  const nowMs = parts.nowMs();
  const detail = planningObstacle(cluster, nowMs);
  if (detail !== undefined) return { kind: 'not-planned', detail };
  const seen = await observeCluster({ ...parts, nowMs: () => nowMs }, cluster, policy);
  const state = { ...externalState(cluster, seen, policy), moves: inFlight(notified, cluster) };
  return {
    ...{ kind: 'planned', state },
    plan: plan(compileState(state, policy), policy, nowMs, EXTERNAL_PHASES),
  };
}
