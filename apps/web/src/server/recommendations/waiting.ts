/**
 * What waits for a person, as the inbox counts it: plans, and recommendations that are part of none. The overview's verdict,
 * tile and list are made of it, so that no two of them count differently.
 */
import type { PlanRow, RecommendationRecord } from '@foreshard/core/advising';
import { planHeadline } from '@foreshard/core/operations/handlers';
import type { Policy } from '@foreshard/core/planning';
import type { TopologyMap } from '@foreshard/core/topology';
import { byUrgency, recommendationView } from './recommendation-view.ts';

/** As many as the inbox shows. */
export const PLANS_MAX = 50;

export interface WaitingItem {
  readonly kind: 'plan' | 'recommendation';
  readonly id: number;
  /** empty: our own */
  readonly cluster: string;
  readonly headline: string;
  readonly reason: string;
  readonly urgency: RecommendationRecord['body']['urgency'];
  /** why nobody can decide about any of it now; null: somebody can */
  readonly obstacle: string | null;
  /** that are open */
  readonly parts: number;
}

/** The most urgent first. `plans`: those of which something waits or runs; `open`: recommendations, in plans or not. */
export function waitingItems(
  map: TopologyMap,
  policy: Policy,
  { plans, open }: { readonly plans: readonly PlanRow[]; readonly open: readonly RecommendationRecord[] },
  nowMs: number,
): WaitingItem[] {
  const planned = new Set(plans.map(({ id }) => id));
  const lone = open.filter(({ plan }) => plan === null || !planned.has(plan));
  const item = (
    kind: WaitingItem['kind'],
    id: number,
    parts: readonly RecommendationRecord[],
    headline?: string,
  ) => {
    const rows = parts.filter(({ state }) => state === 'open').sort(byUrgency);
    const views = rows.map((row) => recommendationView(map, policy, row));
    const [first] = views;
    if (first === undefined) return [];
    const { cluster, title, body } = first;
    return {
      ...{ kind, id, cluster, headline: headline ?? title, reason: body.reason, urgency: body.urgency },
      obstacle: views.every(({ obstacle }) => obstacle !== null) ? first.obstacle : null,
      parts: views.length,
    };
  };
  const hosts = map.hosts();
  return [
    ...plans.flatMap((plan) => item('plan', plan.id, plan.parts, planHeadline(plan, { hosts, nowMs }))),
    ...lone.flatMap((row) => item('recommendation', row.id, [row])),
  ].sort((a, b) => URGENCIES.indexOf(a.urgency) - URGENCIES.indexOf(b.urgency));
}

const URGENCIES: readonly WaitingItem['urgency'][] = ['now', 'soon', 'when-convenient'];
