/** Plans: what the planner proposes together, decided, followed and undone as one. */
import { z } from 'zod';
import { EVERY_CLUSTER, PART_RESULTS, PLAN_STATES } from '../advising/index.ts';
import { clusterNameSchema } from '../external/index.ts';
import { id, time } from './fields.ts';
import { command, query } from './operation.ts';
import { approvalResultSchema, approvalTerms, recommendationSchema, seen } from './recommendations.ts';

const LISTED_MAX = 200;
const LISTED_DEFAULT = 50;
const PARTS_MAX = 1_000;

const moment = z.iso.datetime();
const share = z.number().describe('of what the host can take; 1 is all of it');
const point = z.strictObject({ low: share, planned: share, high: share });

const pictureSchema = z
  .strictObject({
    at: moment,
    steps: z.array(z.int()).describe('minutes ahead; 0 is what was measured'),
    hosts: z.array(
      z.strictObject({
        host: z.string(),
        name: z.string(),
        without: z.array(point).describe('by step; empty for a host that the plan asks for'),
        with: z.array(point),
      }),
    ),
  })
  .describe('load of the hosts it touches with and without it, in their worst resource');

const partSchema = z
  .strictObject({
    recommendation: recommendationSchema,
    dependsOn: z.array(z.int()).describe('recommendations of this plan that it needs'),
    progress: z
      .strictObject({
        migration: z.int(),
        phase: z.string(),
        bytes: z.int(),
        secondsLeft: z.number().nullable(),
        result: z.string().nullable(),
      })
      .nullable()
      .describe('of the move it became; null: it is none, or has not begun'),
  })
  .meta({ id: 'PlanPart' });

const planSchema = z
  .strictObject({
    id: z.int(),
    cluster: z.string().nullable().describe('name of a cluster that is not ours; null: ours'),
    state: z.enum(PLAN_STATES),
    revision: z.int().describe('rises when a part comes, goes or changes; an approval names it'),
    topologyVersion: z.int().describe('it was simulated on; an approval names it'),
    policyVersion: z.int(),
    headline: z.string(),
    firstAt: moment,
    lastAt: moment,
    expiresAt: time.describe('when the first part that waits for a decision expires'),
    overloadAt: time.describe('when a host goes over its capacity without it; null: not within the horizon'),
    focus: z
      .strictObject({ host: z.string(), name: z.string(), before: share, after: share })
      .nullable()
      .describe('the host that it relieves most'),
    picture: pictureSchema.nullable(),
    bytes: z.int().describe('copied by all of its moves'),
    seconds: z
      .strictObject({ low: z.number(), high: z.number() })
      .nullable()
      .describe('low: all moves side by side; high: one after the other; null: it copies nothing'),
    writePause: z
      .strictObject({ medianMs: z.int(), longestMs: z.int(), moves: z.int() })
      .nullable()
      .describe(
        'of writers to a shardlet at its cutover, measured on the newest moves; null: none was measured',
      ),
    movesBack: z.int().describe('how many of its parts can be moved back; the others move no data'),
    counts: z.strictObject({
      parts: z.int(),
      open: z.int(),
      approved: z.int(),
      running: z.int(),
      done: z.int(),
      failed: z.int(),
      dropped: z.int().describe('rejected, expired or withdrawn'),
    }),
    undone: z
      .strictObject({ at: moment, by: z.string(), note: z.string(), migrations: z.array(z.int()) })
      .nullable(),
    parts: z.array(partSchema),
  })
  .meta({ id: 'Plan' });

const partResultsSchema = z.strictObject({
  plan: planSchema,
  results: z.array(
    z.strictObject({
      recommendation: id,
      result: z.enum(PART_RESULTS),
      detail: z.string(),
      migration: z.int().nullable().describe('the move that is stopped, or that leads back'),
    }),
  ),
});
const approvedSchema = z.strictObject({ plan: planSchema, results: z.array(approvalResultSchema) });

const plan = id.describe('number of the plan');
const parts = z
  .array(id)
  .min(1)
  .max(PARTS_MAX)
  .optional()
  .describe('numbers of its recommendations; left out: every part that waits');
const { note, when } = approvalTerms;
const common = { resource: 'plan', permission: 'plans:approve', judgedLater: true } as const;
const http = { tag: 'planning', params: { id: 'plan' } } as const;
const DECIDED = ['invalid_record', 'not_found', 'conflict', 'store_unreachable', 'overloaded'] as const;

export const plans = {
  list: query({
    ...{ resource: 'plan', permission: 'cluster:read' },
    name: 'plans.list',
    judgedLater: true,
    input: z.strictObject({
      ended: z.boolean().default(false).describe('also those of which nothing waits or runs'),
      cluster: clusterNameSchema
        .or(z.literal(EVERY_CLUSTER))
        .optional()
        .describe('of this cluster, which is not ours, or with "*" of all you may see; left out: of our own'),
      state: z
        .enum(PLAN_STATES)
        .optional()
        .describe('only those in this state, also of those that have ended'),
      before: z.int().min(1).optional().describe('only numbers below it: `next` of the page before'),
      limit: z.int().min(1).max(LISTED_MAX).default(LISTED_DEFAULT).describe('at most so many, newest first'),
    }),
    output: z.strictObject({
      plans: z.array(planSchema),
      next: z.int().nullable().describe('`before` of the next page; null: there is none'),
    }),
    errors: ['store_unreachable'],
    http: {
      tag: 'planning',
      method: 'get',
      path: '/v1/plans',
      operationId: 'listPlans',
      summary: 'Plans: what the planner proposes together',
      description: 'Newest first, each with its picture, its cost, its parts and how far they are.',
      answers: { 200: 'The plans' },
      example: { plans: [], next: null },
    },
  }),
  read: query({
    ...common,
    name: 'plans.read',
    permission: 'cluster:read',
    input: z.strictObject({ plan }),
    output: planSchema,
    errors: ['not_found', 'store_unreachable'],
    http: {
      ...http,
      method: 'get',
      path: '/v1/plans/{id}',
      operationId: 'readPlan',
      summary: 'One plan',
      description: 'With parts that were withdrawn or replaced, why, and by what.',
      answers: { 200: 'The plan' },
    },
  }),
  approve: command({
    ...common,
    name: 'plans.approve',
    before: 'noted',
    input: z.strictObject({ plan, ...seen, parts, note }),
    output: approvedSchema,
    errors: DECIDED,
    http: {
      ...http,
      method: 'post',
      path: '/v1/plans/{id}/approve',
      operationId: 'approvePlan',
      summary: 'Approve a plan, or parts of it, as it was seen',
      description: [
        'It begins at once. A part that needs another one is refused without it; `results` says so for each part. The other',
        'moves of a plan stay open while they help. If a part came, went or changed since it was seen, it is refused with 409.',
      ].join('\n'),
      body: {
        description: 'What was seen',
        id: 'PlanApproval',
        example: { revision: 1, topologyVersion: 42, note: 'before the sale' },
      },
      answers: { 200: 'Approved, all or some' },
    },
  }),
  schedule: command({
    ...common,
    name: 'plans.schedule',
    before: 'noted',
    input: z.strictObject({ plan, ...seen, parts, note, when }),
    output: approvedSchema,
    errors: DECIDED,
    http: {
      ...http,
      method: 'post',
      path: '/v1/plans/{id}/schedule',
      operationId: 'schedulePlan',
      summary: 'Let a plan begin later, or at another time',
      description: 'Approves what waits for that time, and moves what is approved and has not begun to it.',
      body: {
        description: 'What was seen, and when to begin',
        id: 'PlanSchedule',
        example: { revision: 1, topologyVersion: 42, when: 'window' },
      },
      answers: { 200: 'Scheduled, all or some' },
    },
  }),
  withdraw: command({
    ...common,
    name: 'plans.withdraw',
    before: 'noted',
    input: z.strictObject({ plan, note: note.unwrap().min(1, 'say why') }),
    output: partResultsSchema,
    errors: DECIDED,
    http: {
      ...http,
      method: 'post',
      path: '/v1/plans/{id}/withdraw',
      operationId: 'withdrawPlan',
      summary: 'Reject what waits of a plan, and take back what has not begun',
      description: 'What runs goes on. It stays away while the same is proposed.',
      body: { description: 'Why', id: 'PlanWithdrawal', example: { note: 'not before the release' } },
      answers: { 200: 'Withdrawn' },
    },
  }),
  undo: command({
    ...common,
    name: 'plans.undo',
    before: 'noted',
    input: z.strictObject({ plan, note }),
    output: partResultsSchema,
    errors: DECIDED,
    http: {
      ...http,
      method: 'post',
      path: '/v1/plans/{id}/undo',
      operationId: 'undoPlan',
      summary: 'Undo a plan: abort what moves, move back what has moved',
      description: [
        'Last step first. What has not begun is taken back. Splits, rolls and merges stay: they moved no data.',
        'Each way back is a move of its own; clients go on meanwhile.',
      ].join('\n'),
      body: { description: 'Why', id: 'PlanUndo', example: { note: 'wrong host' }, optional: true },
      answers: { 200: 'What becomes of each part' },
    },
  }),
} as const;
