/** What a member of a consumer group does: gets events, commits what is processed, leaves. */
import { z } from 'zod';
import { commitSchema, groupNameSchema, memberIdSchema } from '../consuming/index.ts';
import { groupAssignmentSchema } from './groups.ts';
import { type Answer, apart } from './operation.ts';
import { EVENT_STREAM, storedEventSchema } from './reading.ts';

const LIMIT_DEFAULT = 500;
const LIMIT_MAX = 10_000;
/** Below the time limits of most proxies. */
const WAIT_MS_MAX = 30_000;

const heldSchema = z.strictObject({
  seq: z.int().min(0).describe('the last one: `through` of the batch'),
  assignment: z
    .int()
    .min(0)
    .describe('of the batch; in another one the shardlet begins at its checkpoint again'),
});

const batchSchema = z
  .strictObject({
    shardlet: z.int(),
    assignment: z.int(),
    epoch: z.int(),
    through: z.int().describe('the seq to commit when all of it is processed'),
    skipped: z.int().describe('events before the first one that are past their retention'),
    events: z.array(storedEventSchema),
  })
  .meta({ id: 'GroupBatch' });

const pollReplySchema = z
  .strictObject({
    version: z.int().describe('one higher with every change of an assignment'),
    assigned: z.array(groupAssignmentSchema),
    batches: z.array(batchSchema),
  })
  .meta({ id: 'GroupPoll' });

const commitReplySchema = z
  .strictObject({
    results: z.array(
      z.union([
        z.strictObject({ kind: z.literal('committed') }),
        z.strictObject({ kind: z.literal('fenced'), assignment: z.int() }),
        z.strictObject({ kind: z.literal('behind'), seq: z.int() }),
      ]),
    ),
  })
  .meta({ id: 'GroupCommit' });

const group = { group: groupNameSchema.describe('the name of the group') };
const member = { member: memberIdSchema.describe('the name of this consumer') };
const common = {
  kind: 'command',
  resource: 'consumer group',
  permission: 'groups:consume',
  // its owner needs no grant, and its stream is known to the store
  owned: true,
} as const;
const http = { tag: 'reading', method: 'post' } as const;
const REFUSALS = ['unknown_group', 'foreign_member', 'store_unreachable'] as const;
const JOINING = ['unknown_group', 'foreign_member', 'limit_reached', 'store_unreachable'] as const;

const batches: Answer = {
  description: 'Batches as they come',
  content: {
    [EVENT_STREAM]: {
      schema: z.string().meta({ contentMediaType: EVENT_STREAM, description: 'data: a GroupBatch' }),
    },
  },
};

export const consuming = {
  poll: apart({
    ...common,
    name: 'consuming.poll',
    input: z.strictObject({
      ...group,
      member: memberIdSchema.describe('names this consumer: unlike that of any other'),
      limit: z.int().min(1).max(LIMIT_MAX).default(LIMIT_DEFAULT),
      wait: z.int().min(0).max(WAIT_MS_MAX).default(0).describe('ms to wait for events where there are none'),
      after: z
        .record(z.string().regex(/^\d{1,16}$/), heldSchema)
        .default({})
        .describe('by shardlet: what the member holds and has not committed; it gets what follows'),
    }),
    output: pollReplySchema,
    errors: JOINING,
    http: {
      ...http,
      path: '/v1/groups/{group}/poll',
      operationId: 'pollGroup',
      summary: 'Join a group, stay in it, and get events',
      description: [
        'A poll is the sign of life of a member. It answers the shardlets the member has and events after their',
        'checkpoints: events that were not committed come again. A member that wants more before it has committed',
        'names in `after` what it holds. The member belongs to the token that joined, by the name of the token, until it',
        'ends or its session does.',
      ].join('\n'),
      body: { description: 'who polls' },
      answers: { 200: 'Events by shardlet' },
    },
  }),
  commit: apart({
    ...common,
    name: 'consuming.commit',
    input: z.strictObject({ ...group, ...commitSchema.shape }),
    output: commitReplySchema,
    errors: REFUSALS,
    http: {
      ...http,
      path: '/v1/groups/{group}/commit',
      operationId: 'commitGroup',
      summary: 'Tell what is processed',
      description:
        'Each position has its own result. 409 when any was refused: another member has its shardlet now.',
      body: { description: 'positions' },
      answers: {
        200: 'All are committed, or were before',
        409: 'Some were fenced; the others are committed',
      },
    },
  }),
  leave: apart({
    ...common,
    name: 'consuming.leave',
    input: z.strictObject({ ...group, ...member }),
    output: z.undefined(),
    errors: REFUSALS,
    http: {
      ...http,
      path: '/v1/groups/{group}/leave',
      operationId: 'leaveGroup',
      summary: 'End as a member',
      description: 'Others get its shardlets at once, instead of after the session.',
      body: { description: 'who ends' },
      answers: { 204: 'Done' },
    },
  }),
  follow: apart({
    ...common,
    kind: 'query',
    name: 'consuming.follow',
    input: z.strictObject({ ...group, ...member }),
    output: z.string(),
    errors: JOINING,
    http: {
      ...http,
      method: 'get',
      path: '/v1/groups/{group}/stream',
      operationId: 'followGroup',
      summary: 'Get the events of a member as they come',
      description: [
        'Server-sent events: each `batch` is what a poll answers for one shardlet, and is committed like it. The',
        'stream is the sign of life; when it ends, what was not committed goes to others after the session.',
      ].join('\n'),
      answers: { 200: batches },
    },
  }),
} as const;
