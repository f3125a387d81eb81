/** Recommendations of the planner: what is proposed, and what people decide about it. */
import { z } from 'zod';
import { EVERY_CLUSTER, RECOMMENDATION_STATES } from '../advising/index.ts';
import { clusterNameSchema } from '../external/index.ts';
import type { Recommendation } from '../planning/index.ts';
import { id, time } from './fields.ts';
import { command, query } from './operation.ts';

const LISTED_MAX = 1_000;
const LISTED_DEFAULT = 100;
const APPROVED_MAX = 200;

const moment = z.iso.datetime();
/** Open to what the planner adds; its type is the planner's own. */
const proposalSchema = z.looseObject({
  action: z.string(),
  reason: z.string(),
}) as unknown as z.ZodType<Recommendation, Recommendation>;

export const recommendationSchema = z
  .strictObject({
    id: z.int(),
    cluster: z.string().nullable().describe('name of a cluster that is not ours; null: ours'),
    revision: z.int().describe('of this proposal; an approval names it'),
    topologyVersion: z.int().describe('it was simulated on; an approval names it'),
    policyVersion: z.int(),
    state: z.enum(RECOMMENDATION_STATES),
    proposal: proposalSchema,
    obstacle: z.string().nullable().describe('why nobody can approve it; null: somebody can'),
    firstAt: moment,
    lastAt: moment,
    expiresAt: moment,
    firstApproval: z
      .strictObject({ by: z.string(), at: moment })
      .nullable()
      .describe('with four eyes: who approved this revision first; another person has to follow'),
    decidedBy: z.string().nullable(),
    decidedAt: time,
    note: z.string(),
    notBefore: time,
    moves: z.array(z.int()),
    result: z.string(),
    endedAt: time,
    realised: z.strictObject({ at: moment, gain: z.number() }).nullable(),
    plan: z.int().nullable().describe('the plan it is a part of; null: of a release without plans'),
    replacedBy: z.int().nullable().describe('the recommendation that took its place when it was withdrawn'),
  })
  .meta({ id: 'Recommendation' });

const decisionSchema = z
  .strictObject({
    id: z.int(),
    at: moment,
    lastAt: moment,
    times: z.int().describe('the same was concluded so often'),
    topologyVersion: z.int(),
    policyVersion: z.int(),
    actions: z.int(),
    nothingBecause: z.string().nullable(),
    before: z.looseObject({ hottest: z.number() }),
    after: z.looseObject({ hottest: z.number() }),
  })
  .meta({ id: 'PlannerDecision' });

/** Codes that an approval is refused with. */
const APPROVAL_REFUSALS = ['not_found', 'conflict'] as const;

export const approvalResultSchema = z
  .strictObject({
    recommendation: id,
    result: z
      .enum(['approved', 'awaits-second', 'refused'])
      .describe('awaits-second: with four eyes another person has to approve it as well'),
    notBefore: time.describe('null: at once, or refused'),
    refusal: z
      .strictObject({ code: z.enum(APPROVAL_REFUSALS), detail: z.string() })
      .optional()
      .describe('where it was refused'),
  })
  .meta({ id: 'ApprovalResult' });
const approvalResultsSchema = z.strictObject({ results: z.array(approvalResultSchema) });

const recommendation = id.describe('number of the recommendation');
const note = z.string().trim().max(500);
export const seen = { revision: z.int().min(1), topologyVersion: z.int().min(0) };
export const approvalTerms = {
  note: note.default(''),
  when: z
    .union([z.enum(['now', 'window']), z.iso.datetime({ offset: true })])
    .default('now')
    .describe('"window": in the next migration window of the policy; a time: not before it'),
};
const limit = z
  .int()
  .min(1)
  .max(LISTED_MAX)
  .default(LISTED_DEFAULT)
  .describe('at most so many, the newest first');

const common = { resource: 'recommendation', permission: 'plans:approve' } as const;
const http = { tag: 'planning', params: { id: 'recommendation' } } as const;
const DECIDED = ['invalid_record', 'not_found', 'conflict', 'store_unreachable', 'overloaded'] as const;

const allRefused = {
  id: 'ApprovalsProblem',
  description: 'A problem that tells of each recommendation why it was not approved',
  members: approvalResultsSchema.partial(),
};

export const recommendations = {
  list: query({
    ...common,
    name: 'recommendations.list',
    judgedLater: true,
    permission: 'cluster:read',
    input: z.strictObject({
      state: z
        .enum([...RECOMMENDATION_STATES, 'all'])
        .optional()
        .describe('only those in this state; left out: open, approved and running'),
      cluster: clusterNameSchema
        .or(z.literal(EVERY_CLUSTER))
        .optional()
        .describe('of this cluster, which is not ours, or with "*" of all you may see; left out: of our own'),
      limit,
    }),
    output: z.strictObject({ recommendations: z.array(recommendationSchema) }),
    errors: ['store_unreachable'],
    http: {
      tag: 'planning',
      method: 'get',
      path: '/v1/recommendations',
      operationId: 'listRecommendations',
      summary: 'What the planner recommends, and what became of it',
      description: 'Newest first. Without a state: those that are open, approved or running.',
      answers: { 200: 'The recommendations' },
      example: { recommendations: [] },
    },
  }),
  read: query({
    ...common,
    name: 'recommendations.read',
    judgedLater: true,
    permission: 'cluster:read',
    input: z.strictObject({ recommendation }),
    output: recommendationSchema,
    errors: ['not_found', 'store_unreachable'],
    http: {
      ...http,
      method: 'get',
      path: '/v1/recommendations/{id}',
      operationId: 'readRecommendation',
      summary: 'One recommendation',
      description:
        'With its gain, cost, alternatives and checks, and what it was worth once it was carried out.',
      answers: { 200: 'The recommendation' },
    },
  }),
  approve: command({
    ...common,
    name: 'recommendations.approve',
    before: 'noted',
    judgedLater: true,
    input: z.strictObject({ recommendation, ...seen, ...approvalTerms }),
    output: recommendationSchema,
    errors: DECIDED,
    http: {
      ...http,
      method: 'post',
      path: '/v1/recommendations/{id}/approve',
      operationId: 'approveRecommendation',
      summary: 'Approve a recommendation as it was seen',
      description:
        'The approval holds for this revision at this version of the topology. If either moved on it is refused with 409, the cluster is planned anew, and the new revision can be approved.',
      body: {
        description: 'What was seen, and when to begin',
        id: 'Approval',
        example: { revision: 1, topologyVersion: 42, when: 'window', note: 'looks right' },
      },
      answers: { 200: 'Approved, or with four eyes approved by the first of two' },
    },
  }),
  approveSeveral: command({
    ...common,
    name: 'recommendations.approveSeveral',
    before: 'noted',
    judgedLater: true,
    input: z.strictObject({
      requests: z
        .array(z.strictObject({ recommendation, ...seen }))
        .min(1)
        .max(APPROVED_MAX)
        .describe('what was seen of each'),
      ...approvalTerms,
    }),
    output: approvalResultsSchema,
    errors: DECIDED,
    http: {
      tag: 'planning',
      method: 'post',
      path: '/v1/approvals',
      operationId: 'approveRecommendations',
      summary: 'Approve several recommendations as they were seen',
      description: [
        'All are decided before the first is carried out, so steps of one plan do not make each other stale. `results`',
        'names those that are approved and those that are refused. Where all are refused the answer is a problem with the',
        'same `results`.',
      ].join('\n'),
      body: {
        description: 'What was seen of each, and when to begin',
        example: { requests: [{ recommendation: 12, revision: 1, topologyVersion: 42 }], when: 'window' },
      },
      answers: { 200: 'Approved, all or some' },
      problems: { 404: allRefused, 409: allRefused },
    },
  }),
  reject: command({
    ...common,
    name: 'recommendations.reject',
    before: 'noted',
    judgedLater: true,
    input: z.strictObject({ recommendation, note: note.min(1, 'say why') }),
    output: recommendationSchema,
    errors: DECIDED,
    http: {
      ...http,
      method: 'post',
      path: '/v1/recommendations/{id}/reject',
      operationId: 'rejectRecommendation',
      summary: 'Reject a recommendation, or take an approval back that has not begun',
      description: 'It stays away while the same is proposed.',
      body: { description: 'Why', id: 'Rejection', example: { note: 'not before the release' } },
      answers: { 200: 'Rejected' },
    },
  }),
  decisions: query({
    ...common,
    name: 'recommendations.decisions',
    permission: 'cluster:read',
    input: z.strictObject({
      cluster: clusterNameSchema
        .optional()
        .describe('of this cluster, which is not ours; left out: of our own'),
      limit,
    }),
    output: z.strictObject({ decisions: z.array(decisionSchema) }),
    errors: ['store_unreachable'],
    http: {
      tag: 'planning',
      method: 'get',
      path: '/v1/decisions',
      operationId: 'listDecisions',
      summary: 'What the planner has concluded, also that there was nothing to do',
      description: 'Newest first. What was concluded several times in a row is told once.',
      answers: { 200: 'The conclusions' },
      example: { decisions: [] },
    },
  }),
} as const;
