/** What is sent and answered of whole consumer groups. */
import { groupNameSchema, groupSchema } from '@foreshard/core/consuming';
import { assignmentSchema } from '@foreshard/core/operations';
import { z } from 'zod';

export const groupPath = z.object({ group: groupNameSchema.describe('the name of the group') });

export const createGroupSchema = z.strictObject({
  name: groupNameSchema,
  stream: z.string().default('main'),
  from: z.enum(['oldest', 'now']).default('oldest').describe('where the group begins'),
  sessionMs: groupSchema.shape.sessionMs.describe(
    'a member without a sign of life for so long loses its shardlets',
  ),
});

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
