/** A plan of one recommendation in the log, as the planner records it, for tests of what becomes of it. */
import { OWN_CLUSTER, type RecommendationRecord } from '@foreshard/core/advising';
import type { Recommendation } from '@foreshard/core/planning';
import type { RealCluster } from './real-cluster.ts';

const LIFETIME_MS = 3_600_000;

export async function recordPlan(
  cluster: RealCluster,
  change: Partial<Recommendation>,
  nowMs: number,
): Promise<RecommendationRecord> {
  const body: Recommendation = {
    ...{ step: 1, action: 'move', phase: 'rebalance', shardlets: [], source: null, destination: null },
    ...{ reason: 'relieves its host', urgency: 'now', overloadAt: null, gain: null, etaSeconds: null },
    ...{ cost: { objective: 0, bytes: 1 }, confidence: 1, alternatives: [], checks: [] },
    expiresAt: new Date(nowMs + LIFETIME_MS).toISOString(),
    ...change,
  };
  const figures = { objective: 1, hottest: 1, mean: 1, hotHosts: 1, crossHostShare: null, shardlets: 1 };
  const { recommendations } = cluster.control;
  const plan = {
    ...{
      revision: 'x',
      topologyVersion: 1,
      policy: { name: 'x', version: 1 },
      now: '',
      skipped: {},
      hosts: [],
    },
    ...{ recommendations: [body], before: figures, after: figures, nothingBecause: null, pressures: [] },
  };
  await recommendations.record(plan, { policyVersion: 1, nowMs });
  return (await recommendations.list({ cluster: OWN_CLUSTER, limit: 1 }))[0]!;
}
