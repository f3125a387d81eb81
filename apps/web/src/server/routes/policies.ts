/** The policy of the planner as its page shows it: what holds, and what held. */
import { isCalledOff } from '@foreshard/core/advising';
import { DEFAULT_POLICY, policyDifferences, policySchema } from '@foreshard/core/planning';
import { z } from 'zod';
import { POLICY_SECTIONS } from '../policies/policy-fields.ts';
import { asked, query, router } from '../trpc.ts';

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
});
