/** The policy of the planner: what holds, what held, and changes that two people cannot make over each other. */
import { changePolicy, earlyText, isCalledOff } from '@foreshard/core/advising';
import { DEFAULT_POLICY, policyDifferences, policySchema } from '@foreshard/core/planning';
import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import { ACTOR } from '../main.ts';
import { POLICY_SECTIONS } from '../policies/policy-fields.ts';
import { asked, mutation, query, router } from '../trpc.ts';

const LISTED_MAX = 100;

export const policiesRouter = router({
  current: query.query(async ({ ctx: { server } }) => {
    const nowMs = Date.now();
    const [holding, versions] = await Promise.all([
      server.policies.at(nowMs),
      server.policies.versions(LISTED_MAX),
    ]);
    return {
      holding: holding.version,
      /** what a change is made from: the newest, also when it holds only later */
      newest: versions[0] ?? holding,
      sections: POLICY_SECTIONS,
      versions: versions.map((version, i) => ({
        ...version,
        differences: policyDifferences(versions[i + 1]?.policy ?? DEFAULT_POLICY, version.policy),
        isCalledOff: isCalledOff(version, versions.slice(0, i)),
      })),
      atMs: nowMs,
    };
  }),

  /** How often each rule would have fired within the last seven days under this policy. */
  firings: query
    .input(z.object({ policy: policySchema }))
    .query(({ ctx: { server }, input }) => asked(server.inquiries.ask('firings', input))),

  save: mutation
    .input(
      z.object({
        from: z.int().min(0),
        policy: policySchema,
        note: z.string().trim().max(500).default(''),
        effectiveMs: z.int().nullable().default(null),
      }),
    )
    .mutation(async ({ ctx: { server }, input: { from, policy, note, effectiveMs } }) => {
      const createdMs = Date.now();
      const made = { policy, note, actor: ACTOR, createdMs, effectiveMs: effectiveMs ?? createdMs };
      const reply = await changePolicy(server.policies, { from, ...made }, { callsOff: false });
      if (reply.kind === 'conflict')
        throw new TRPCError({
          code: 'CONFLICT',
          message:
            'Somebody has changed the policy meanwhile. Nothing was overwritten: look at the new version.',
        });
      if (reply.kind === 'contradictory') throw new TRPCError({ code: 'BAD_REQUEST', message: reply.detail });
      if (reply.kind === 'early')
        throw new TRPCError({ code: 'CONFLICT', message: earlyText(reply.scheduled) });
      await server.jobs.wake('plan').catch(() => {});
      return { version: reply.version.version };
    }),

  rollback: mutation
    .input(z.object({ from: z.int().min(0), to: z.int().min(0) }))
    .mutation(async ({ ctx: { server }, input: { from, to } }) => {
      const versions = await server.policies.versions(Number.MAX_SAFE_INTEGER);
      const policy = to === 0 ? DEFAULT_POLICY : versions.find(({ version }) => version === to)?.policy;
      if (policy === undefined)
        throw new TRPCError({ code: 'NOT_FOUND', message: `There is no version ${to}.` });
      const createdMs = Date.now();
      const made = { policy, note: `back to version ${to}`, actor: ACTOR, createdMs, effectiveMs: createdMs };
      const reply = await changePolicy(server.policies, { from, ...made }, { callsOff: true });
      if (reply.kind === 'contradictory') throw new TRPCError({ code: 'BAD_REQUEST', message: reply.detail });
      if (reply.kind !== 'made')
        throw new TRPCError({ code: 'CONFLICT', message: 'Somebody has changed the policy meanwhile.' });
      await server.jobs.wake('plan').catch(() => {});
    }),
});
