/** Consumer groups as the edge tells them: who reads, how far each shardlet is, and what is left to do. */
import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import { EdgeRefusal } from '../edge/edge-client.ts';
import { query, router } from '../trpc.ts';

const listSchema = z.object({ groups: z.array(z.object({ name: z.string() })) });
const detailSchema = z.object({
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
export type GroupDetail = z.infer<typeof detailSchema>;

export interface GroupSummary extends Omit<GroupDetail, 'shardlets' | 'members'> {
  readonly members: number;
  readonly shardlets: number;
  /** nobody has them now */
  readonly waiting: number;
  readonly skipped: number;
}

/** Each is one call of the edge, which asks every host for its heads. */
const GROUPS_MAX = 50;

export const consumersRouter = router({
  list: query.query(({ ctx: { server } }) =>
    answerOf(async () => {
      const { groups } = listSchema.parse(JSON.parse(await server.edge.get('/v1/groups')));
      const shown = groups.slice(0, GROUPS_MAX);
      const details = await Promise.all(shown.map(({ name }) => detailOf(server.edge, name)));
      return { groups: details.map(summaryOf), total: groups.length, nowMs: Date.now() };
    }),
  ),

  detail: query
    .input(z.object({ group: z.string().min(1).max(64) }))
    .query(({ ctx: { server }, input }) =>
      answerOf(async () => ({ ...(await detailOf(server.edge, input.group)), nowMs: Date.now() })),
    ),
});

async function detailOf(edge: { get(path: string): Promise<string> }, name: string): Promise<GroupDetail> {
  return detailSchema.parse(JSON.parse(await edge.get(`/v1/groups/${encodeURIComponent(name)}`)));
}

function summaryOf({ shardlets, members, ...group }: GroupDetail): GroupSummary {
  return {
    ...group,
    members: members.length,
    shardlets: shardlets.length,
    waiting: shardlets.filter(({ member }) => member === null).length,
    skipped: shardlets.reduce((sum, { skipped }) => sum + skipped, 0),
  };
}

/** The edge's words, under the status that belongs to them. */
async function answerOf<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof EdgeRefusal)) throw error;
    const code = error.status === 404 ? 'NOT_FOUND' : 'SERVICE_UNAVAILABLE';
    throw new TRPCError({ code, message: error.message, cause: error });
  }
}
