/** What would become of the cluster, in one sentence. */
import type { WhatIfView } from './view.ts';

type Plan = WhatIfView['plan'];

interface Answer {
  readonly hosts: readonly Pick<WhatIfView['hosts'][number], 'isLost' | 'planned'>[];
  readonly plan: Pick<Plan, 'before' | 'after' | 'skipped'> & {
    readonly recommendations: readonly Pick<Plan['recommendations'][number], 'action' | 'hosts'>[];
  };
  readonly recommendationCount: number;
}

/** In one sentence: does it hold, and if not, can it be mended. */
export function verdictOf({ hosts, plan, recommendationCount }: Answer): string {
  const { before, after } = plan;
  const homeless = hosts.reduce((sum, one) => sum + (one.isLost ? one.planned.shardlets : 0), 0);
  const more = plan.recommendations.find(({ action }) => action === 'add-hosts')?.hosts;
  const needed = more === 1 ? 'one host more' : `${more} hosts more`;
  if (homeless > 0) {
    const what = homeless === 1 ? '1 shardlet' : `${homeless} shardlets`;
    const busy = (plan.skipped['destinations-busy'] ?? 0) + (plan.skipped['budget-moves'] ?? 0);
    if (busy >= homeless) return `${what} cannot be placed yet: the limit of moves at a time is reached`;
    return `${what} of the lost host cannot be placed${more === undefined ? '' : `: ${needed} would be needed`}`;
  }
  if (before.hottest <= 1 && before.hotHosts === 0) return 'It holds: no host becomes hot';
  const state = before.hottest > 1 ? 'A host is overloaded' : 'A host becomes hot';
  if (recommendationCount === 0) return `${state}, and nothing helps`;
  if (more !== undefined) return `${state}: ${needed} would be needed`;
  if (after.hottest > 1) return `${state}, and what would be recommended does not suffice`;
  const steps = recommendationCount === 1 ? 'one step' : `${recommendationCount} steps`;
  return `${state}; ${steps} would mend it`;
}

export function homelessText({
  changed,
  planned,
}: Pick<WhatIfView['hosts'][number], 'changed' | 'planned'>): string {
  if (planned.shardlets === 0) return `${changed.shardlets} shardlets find another place`;
  return `${planned.shardlets} of ${changed.shardlets} shardlets wait for a place`;
}
