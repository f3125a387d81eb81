/** The policy of the planner: every version, and changes that two people cannot make over each other. */
import { z } from 'zod';
import { policySchema } from '../planning/index.ts';
import { command, query } from './operation.ts';

const LISTED_MAX = 1_000;
const LISTED_DEFAULT = 100;
const BODY_BYTES_MAX = 262_144;
/** longer than the worker that answers has, so that the asker is told what became of it */
const ANSWER_WITHIN_MS = 35_000;

const time = z.iso.datetime();
/** as answered every setting is there; as sent, what is left out is the default */
const wholePolicy = policySchema.meta({ id: 'Policy' });
const sentPolicy = policySchema.meta({ id: 'PolicyRequest' });
const note = z.string().trim().max(500);

const versionSchema = z
  .strictObject({
    version: z.int().describe('0: the defaults, before anybody changed anything'),
    policy: wholePolicy,
    actor: z.string(),
    note: z.string(),
    createdAt: time.nullable(),
    effectiveAt: time.nullable(),
  })
  .meta({ id: 'PolicyVersion' });

const changedSchema = versionSchema
  .extend({
    absent: z
      .array(z.string())
      .describe('streams and clusters that it names and that do not exist: it has no effect on them yet'),
  })
  .meta({ id: 'ChangedPolicy' });

const firingsSchema = z
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

const from = z.int().min(0).describe('the newest version its author has seen');
const effectiveAt = z.iso.datetime({ offset: true }).optional().describe('left out: at once');

const common = { resource: 'policy', permission: 'policy:change' } as const;
const change = {
  ...common,
  dryRun: true,
  output: changedSchema,
} as const;
const CHANGED = ['invalid_record', 'conflict', 'store_unreachable', 'overloaded'] as const;
const changeHttp = {
  tag: 'planning',
  method: 'post',
  answers: { 201: 'Taken', 200: 'With `dryRun`: what would be taken' },
  statusOf: (_: unknown, dryRun: boolean) => (dryRun ? 200 : 201),
} as const;

export const policy = {
  read: query({
    ...common,
    name: 'policy.read',
    permission: 'cluster:read',
    input: z.strictObject({}),
    output: z.strictObject({ holding: versionSchema, newest: versionSchema }),
    errors: ['store_unreachable'],
    http: {
      tag: 'planning',
      method: 'get',
      path: '/v1/policy',
      operationId: 'readPolicy',
      summary: 'The policy that holds',
      description: 'With the newest version, which may hold only later: a change is made from that one.',
      answers: { 200: 'The policy' },
    },
  }),
  versions: query({
    ...common,
    name: 'policy.versions',
    permission: 'cluster:read',
    input: z.strictObject({
      limit: z
        .int()
        .min(1)
        .max(LISTED_MAX)
        .default(LISTED_DEFAULT)
        .describe('at most so many, the newest first'),
    }),
    output: z.strictObject({ versions: z.array(versionSchema) }),
    errors: ['store_unreachable'],
    http: {
      tag: 'planning',
      method: 'get',
      path: '/v1/policy/versions',
      operationId: 'listPolicyVersions',
      summary: 'Every version of the policy',
      description: 'Newest first, without the defaults.',
      answers: { 200: 'The versions' },
      example: { versions: [] },
    },
  }),
  change: command({
    ...change,
    name: 'policy.change',
    before: 'noted',
    input: z
      .strictObject({
        from,
        policy: sentPolicy,
        note: note.default(''),
        effectiveAt,
        callsOff: z.boolean().default(false).describe('a newest version that was to hold later never does'),
      })
      .meta({ id: 'PolicyChange' }),
    errors: CHANGED,
    http: {
      ...changeHttp,
      path: '/v1/policy',
      operationId: 'changePolicy',
      summary: 'Let another policy hold',
      description:
        'Names the version it was made from: if somebody else has changed the policy meanwhile it is refused with 409. ' +
        'So is what would let a newest version hold before its time, unless it calls that version off.',
      body: {
        description: 'The whole policy; what is left out is the default',
        example: { from: 0, policy: { mode: 'ask' }, note: 'we begin' },
        bytesMax: BODY_BYTES_MAX,
      },
    },
  }),
  rollBack: command({
    ...change,
    name: 'policy.rollBack',
    before: 'noted',
    input: z.strictObject({
      from,
      to: z.int().min(0).describe('the version whose settings hold again; 0: the defaults'),
      note: note.default('').describe('left out: which version it goes back to'),
      effectiveAt,
    }),
    errors: ['not_found', ...CHANGED],
    http: {
      ...changeHttp,
      path: '/v1/policy/roll-back',
      operationId: 'rollBackPolicy',
      summary: 'Go back to an earlier version of the policy',
      description:
        'As a new version with the settings of the earlier one. A newest version that was to hold later never does.',
      body: { description: 'Which version', example: { from: 5, to: 3 } },
    },
  }),
  firings: query({
    ...common,
    name: 'policy.firings',
    permission: 'cluster:read',
    input: z.strictObject({ policy: sentPolicy }),
    output: firingsSchema,
    errors: ['invalid_record', 'store_unreachable', 'overloaded'],
    answerWithinMs: ANSWER_WITHIN_MS,
    http: {
      tag: 'planning',
      method: 'post',
      path: '/v1/policy/firings',
      operationId: 'countPolicyFirings',
      summary: 'How often the rules of a policy would have fired within the last seven days',
      description: 'By the recorded load of every hour, laid to the hosts as they own shardlets now.',
      body: {
        description: 'A policy; what is left out is the default',
        example: { policy: { host: { fullness: 0.7 } } },
        bytesMax: BODY_BYTES_MAX,
      },
      answers: { 200: 'The firings of each rule' },
    },
  }),
} as const;
