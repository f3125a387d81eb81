/** The routes of the planner. They look at the whole cluster or change it, so all of them need `admin`. */
import { EVERY_CLUSTER, RECOMMENDATION_STATES } from '@foreshard/core/advising';
import { clusterNameSchema } from '@foreshard/core/external';
import { z } from 'zod';
import { json, type Operation } from '../api/index.ts';
import {
  approvalSchema,
  decisionSchema,
  firingsRequestSchema,
  firingsSchema,
  policyChangeSchema,
  policyVersionSchema,
  recommendationSchema,
  rejectionSchema,
  whatIfAnswerSchema,
  whatIfSchema,
} from './schemas.ts';

const LISTED_MAX = 1_000;
const LISTED_PRESET = 100;

const limit = z.coerce
  .number()
  .pipe(z.int().min(1).max(LISTED_MAX))
  .default(LISTED_PRESET)
  .describe('at most so many, the newest first');
const cluster = clusterNameSchema
  .or(z.literal(EVERY_CLUSTER))
  .optional()
  .describe('of this cluster, which is not ours, or of all with "*"; left out: of our own');
const oneOf = z.object({ id: z.coerce.number().pipe(z.int().min(1)).describe('of the recommendation') });
const common = { tag: 'planning', scope: 'admin' } as const;

export const listRecommendations = {
  ...common,
  method: 'get',
  path: '/v1/recommendations',
  operationId: 'listRecommendations',
  summary: 'What the planner recommends, and what became of it',
  description: 'Newest first. Without a state: those that are open, approved or running.',
  query: z.object({
    state: z
      .enum([...RECOMMENDATION_STATES, 'all'])
      .optional()
      .describe('only those in this state; left out: open, approved and running'),
    cluster,
    limit,
  }),
  answers: {
    200: {
      description: 'The recommendations',
      content: json(z.strictObject({ recommendations: z.array(recommendationSchema) }), {
        recommendations: [],
      }),
    },
  },
  errors: ['store_unreachable'],
} as const satisfies Operation;

export const readRecommendation = {
  ...common,
  method: 'get',
  path: '/v1/recommendations/{id}',
  operationId: 'readRecommendation',
  summary: 'One recommendation',
  description: 'With its gain, cost, alternatives and checks, and what it was worth once it was carried out.',
  params: oneOf,
  answers: { 200: { description: 'The recommendation', content: json(recommendationSchema) } },
  errors: ['not_found', 'store_unreachable'],
} as const satisfies Operation;

export const approveRecommendation = {
  ...common,
  method: 'post',
  path: '/v1/recommendations/{id}/approve',
  operationId: 'approveRecommendation',
  summary: 'Approve a recommendation as it was seen',
  description:
    'The approval holds for this revision at this version of the topology. If either moved on it is refused with 409, the cluster is planned anew, and the new revision can be approved.',
  params: oneOf,
  body: {
    description: 'What was seen, and when to begin',
    content: json(approvalSchema, { revision: 1, topologyVersion: 42, when: 'window', note: 'looks right' }),
  },
  answers: { 200: { description: 'Approved', content: json(recommendationSchema) } },
  errors: ['invalid_record', 'not_found', 'conflict', 'store_unreachable', 'overloaded'],
} as const satisfies Operation;

export const rejectRecommendation = {
  ...common,
  method: 'post',
  path: '/v1/recommendations/{id}/reject',
  operationId: 'rejectRecommendation',
  summary: 'Reject a recommendation, or take an approval back that has not begun',
  description: 'It stays away while the same is proposed.',
  params: oneOf,
  body: { description: 'Why', content: json(rejectionSchema, { note: 'not before the release' }) },
  answers: { 200: { description: 'Rejected', content: json(recommendationSchema) } },
  errors: ['invalid_record', 'not_found', 'conflict', 'store_unreachable', 'overloaded'],
} as const satisfies Operation;

export const listDecisions = {
  ...common,
  method: 'get',
  path: '/v1/decisions',
  operationId: 'listDecisions',
  summary: 'What the planner has concluded, also that there was nothing to do',
  description: 'Newest first. What was concluded several times in a row is told once.',
  query: z.object({
    cluster: clusterNameSchema
      .optional()
      .describe('of this cluster, which is not ours; left out: of our own'),
    limit,
  }),
  answers: {
    200: {
      description: 'The conclusions',
      content: json(z.strictObject({ decisions: z.array(decisionSchema) }), { decisions: [] }),
    },
  },
  errors: ['store_unreachable'],
} as const satisfies Operation;

export const readPolicy = {
  ...common,
  method: 'get',
  path: '/v1/policy',
  operationId: 'readPolicy',
  summary: 'The policy that holds',
  description: 'With the newest version, which may hold only later: a change is made from that one.',
  answers: {
    200: {
      description: 'The policy',
      content: json(z.strictObject({ holding: policyVersionSchema, newest: policyVersionSchema })),
    },
  },
  errors: ['store_unreachable'],
} as const satisfies Operation;

export const listPolicies = {
  ...common,
  method: 'get',
  path: '/v1/policy/versions',
  operationId: 'listPolicyVersions',
  summary: 'Every version of the policy',
  description: 'Newest first, without the defaults.',
  query: z.object({ limit }),
  answers: {
    200: {
      description: 'The versions',
      content: json(z.strictObject({ versions: z.array(policyVersionSchema) }), { versions: [] }),
    },
  },
  errors: ['store_unreachable'],
} as const satisfies Operation;

export const changePolicy = {
  ...common,
  method: 'post',
  path: '/v1/policy',
  operationId: 'changePolicy',
  summary: 'Let another policy hold',
  description:
    'Names the version it was made from: if somebody else has changed the policy meanwhile it is refused with 409. ' +
    'So is what would let a newest version hold before its time, unless it calls that version off.',
  body: {
    description: 'The whole policy; what is left out is the default',
    content: json(policyChangeSchema, { from: 0, policy: { mode: 'ask' }, note: 'we begin' }),
  },
  answers: { 201: { description: 'Taken', content: json(policyVersionSchema) } },
  errors: ['invalid_record', 'conflict', 'store_unreachable', 'overloaded'],
} as const satisfies Operation;

export const policyFirings = {
  ...common,
  method: 'post',
  path: '/v1/policy/firings',
  operationId: 'countPolicyFirings',
  summary: 'How often the rules of a policy would have fired within the last seven days',
  description: 'By the recorded load of every hour, laid to the hosts as they own shardlets now.',
  body: {
    description: 'A policy; what is left out is the default',
    content: json(firingsRequestSchema, { policy: { host: { fullness: 0.7 } } }),
  },
  answers: { 200: { description: 'The firings of each rule', content: json(firingsSchema) } },
  errors: ['invalid_record', 'store_unreachable', 'overloaded'],
} as const satisfies Operation;

export const askWhatIf = {
  ...common,
  method: 'post',
  path: '/v1/what-if',
  operationId: 'askWhatIf',
  summary: 'Simulate changes on the cluster as it is now',
  description:
    'A worker lays the changes onto the live cluster and its forecasts and plans: every host as it is, with the changes, and after what would be recommended. Nothing is changed.',
  body: {
    description: 'What is supposed, in this order',
    content: json(whatIfSchema, {
      changes: [
        { kind: 'lose-host', host: '1' },
        { kind: 'load', factor: 2, of: { stream: 'main' } },
      ],
    }),
  },
  answers: { 200: { description: 'The three pictures', content: json(whatIfAnswerSchema) } },
  errors: ['invalid_record', 'store_unreachable', 'overloaded'],
} as const satisfies Operation;
