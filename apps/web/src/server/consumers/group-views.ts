/** Consumer groups as the edge tells them, and the line of one in a list. */
import { z } from 'zod';

export const groupListSchema = z.object({ groups: z.array(z.object({ name: z.string() })) });
export const groupDetailSchema = z.object({
  name: z.string(),
  /** null: the stream was deleted */
  stream: z.string().nullable(),
  delivery: z.enum(['pull', 'push']),
  sessionMs: z.number(),
  version: z.number(),
  /** events that are stored and not processed; null: a host does not answer */
  lag: z.number().nullable(),
  members: z.array(z.object({ id: z.string(), seenAtMs: z.number(), shardlets: z.number() })),
  shardlets: z.array(
    z.object({
      shardlet: z.number(),
      member: z.string().nullable(),
      seq: z.number(),
      lag: z.number().nullable(),
      revoking: z.boolean(),
      /** past their retention before the group came to them */
      skipped: z.number(),
    }),
  ),
});
export type GroupDetail = z.infer<typeof groupDetailSchema>;

export interface GroupSummary extends Omit<GroupDetail, 'shardlets' | 'members'> {
  readonly members: number;
  readonly shardlets: number;
  /** nobody has them now */
  readonly waiting: number;
  readonly skipped: number;
}

export function groupSummary({ shardlets, members, ...group }: GroupDetail): GroupSummary {
  return {
    ...group,
    members: members.length,
    shardlets: shardlets.length,
    waiting: shardlets.filter(({ member }) => member === null).length,
    skipped: shardlets.reduce((sum, { skipped }) => sum + skipped, 0),
  };
}
