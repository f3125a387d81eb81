/** What a member of a consumer group does: gets events, commits what is processed, leaves. */
import { z } from 'zod';
import {
  ATTEMPTS_REPORTED_MAX,
  commitSchema,
  groupNameSchema,
  letterIdSchema,
  memberIdSchema,
  REASON_CHARS_MAX,
} from '../consuming/index.ts';
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
    .describe('of the batch; in another one the shardlet starts at its committed position again'),
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
    version: z.int().describe('higher with every change of members or assignments'),
    assigned: z
      .array(groupAssignmentSchema)
      .optional()
      .describe('left out when the request names this version: then the member knows what it has'),
    batches: z
      .array(batchSchema)
      .describe(
        'with order "log" runs in the order of the log: several may be of one shardlet; process and commit them one after the other',
      ),
    checkpointsDue: z
      .array(
        z.strictObject({
          shardlet: z.int(),
          reason: z.string().describe('why it is due, as docs/checkpointing.md lists'),
          backlogEvents: z.number().describe('events that would wait when a replacement is ready'),
          limitShare: z.number().describe('due above 1'),
          recoveryMs: z.number().describe('estimated restore and replay'),
          nextDueMs: z.number().nullable().describe('when it was expected to be due, ms since 1970'),
        }),
      )
      .optional()
      .describe('of a group that keeps state: shardlets of the member of which a checkpoint is due'),
    order: z.literal('log').optional().describe('of the group; left out: key'),
    waitingFor: z
      .array(z.strictObject({ host: z.int(), name: z.string().nullable() }))
      .optional()
      .describe('with order "log": hosts that do not answer, and hold back the events of the others'),
    preferredEdge: z
      .string()
      .optional()
      .describe(
        'the address of the edge where the events of this member are most likely cached; any edge serves it',
      ),
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

const reportReplySchema = z
  .union([
    z.strictObject({
      kind: z.literal('dead'),
      letter: letterIdSchema,
      repeated: z.boolean().describe('it was reported before'),
    }),
    z.strictObject({ kind: z.literal('fenced'), assignment: z.int() }),
  ])
  .meta({ id: 'ReportedLetter' });

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
const JOINING = [...REFUSALS, 'unknown_stream', 'limit_reached'] as const;
const COMMITTING = [...REFUSALS, 'unknown_stream', 'invalid_position'] as const;

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
      version: z
        .int()
        .min(0)
        .optional()
        .describe('of the last answer: an edge that is behind it catches up before it answers'),
      after: z
        .record(z.string().regex(/^\d{1,16}$/), heldSchema)
        .default({})
        .describe(
          'by shardlet: what the member holds and has not committed; it gets what follows. In a group that keeps state: every shardlet whose state it holds and has not let go of',
        ),
    }),
    output: pollReplySchema,
    errors: JOINING,
    http: {
      ...http,
      path: '/v1/groups/{group}/poll',
      operationId: 'pollGroup',
      summary: 'Join a group, stay in it, and get events',
      description: [
        'A poll is the sign of life of a member. It answers the shardlets the member has and events after their committed',
        'positions: events that were not committed come again. A member that wants more before it has committed',
        'names in `after` what it holds. The member belongs to the token that joined, by the name of the token, until it',
        'ends or its session does. In a group with the order `log` batches are runs in the order of the log, up to the watermark.',
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
    errors: COMMITTING,
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
  report: apart({
    ...common,
    name: 'consuming.report',
    input: z.strictObject({
      ...group,
      ...member,
      shardlet: z.int().min(0),
      seq: z.int().min(1).describe('of the event that cannot be processed'),
      assignment: z.int().min(0).describe('of the batch it came with'),
      reason: z.string().min(1).describe(`for people; what is beyond ${REASON_CHARS_MAX} characters is cut`),
      attempts: z.int().min(1).max(ATTEMPTS_REPORTED_MAX).default(1).describe('how often it was tried'),
    }),
    output: reportReplySchema,
    errors: [
      ...REFUSALS,
      ...(['unknown_stream', 'invalid_parameter', 'past_retention'] as const),
      ...(['host_unreachable', 'host_full', 'overloaded'] as const),
      ...(['too_many_ids', 'in_the_way', 'unexamined'] as const),
    ],
    http: {
      ...http,
      path: '/v1/groups/{group}/dead-letters',
      operationId: 'reportDeadLetter',
      summary: 'Give up an event',
      description: [
        'The edge copies the event into the dead letters of the group; the member commits it then, and goes on. A repeated',
        'report changes nothing. Of the group `{group}.redrive`: the letter that was re-driven is a dead letter again.',
      ].join('\n'),
      body: { description: 'the event, and why' },
      answers: {
        200: 'It is a dead letter',
        409: 'Another member has its shardlet now: nothing was changed',
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
