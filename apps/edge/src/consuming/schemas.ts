/** What members of consumer groups send and get. */
import { groupNameSchema, memberIdSchema } from '@foreshard/core/consuming';
import { groupAssignmentSchema } from '@foreshard/core/operations';
import { z } from 'zod';
import { storedEventSchema } from '../api/schemas.ts';

const LIMIT_DEFAULT = 500;
const LIMIT_MAX = 10_000;
/** Below the time limits of most proxies. */
export const WAIT_MS_MAX = 30_000;

export const groupPath = z.object({ group: groupNameSchema.describe('the name of the group') });

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
    assigned: z.array(groupAssignmentSchema),
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
