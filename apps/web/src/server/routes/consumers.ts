/** Consumer groups as the edge tells them: who reads, how far each shardlet is, and what is left to do. */
import { z } from 'zod';
import {
  type GroupDetail,
  groupDetailSchema,
  groupListSchema,
  groupSummary,
} from '../consumers/group-views.ts';
import type { EdgeCalls } from '../edge/edge-client.ts';
import { refusedByEdge } from '../edge/refused-by-edge.ts';
import { query, router } from '../trpc.ts';

/** Each is one call of the edge, which asks every host for its heads. */
const GROUPS_MAX = 50;

export const consumersRouter = router({
  list: query.query(async ({ ctx: { server, identity } }) => {
    const details = await groupsOf(server.edge.as(identity.principal)).catch(refusedByEdge);
    return { groups: details.shown.map(groupSummary), total: details.total, nowMs: Date.now() };
  }),

  detail: query
    .input(z.object({ group: z.string().min(1).max(64) }))
    .query(async ({ ctx: { server, identity }, input }) => {
      const detail = await detailOf(server.edge.as(identity.principal), input.group).catch(refusedByEdge);
      return { ...detail, nowMs: Date.now() };
    }),
});

type Edge = Pick<EdgeCalls, 'get'>;

async function groupsOf(edge: Edge) {
  const { groups } = groupListSchema.parse(JSON.parse(await edge.get('/v1/groups')));
  const shown = groups.slice(0, GROUPS_MAX);
  return { shown: await Promise.all(shown.map(({ name }) => detailOf(edge, name))), total: groups.length };
}

async function detailOf(edge: Edge, name: string): Promise<GroupDetail> {
  return groupDetailSchema.parse(JSON.parse(await edge.get(`/v1/groups/${encodeURIComponent(name)}`)));
}
