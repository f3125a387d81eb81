/** Consumer groups as the edge tells them: who reads, how far each shardlet is, and what is left to do. */
import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import {
  type GroupDetail,
  groupDetailSchema,
  groupListSchema,
  groupSummary,
} from '../consumers/group-views.ts';
import { EdgeRefusal } from '../edge/edge-client.ts';
import { query, router } from '../trpc.ts';

/** Each is one call of the edge, which asks every host for its heads. */
const GROUPS_MAX = 50;

export const consumersRouter = router({
  list: query.query(({ ctx: { server } }) =>
    told(async () => {
      const { groups } = groupListSchema.parse(JSON.parse(await server.edge.get('/v1/groups')));
      const shown = groups.slice(0, GROUPS_MAX);
      const details = await Promise.all(shown.map(({ name }) => detailOf(server.edge, name)));
      return { groups: details.map(groupSummary), total: groups.length, nowMs: Date.now() };
    }),
  ),

  detail: query
    .input(z.object({ group: z.string().min(1).max(64) }))
    .query(({ ctx: { server }, input }) =>
      told(async () => ({ ...(await detailOf(server.edge, input.group)), nowMs: Date.now() })),
    ),
});

async function detailOf(edge: { get(path: string): Promise<string> }, name: string): Promise<GroupDetail> {
  return groupDetailSchema.parse(JSON.parse(await edge.get(`/v1/groups/${encodeURIComponent(name)}`)));
}

/** The edge's words, under the status that belongs to them. */
async function told<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof EdgeRefusal)) throw error;
    const code = error.status === 404 ? 'NOT_FOUND' : 'SERVICE_UNAVAILABLE';
    throw new TRPCError({ code, message: error.message, cause: error });
  }
}
