/** What the planner's routes take and answer. Times are RFC 3339; hosts and shardlets are named by number, as text. */
import { RECOMMENDATION_STATES, whatIfRequestSchema } from '@foreshard/core/advising';
import { policySchema as settings } from '@foreshard/core/planning';
import { z } from 'zod';

const time = z.iso.datetime();
/** as answered every setting is there; as sent, what is left out is the default */
const wholePolicy = settings.meta({ id: 'Policy' });
const sentPolicy = settings.meta({ id: 'PolicyRequest' });
const note = z.string().trim().max(500);

export const recommendationSchema = z
  .strictObject({
    id: z.int(),
    cluster: z.string().nullable().describe('name of a cluster that is not ours; null: ours'),
    revision: z.int().describe('of this proposal; an approval names it'),
    topologyVersion: z.int().describe('it was simulated on; an approval names it'),
    policyVersion: z.int(),
    state: z.enum(RECOMMENDATION_STATES),
    proposal: z.looseObject({ action: z.string(), reason: z.string() }),
    obstacle: z.string().nullable().describe('why nobody can approve it; null: somebody can'),
    firstAt: time,
    lastAt: time,
    expiresAt: time,
    decidedBy: z.string().nullable(),
    decidedAt: time.nullable(),
    note: z.string(),
    notBefore: time.nullable(),
    moves: z.array(z.int()),
    result: z.string(),
    endedAt: time.nullable(),
    realised: z.strictObject({ at: time, gain: z.number() }).nullable(),
  })
  .meta({ id: 'Recommendation' });

export const decisionSchema = z
  .strictObject({
    id: z.int(),
    at: time,
    lastAt: time,
    times: z.int().describe('the same was concluded so often'),
    topologyVersion: z.int(),
    policyVersion: z.int(),
    actions: z.int(),
    nothingBecause: z.string().nullable(),
    before: z.looseObject({ hottest: z.number() }),
    after: z.looseObject({ hottest: z.number() }),
  })
  .meta({ id: 'PlannerDecision' });

export const approvalSchema = z
  .strictObject({
    revision: z.int().min(1),
    topologyVersion: z.int().min(0),
    note: note.default(''),
    when: z
      .union([z.enum(['now', 'window']), z.iso.datetime({ offset: true })])
      .default('now')
      .describe('"window": in the next migration window of the policy; a time: not before it'),
  })
  .meta({ id: 'Approval' });

export const rejectionSchema = z.strictObject({ note: note.min(1, 'say why') }).meta({ id: 'Rejection' });

export const policyVersionSchema = z
  .strictObject({
    version: z.int().describe('0: the defaults, before anybody changed anything'),
    policy: wholePolicy,
    actor: z.string(),
    note: z.string(),
    createdAt: time.nullable(),
    effectiveAt: time.nullable(),
  })
  .meta({ id: 'PolicyVersion' });

export const policyChangeSchema = z
  .strictObject({
    from: z.int().min(0).describe('the newest version its author has seen'),
    policy: sentPolicy,
    note: note.default(''),
    effectiveAt: z.iso.datetime({ offset: true }).optional().describe('left out: at once'),
    callsOff: z.boolean().default(false).describe('a newest version that was to hold later never does'),
  })
  .meta({ id: 'PolicyChange' });

export const whatIfSchema = whatIfRequestSchema.meta({ id: 'WhatIf' });

const pictureSchema = z.strictObject({
  pressure: z.number(),
  eventsPerSecond: z.number(),
  shardlets: z.int(),
});

export const whatIfAnswerSchema = z
  .looseObject({
    at: time,
    topologyVersion: z.int(),
    hosts: z.array(
      z.strictObject({
        host: z.string(),
        now: pictureSchema.nullable(),
        changed: pictureSchema,
        planned: pictureSchema,
        isLost: z.boolean(),
      }),
    ),
    hostCount: z.int(),
    plan: z.looseObject({}),
    recommendationCount: z.int(),
  })
  .meta({ id: 'WhatIfAnswer' });

export const firingsSchema = z
  .strictObject({
    from: time,
    stepSeconds: z.number(),
    firings: z.array(
      z.strictObject({
        rule: z.string(),
        settings: z.array(z.string()),
        times: z.int(),
        subjects: z.int(),
        lastAt: time.nullable(),
        threshold: z.number(),
        observed: z.array(z.number().nullable()),
      }),
    ),
  })
  .meta({ id: 'Firings' });

export const firingsRequestSchema = z.strictObject({ policy: sentPolicy });
