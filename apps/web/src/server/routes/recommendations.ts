/** Recommendations: what waits for a person, what became of the rest, and what the planner has concluded. */
import {
  type Adviser,
  approve,
  churnOf,
  EVERY_CLUSTER,
  OWN_CLUSTER,
  RECOMMENDATION_STATES,
  REVERSAL_TIMES,
  type RecommendationRecord,
  reject,
} from '@foreshard/core/advising';
import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import { ACTOR, type ConsoleServer } from '../main.ts';
import { hostName, placesOf, recommendationView, titleOf } from '../recommendations/recommendation-view.ts';
import { away, mutation, query, router } from '../trpc.ts';

const LISTED_MAX = 200;
const DECISIONS_MAX = 100;
const CHURN_MS = 7 * 86_400_000;
/** More than anybody would let a planner move in a week. */
const CHURN_MAX = 10_000;
const PENDING = ['open', 'approved', 'running'] as const;

const id = z.int().min(1);
const note = z.string().trim().max(500);

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

  approve: mutation
    .input(
      z.object({
        requests: z
          .array(z.object({ id, revision: z.int().min(1), topologyVersion: z.int().min(0) }))
          .min(1)
          .max(LISTED_MAX),
        when: z.union([z.enum(['now', 'window']), z.int().min(0)]),
        note: note.default(''),
      }),
    )
    .mutation(async ({ ctx: { server }, input: { requests, when, note } }) => {
      const replies = await approve(
        adviser(server),
        requests.map((request) => ({ ...request, when, note })),
      );
      for (const reply of replies) {
        if (reply.kind === 'stale')
          throw new TRPCError({
            code: 'CONFLICT',
            message: `Not approved: ${reply.detail}. It is being simulated anew; look at it again.`,
          });
        if (reply.kind === 'ended')
          throw new TRPCError({ code: 'CONFLICT', message: `It is ${reply.record.state} already.` });
        if (reply.kind === 'forbidden') throw new TRPCError({ code: 'BAD_REQUEST', message: reply.detail });
        if (reply.kind === 'unknown') throw gone();
      }
      return { notBeforeMs: replies.map((reply) => (reply.kind === 'approved' ? reply.notBeforeMs : null)) };
    }),

  reject: mutation
    .input(z.object({ id, note: note.min(1, 'say why') }))
    .mutation(async ({ ctx: { server }, input }) => {
      const reply = await reject(adviser(server), input.id, input.note);
      if (reply.kind === 'unknown') throw gone();
      if (reply.kind === 'ended')
        throw new TRPCError({ code: 'CONFLICT', message: `It is ${reply.record.state} already.` });
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

const URGENCIES = ['now', 'soon', 'when-convenient'];

/** What is under way first, then the most urgent; within that in the order of the plan. */
function byUrgency(a: RecommendationRecord, b: RecommendationRecord): number {
  const rank = ({ state, body }: RecommendationRecord) =>
    state === 'open' ? 1 + URGENCIES.indexOf(body.urgency) : 0;
  return rank(a) - rank(b) || a.body.step - b.body.step;
}

function adviser(server: ConsoleServer): Adviser {
  const { recommendations: log, policies, topology, clusters, jobs } = server;
  const wake = async () =>
    void (await Promise.all([jobs.wake('carryOut'), jobs.wake('plan'), jobs.wake('clusters')]));
  return { log, policies, topology, clusters, wake, nowMs: Date.now, actor: ACTOR };
}

function known(server: ConsoleServer) {
  const { map } = server.map;
  if (map === undefined) throw away();
  return map;
}

function gone(): TRPCError {
  return new TRPCError({ code: 'NOT_FOUND', message: 'There is no such recommendation.' });
}
