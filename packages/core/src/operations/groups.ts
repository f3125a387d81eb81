/** Consumer groups as people create, look at and remove them. What members do is apart: they poll and commit. */
import { z } from 'zod';
import { groupNameSchema, groupSchema, pushSchema } from '../consuming/index.ts';
import { command, query } from './operation.ts';
import { DEFAULT_STREAM } from './streams.ts';

export const groupAssignmentSchema = z.strictObject({
  shardlet: z.int(),
  assignment: z.int().describe('to be handed back with commits: another one is refused'),
  seq: z.int().describe('the checkpoint: all up to here is processed'),
  epoch: z.int(),
  revoking: z.boolean().describe('it goes to another member as soon as what is held of it is committed'),
  skipped: z.int().describe('events that were past their retention before the group came to them'),
});

const groupSummarySchema = z.strictObject({
  name: z.string(),
  stream: z.string().nullable().describe('null: the stream was deleted'),
  sessionMs: z.int(),
  delivery: z.enum(['pull', 'push']),
  owner: z
    .string()
    .nullable()
    .describe('who created it, and needs no grant on it; null: created by an earlier release'),
});

const groupDetailSchema = groupSummarySchema
  .extend({
    version: z.int(),
    lag: z
      .int()
      .nullable()
      .describe('events that are stored and not processed; null: a host does not answer, or holds too few'),
    members: z.array(
      z.strictObject({
        id: z.string(),
        seenAtMs: z.int(),
        subject: z
          .string()
          .nullable()
          .describe('who it belongs to: "token:" and the name of a token, or "worker"; null: not known yet'),
        shardlets: z.int(),
      }),
    ),
    shardlets: z.array(
      groupAssignmentSchema.extend({
        member: z.string().nullable(),
        lag: z.int().nullable(),
        beyondEnd: z
          .int()
          .optional()
          .describe('the host holds so many events fewer than were processed: it lost some, or is behind'),
      }),
    ),
  })
  .meta({ id: 'ConsumerGroup' });

const group = { group: groupNameSchema.describe('the name of the group') };
const stream = z.string().default(DEFAULT_STREAM);
const common = { resource: 'consumer group' } as const;
const http = { tag: 'reading' } as const;

export const groups = {
  create: command({
    ...common,
    name: 'groups.create',
    permission: 'groups:consume',
    input: z.strictObject({
      name: groupNameSchema,
      stream,
      from: z.enum(['oldest', 'now']).default('oldest').describe('where the group begins'),
      sessionMs: groupSchema.shape.sessionMs.describe(
        'a member without a sign of life for so long loses its shardlets',
      ),
    }),
    output: groupSummarySchema,
    errors: [
      ...(['invalid_parameter', 'unknown_stream', 'conflict', 'limit_reached'] as const),
      ...(['store_unreachable', 'host_unreachable'] as const),
    ],
    http: {
      ...http,
      method: 'post',
      path: '/v1/groups',
      operationId: 'createGroup',
      summary: 'Begin a consumer group',
      description: 'A group processes each event of a stream once, with as many members as there are.',
      body: { description: 'the group' },
      answers: { 201: 'It is there' },
    },
  }),
  push: command({
    ...common,
    name: 'groups.push',
    secrets: ['secret', 'url'],
    permission: 'groups:manage',
    input: z.strictObject({
      ...group,
      url: pushSchema.shape.url.describe('where the worker posts batches of CloudEvents'),
      stream,
      from: z.enum(['oldest', 'now']).default('oldest').describe('where the group starts'),
    }),
    output: groupSummarySchema
      .extend({ url: z.string(), secret: z.string().describe('Standard Webhooks: shown this once') })
      .meta({ id: 'PushGroup' }),
    errors: [
      ...(['invalid_parameter', 'unknown_stream', 'conflict', 'limit_reached'] as const),
      ...(['store_unreachable', 'host_unreachable'] as const),
    ],
    http: {
      ...http,
      method: 'post',
      path: '/v1/groups/{group}/push',
      operationId: 'createPushGroup',
      summary: 'Create a consumer group whose events are posted to an address',
      description:
        'A worker posts them, signed after Standard Webhooks. An address inside a private network is refused unless FORESHARD_WEBHOOK_NETWORKS names it.',
      body: { description: 'where to, and what of' },
      answers: { 201: 'With the secret, which is shown this once' },
    },
  }),
  list: query({
    ...common,
    name: 'groups.list',
    permission: 'topology:read',
    input: z.strictObject({}),
    output: z.strictObject({ groups: z.array(groupSummarySchema) }),
    errors: ['store_unreachable'],
    http: {
      ...http,
      method: 'get',
      path: '/v1/groups',
      operationId: 'listGroups',
      summary: 'The consumer groups',
      description: 'By name.',
      answers: { 200: 'All groups' },
    },
  }),
  show: query({
    ...common,
    name: 'groups.show',
    permission: 'topology:read',
    input: z.strictObject(group),
    output: groupDetailSchema,
    errors: ['unknown_group', 'store_unreachable'],
    http: {
      ...http,
      method: 'get',
      path: '/v1/groups/{group}',
      operationId: 'readGroup',
      summary: 'Members, assignment and lag of a group',
      description: 'Shows who has what, what is on its way to another member, and how far each shardlet is.',
      answers: { 200: 'The group as it is now' },
    },
  }),
  remove: command({
    ...common,
    name: 'groups.remove',
    permission: 'groups:manage',
    owned: true,
    input: z.strictObject(group),
    output: z.strictObject({ group: z.string(), result: z.literal('removed') }).meta({ id: 'RemovedGroup' }),
    errors: ['unknown_group', 'store_unreachable'],
    http: {
      ...http,
      method: 'delete',
      path: '/v1/groups/{group}',
      operationId: 'removeGroup',
      summary: 'Remove a consumer group',
      description: 'Its checkpoints are gone: a group of this name begins anew. Events are not touched.',
      answers: { 200: 'Removed' },
    },
  }),
} as const;
