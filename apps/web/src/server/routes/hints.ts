/** Hints: what people expect. Removed ones can be put back. */
import { randomUUID } from 'node:crypto';
import { absentShard, hintOf, hintRequestSchema, occurrences } from '@foreshard/core/hints';
import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import { ACTOR } from '../main.ts';
import { mutation, query, router } from '../trpc.ts';

const DAY_MS = 86_400_000;
const idInput = z.object({ id: z.uuid() });

export const hintsRouter = router({
  /** With what lies in the time asked for: the page of a calendar. */
  list: query
    .input(
      z
        .object({ fromMs: z.int(), toMs: z.int(), withRemoved: z.boolean().default(false) })
        .refine((q) => q.toMs > q.fromMs && q.toMs - q.fromMs <= 400 * DAY_MS, 'at most 400 days'),
    )
    .query(async ({ ctx: { server }, input: { fromMs, toMs, withRemoved } }) => {
      const hints = await server.hints.list({ withRemoved });
      return hints.map((hint) => ({ ...hint, occurrences: occurrences(hint, fromMs, toMs) }));
    }),

  add: mutation.input(hintRequestSchema).mutation(async ({ ctx: { server }, input }) => {
    const { map } = server.map;
    const stream = map?.streamNamed(input.stream);
    if (map !== undefined && stream === undefined)
      throw new TRPCError({ code: 'NOT_FOUND', message: `There is no stream "${input.stream}".` });
    const absent = stream === undefined ? undefined : absentShard(input, stream.shardCount);
    if (absent !== undefined) throw new TRPCError({ code: 'BAD_REQUEST', message: absent.detail });
    const id = randomUUID();
    await server.hints.add(hintOf(input, { id, atMs: Date.now(), actor: ACTOR }));
    return { id };
  }),

  remove: mutation.input(idInput).mutation(async ({ ctx: { server }, input: { id } }) => {
    if (!(await server.hints.remove(id, ACTOR, Date.now()))) throw gone(id);
  }),

  restore: mutation.input(idInput).mutation(async ({ ctx: { server }, input: { id } }) => {
    if (!(await server.hints.restore(id))) throw gone(id);
  }),

  effect: query.input(idInput).query(async ({ ctx: { server }, input: { id } }) => {
    const hint = (await server.hints.list({ withRemoved: true })).find((one) => one.id === id);
    if (hint === undefined) throw gone(id);
    return server.forecasts.effectOf(hint);
  }),
});

function gone(id: string): TRPCError {
  return new TRPCError({ code: 'NOT_FOUND', message: `There is no such hint: ${id}.` });
}
