/** Consumer groups as the edge tells them: who reads, how far each shardlet is, and what is left to do. */
import { z } from 'zod';
import {
  cachesSchema,
  type GroupDetail,
  groupDetailSchema,
  groupListSchema,
  groupSummary,
} from '../consumers/group-views.ts';
import type { EdgeCalls, EdgeRefusal } from '../edge/edge-client.ts';
import { edgeFor } from '../edge/edge-for.ts';
import { refusedByEdge } from '../edge/refused-by-edge.ts';
import { query, router } from '../trpc.ts';

/** Each is one call of the edge, which asks every host for its heads. */
const GROUPS_MAX = 50;

export const consumersRouter = router({
  list: query.query(async ({ ctx }) => {
    const details = await groupsOf(edgeFor(ctx)).catch(refusedByEdge);
    return { groups: details.shown.map(groupSummary), total: details.total, nowMs: Date.now() };
  }),

  detail: query.input(z.object({ group: z.string().min(1).max(64) })).query(async ({ ctx, input }) => {
    const detail = await detailOf(edgeFor(ctx), input.group).catch(refusedByEdge);
    return { ...detail, nowMs: Date.now() };
  }),

  /** Null: the edge does not tell them. */
  caches: query.query(async ({ ctx }) => {
    const text = await edgeFor(ctx)
      .get('/v1/cache')
      .catch((error: unknown) => (isNotFound(error) ? null : refusedByEdge(error)));
    return text === null ? null : cachesSchema.parse(JSON.parse(text)).caches;
  }),
});

/** An edge of a release without a cache. By name: each route has its own copy of the class. */
function isNotFound(error: unknown): boolean {
  const { name, status } = error as Partial<EdgeRefusal>;
  return name === 'EdgeRefusal' && status === 404;
}

type Edge = Pick<EdgeCalls, 'get'>;

async function groupsOf(edge: Edge) {
  const { groups } = groupListSchema.parse(JSON.parse(await edge.get('/v1/groups')));
  const shown = groups.slice(0, GROUPS_MAX);
  return { shown: await Promise.all(shown.map(({ name }) => detailOf(edge, name))), total: groups.length };
}

async function detailOf(edge: Edge, name: string): Promise<GroupDetail> {
  return groupDetailSchema.parse(JSON.parse(await edge.get(`/v1/groups/${encodeURIComponent(name)}`)));
}
