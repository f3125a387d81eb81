/** Consumer groups as the edge tells them: who reads, how far each shardlet is, and what is left to do. */
import { groups, requestOf } from '@foreshard/core/operations';
import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import { cachesSchema, groupDetailSchema, groupPageSchema } from '../consumers/group-views.ts';
import type { EdgeRefusal } from '../edge/edge-client.ts';
import { edgeFor } from '../edge/edge-for.ts';
import { refusedByEdge } from '../edge/refused-by-edge.ts';
import { query, router } from '../trpc.ts';

/** Rows of a page; the edge sums up the positions of each group. */
const GROUPS_A_PAGE = 50;
const SHARDLETS_A_PAGE = 25;

const page = z.int().min(1).default(1);
const listInput = z.object({
  search: z.string().trim().max(64).default(''),
  internal: z.boolean().default(false),
  page,
});
const detailInput = z.object({
  group: z.string().min(1).max(64),
  member: z.string().min(1).max(128).nullable().default(null),
  page,
});

export const consumersRouter = router({
  list: query.input(listInput).query(async ({ ctx, input: { page, ...asked } }) => {
    const at = { limit: GROUPS_A_PAGE, offset: (page - 1) * GROUPS_A_PAGE };
    const { path } = requestOf(groups.summaries, { ...asked, ...at });
    const startedMs = performance.now();
    const text = await edgeFor(ctx)
      .get(path)
      .catch((error: unknown) => (isNotFound(error) ? earlierEdge() : refusedByEdge(error)));
    const tookMs = Math.round(performance.now() - startedMs);
    const found = groupPageSchema.parse(JSON.parse(text));
    return { ...found, ...pagesOf(found.total, page, GROUPS_A_PAGE), tookMs, nowMs: Date.now() };
  }),

  detail: query.input(detailInput).query(async ({ ctx, input: { group, member, page } }) => {
    const of = member === null ? {} : { member };
    const at = { limit: SHARDLETS_A_PAGE, offset: (page - 1) * SHARDLETS_A_PAGE, sort: 'lag' } as const;
    const { path } = requestOf(groups.show, { group, ...at, ...of });
    const startedMs = performance.now();
    const text = await edgeFor(ctx).get(path).catch(refusedByEdge);
    const tookMs = Math.round(performance.now() - startedMs);
    const detail = groupDetailSchema.parse(JSON.parse(text));
    const pages = pagesOf(detail.shardletCount, page, SHARDLETS_A_PAGE);
    return { ...detail, ...pages, tookMs, nowMs: Date.now() };
  }),

  /** Null: the edge does not tell them. */
  caches: query.query(async ({ ctx }) => {
    const text = await edgeFor(ctx)
      .get('/v1/cache')
      .catch((error: unknown) => (isNotFound(error) ? null : refusedByEdge(error)));
    return text === null ? null : cachesSchema.parse(JSON.parse(text)).caches;
  }),
});

function pagesOf(total: number, page: number, size: number) {
  return { page, pages: Math.max(1, Math.ceil(total / size)) };
}

/** By name: each route has its own copy of the class. */
function isNotFound(error: unknown): boolean {
  const { name, status } = error as Partial<EdgeRefusal>;
  return name === 'EdgeRefusal' && status === 404;
}

function earlierEdge(): never {
  throw new TRPCError({
    code: 'SERVICE_UNAVAILABLE',
    message: 'The edge is of an earlier release, which does not sum groups up. Start the new release of it.',
  });
}
