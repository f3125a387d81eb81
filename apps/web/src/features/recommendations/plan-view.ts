/** A plan as the inbox shows it, and what its parts have in common. */
import type { inferRouterOutputs } from '@trpc/server';
import type { RecommendationView } from '../../server/recommendations/recommendation-view.ts';
import type { AppRouter } from '../../server/router.ts';

export type PlanView = inferRouterOutputs<AppRouter>['recommendations']['plans']['plans'][number];

const DROPPED: readonly string[] = ['rejected', 'expired', 'withdrawn'];

export function isDropped({ state }: Pick<RecommendationView, 'state'>): boolean {
  return DROPPED.includes(state);
}

export interface Alike {
  readonly key: string;
  readonly rows: readonly RecommendationView[];
}

/** So many lines say the same that one says it for all. */
const GROUPED_FROM = 5;

/** Rows that are alike but for their shardlet: the same action in the same state; few stay lines of their own. */
export function alike(rows: readonly RecommendationView[]): Alike[] {
  const groups = Map.groupBy(rows, ({ body, state }) => `${body.action} ${state}`);
  return [...groups].flatMap(([key, found]) =>
    found.length >= GROUPED_FROM
      ? { key, rows: found }
      : found.map((row) => ({ key: String(row.id), rows: [row] })),
  );
}

/** What a choice has to be approved with: what the chosen parts need, and what those need. */
export function withNeeded(plan: Pick<PlanView, 'parts'>, chosen: ReadonlySet<number>): Set<number> {
  const needs = new Map(plan.parts.map(({ recommendation, dependsOn }) => [recommendation.id, dependsOn]));
  const open = new Set(
    plan.parts.flatMap(({ recommendation: { id, state } }) => (state === 'open' ? id : [])),
  );
  const all = new Set<number>();
  const visit = (id: number) => {
    if (all.has(id) || !open.has(id)) return;
    all.add(id);
    for (const one of needs.get(id) ?? []) visit(one);
  };
  for (const id of chosen) visit(id);
  return all;
}
