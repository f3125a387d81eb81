/** Views of hints: a month of them, and what one was worth. */
import { occurrences } from '@foreshard/core/hints';
import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import { query, router } from '../trpc.ts';

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

  effect: query.input(idInput).query(async ({ ctx: { server }, input: { id } }) => {
    const hint = (await server.hints.list({ withRemoved: true })).find((one) => one.id === id);
    if (hint === undefined)
      throw new TRPCError({ code: 'NOT_FOUND', message: `There is no such hint: ${id}.` });
    return server.forecasts.effectOf(hint);
  }),
});
