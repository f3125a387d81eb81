/** Recommendations: what waits for a person, what became of the rest, and what the planner has concluded. */
import {
  churnOf,
  EVERY_CLUSTER,
  OWN_CLUSTER,
  RECOMMENDATION_STATES,
  REVERSAL_TIMES,
} from '@foreshard/core/advising';
import { z } from 'zod';
import type { ConsoleServer } from '../main.ts';
import {
  byUrgency,
  hostName,
  placesOf,
  recommendationView,
  titleOf,
} from '../recommendations/recommendation-view.ts';
import { away, query, router } from '../trpc.ts';

const LISTED_MAX = 200;
const DECISIONS_MAX = 100;
const CHURN_MS = 7 * 86_400_000;
/** More than anybody would let a planner move in a week. */
const CHURN_MAX = 10_000;
const PENDING = ['open', 'approved', 'running'] as const;

export const recommendationsRouter = router({
  list: query
    .input(z.object({ ended: z.boolean().default(false) }))
    .query(async ({ ctx: { server }, input }) => {
      const map = known(server);
      const [{ policy, version }, records, [newest], controls] = await Promise.all([
        server.policies.at(Date.now()),
        server.recommendations.list({
          cluster: EVERY_CLUSTER,
          states: input.ended ? RECOMMENDATION_STATES : PENDING,
          limit: LISTED_MAX,
        }),
        server.recommendations.decisions(1),
        server.moves.controls(),
      ]);
      return {
        rows: (input.ended ? records : records.sort(byUrgency)).map((record) =>
          recommendationView(map, policy, record),
        ),
        mode: policy.mode,
        /** what is approved does not begin then; null: it does */
        pausedFor: controls.paused ? controls.reason : null,
        policyVersion: version,
        /** null: the planner has not run yet */
        lastPlan:
          newest === undefined
            ? null
            : {
                atMs: newest.lastMs,
                nothingBecause: newest.nothingBecause,
                pressures: newest.document.pressures.map((one) => ({
                  ...one,
                  host: hostName(map, one.host)!,
                })),
                before: newest.document.before,
                after: newest.document.after,
              },
        atMs: Date.now(),
      };
    }),

  churn: query.query(async ({ ctx: { server } }) => {
    const nowMs = Date.now();
    const [{ policy }, moves, done] = await Promise.all([
      server.policies.at(nowMs),
      server.moves.list({ ended: true, limit: CHURN_MAX }),
      server.recommendations.list({ cluster: OWN_CLUSTER, states: ['done'], limit: CHURN_MAX }),
    ]);
    return {
      ...churnOf(moves, done, policy, nowMs - CHURN_MS),
      reversalMinutes: REVERSAL_TIMES * policy.rest.settle_time,
    };
  }),

  decisions: query.query(async ({ ctx: { server } }) => {
    const map = known(server);
    const records = await server.recommendations.decisions(DECISIONS_MAX);
    return records.map(({ document, ...record }) => ({
      ...record,
      hottestBefore: document.before.hottest,
      hottestAfter: document.after.hottest,
      reasons: document.recommendations.map((body) => ({
        title: titleOf(body),
        ...placesOf(body, (id) => hostName(map, id)),
        reason: body.reason,
        isReaction: body.isReaction,
      })),
    }));
  }),
});

function known(server: ConsoleServer) {
  const { map } = server.map;
  if (map === undefined) throw away();
  return map;
}
