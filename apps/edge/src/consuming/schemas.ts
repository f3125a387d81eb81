/** What members of consumer groups send and get. */
import { groupNameSchema, groupSchema, memberIdSchema } from '@foreshard/core/consuming';
import { z } from 'zod';
import { storedEventSchema } from '../api/schemas.ts';

const LIMIT_DEFAULT = 500;
const LIMIT_MAX = 10_000;
/** Below the time limits of most proxies. */
export const WAIT_MS_MAX = 30_000;

export const groupPath = z.object({ group: groupNameSchema.describe('the name of the group') });

export const createGroupSchema = z.strictObject({
  name: groupNameSchema,
  stream: z.string().default('main'),
  from: z.enum(['oldest', 'now']).default('oldest').describe('where the group begins'),
  sessionMs: groupSchema.shape.sessionMs.describe(
    'a member without a sign of life for so long loses its shardlets',
  ),
});

const heldSchema = z.strictObject({
  seq: z.int().min(0).describe('the last one: `through` of the batch'),
  assignment: z
    .int()
    .min(0)
    .describe('of the batch; in another one the shardlet begins at its checkpoint again'),
});

export const pollSchema = z.strictObject({
  member: memberIdSchema.describe('names this consumer: unlike that of any other'),
  limit: z.int().min(1).max(LIMIT_MAX).default(LIMIT_DEFAULT),
  wait: z.int().min(0).max(WAIT_MS_MAX).default(0).describe('ms to wait for events where there are none'),
  after: z
    .record(z.string().regex(/^\d{1,16}$/), heldSchema)
    .default({})
    .describe('by shardlet: what the member holds and has not committed; it gets what follows'),
});

export const leaveSchema = z.strictObject({
  member: memberIdSchema.describe('the name of this consumer'),
});

const assignmentSchema = z.strictObject({
  shardlet: z.int(),
  assignment: z.int().describe('to be handed back with commits: another one is refused'),
  seq: z.int().describe('the checkpoint: all up to here is processed'),
  epoch: z.int(),
  revoking: z.boolean().describe('it goes to another member as soon as what is held of it is committed'),
  skipped: z.int().describe('events that were past their retention before the group came to them'),
});

export const batchSchema = z
  .strictObject({
    shardlet: z.int(),
    assignment: z.int(),
    epoch: z.int(),
    through: z.int().describe('the seq to commit when all of it is processed'),
    skipped: z.int().describe('events before the first one that are past their retention'),
    events: z.array(storedEventSchema),
  })
  .meta({ id: 'GroupBatch' });

export const pollReplySchema = z
  .strictObject({
    version: z.int().describe('one higher with every change of an assignment'),
    assigned: z.array(assignmentSchema),
    batches: z.array(batchSchema),
  })
  .meta({ id: 'GroupPoll' });

export const commitReplySchema = z
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

export const groupSummarySchema = z.strictObject({
  name: z.string(),
  stream: z.string().nullable().describe('null: the stream was deleted'),
  sessionMs: z.int(),
  delivery: z.enum(['pull', 'push']),
});

export const groupDetailSchema = groupSummarySchema
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
      assignmentSchema.extend({
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
