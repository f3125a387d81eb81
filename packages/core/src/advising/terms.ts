/** What a policy says of one recommendation: who approves it, by which criteria, and when it may begin. */
import type { Policy, PolicyScope } from '../planning/index.ts';
import { OWN_CLUSTER, type RecommendationRecord } from './recommendation-log.ts';

export type Terms = Pick<Policy, 'mode' | 'auto' | 'migration_window'>;

/** What is proposed, and in which cluster. */
export interface Proposed {
  readonly cluster: string;
  readonly body: Pick<RecommendationRecord['body'], 'area'>;
}

/** Those of the first scope that speaks of it, else those for all. What changes the number of our hosts is of no stream. */
export function termsFor(policy: Policy, proposed: Proposed): Terms {
  return termsOf(policy, scopeFor(policy, proposed));
}

/** Undefined where none speaks of it. */
export function scopeFor({ scopes }: Policy, { cluster, body: { area } }: Proposed): PolicyScope | undefined {
  const isOwn = cluster === OWN_CLUSTER;
  return scopes.find((scope) => (isOwn ? isOfStream(scope, area) : scope.cluster === cluster));
}

function isOfStream({ stream, shards }: PolicyScope, area: Proposed['body']['area']): boolean {
  if (area === undefined || stream !== area.stream) return false;
  return shards === undefined || (shards[0] <= area.shard && area.shard <= shards[1]);
}

function termsOf(policy: Policy, scope: PolicyScope | undefined): Terms {
  if (scope === undefined) return policy;
  return {
    mode: scope.mode,
    auto: { ...policy.auto, ...scope.auto },
    migration_window: scope.migration_window ?? policy.migration_window,
  };
}
