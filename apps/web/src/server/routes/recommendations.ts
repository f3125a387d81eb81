/** Recommendations: what waits for a person, what became of the rest, and what the planner has concluded. */
import { allows, OWN_CLUSTER as OUR_OWN, type Principal } from '@foreshard/core/access';
import {
  churnOf,
  OWN_CLUSTER,
  PLAN_STATES,
  type PlanRow,
  planPage,
  planStateOf,
  RECOMMENDATION_STATES,
  REVERSAL_TIMES,
} from '@foreshard/core/advising';
import { everyClusterSeen, planDocument } from '@foreshard/core/operations/handlers';
import { z } from 'zod';
import type { ConsoleServer } from '../main.ts';
import {
  byUrgency,
  hostName,
  placesOf,
  recommendationView,
  titleOf,
} from '../recommendations/recommendation-view.ts';
import { PLANS_MAX, waitingItems } from '../recommendations/waiting.ts';
import { away, query, queryOfSeen, router } from '../trpc.ts';

const LISTED_MAX = 200;
const DECISIONS_MAX = 100;
const CHURN_MS = 7 * 86_400_000;
/** More than anybody would let a planner move in a week. */
const CHURN_MAX = 10_000;
const HISTORY_PAGE = 20;
const ENDED_PLANS = 5;
/** Whoever approved it comes back to see what became of it. */
const ENDED_SHOWN_MS = 2 * 3_600_000;
const PENDING = ['open', 'approved', 'running'] as const;

export const recommendationsRouter = router({
  list: queryOfSeen
    .input(z.object({ ended: z.boolean().default(false) }))
    .query(async ({ ctx: { server, identity }, input }) => {
      const map = known(server);
      const { principal } = identity;
      const [{ policy, version }, records, [newest], controls] = await Promise.all([
        server.policies.at(Date.now()),
        server.recommendations.list({
          cluster: everyClusterSeen(principal),
          states: input.ended ? RECOMMENDATION_STATES : PENDING,
          limit: LISTED_MAX,
        }),
        seesOurs(principal) ? server.recommendations.decisions(1) : [],
        server.moves.controls(),
      ]);
      return {
        rows: (input.ended ? records : records.sort(byUrgency)).map((record) =>
          recommendationView(map, policy, record),
        ),
        mode: policy.mode,
        /** may who asks see our own cluster, with its last plan? */
        seesOurs: seesOurs(principal),
        /** what is approved does not begin then; null: it does */
        pausedFor: controls.paused ? controls.reason : null,
        policyVersion: version,
        /** of our own cluster; null: the planner has not run yet, or who asks may not see it */
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

  /** Plans, and recommendations that are part of none: what the overview lists and counts. */
  waiting: queryOfSeen.query(async ({ ctx: { server, identity } }) => {
    const map = known(server);
    const nowMs = Date.now();
    const cluster = everyClusterSeen(identity.principal);
    const [{ policy }, plans, open] = await Promise.all([
      server.policies.at(nowMs),
      server.plans.list({ cluster, ended: false, limit: PLANS_MAX }),
      server.recommendations.list({ cluster, states: ['open'], limit: LISTED_MAX }),
    ]);
    return { items: waitingItems(map, policy, { plans, open }, nowMs), atMs: nowMs };
  }),

  /** What waits or goes on, and the newest that have ended; each part also as a row of the inbox. */
  plans: queryOfSeen.query(async ({ ctx: { server, identity } }) => {
    const nowMs = Date.now();
    const cluster = everyClusterSeen(identity.principal);
    const [live, newest] = await Promise.all([
      server.plans.list({ cluster, ended: false, limit: PLANS_MAX }),
      server.plans.list({ cluster, ended: true, limit: ENDED_PLANS }),
    ]);
    const ended = newest.filter((one) => isWorthShowing(one, nowMs) && !live.some(({ id }) => id === one.id));
    return { plans: await shownPlans(server, [...live, ...ended]), atMs: nowMs };
  }),

  /** Every plan there was, newest first; each part also as a row of the inbox. */
  history: queryOfSeen
    .input(z.object({ state: z.enum(PLAN_STATES).optional(), before: z.int().min(1).optional() }))
    .query(async ({ ctx: { server, identity }, input: { state, before } }) => {
      const cluster = everyClusterSeen(identity.principal);
      const states = state === undefined ? undefined : [state];
      const page = await planPage(server.plans, {
        ...{ cluster, ended: true, states, before, limit: HISTORY_PAGE },
      });
      return { plans: await shownPlans(server, page.plans), next: page.next, atMs: Date.now() };
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

async function shownPlans(server: ConsoleServer, plans: readonly PlanRow[]) {
  const map = known(server);
  const nowMs = Date.now();
  const [{ policy }, writePause] = await Promise.all([
    server.policies.at(nowMs),
    server.writePauses.measured(),
  ]);
  const context = { policy, hosts: map.hosts(), writePause, moves: server.moves, nowMs };
  return Promise.all(
    plans.map(async (plan) => ({
      ...(await planDocument(plan, context)),
      rows: plan.parts.map((record) => recommendationView(map, policy, record)),
    })),
  );
}

function seesOurs({ grants }: Principal): boolean {
  return allows(grants, 'cluster:read', { cluster: OUR_OWN });
}

/** Of what was carried out, or undone. */
function isWorthShowing(plan: PlanRow, nowMs: number): boolean {
  const lastMs = Math.max(
    plan.lastMs,
    plan.undone?.atMs ?? 0,
    ...plan.parts.map(({ endedMs }) => endedMs ?? 0),
  );
  return planStateOf(plan) !== 'dropped' && nowMs - lastMs < ENDED_SHOWN_MS;
}

function known(server: ConsoleServer) {
  const { map } = server.map;
  if (map === undefined) throw away();
  return map;
}
