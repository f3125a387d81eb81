/** The command palette. */
import { z } from 'zod';
import { paletteHits } from '../cluster/palette-hits.ts';
import { away, query, router } from '../trpc.ts';

export const paletteRouter = router({
  find: query.input(z.object({ text: z.string().max(100) })).query(({ ctx: { server }, input }) => {
    const { map } = server.map;
    if (map === undefined) throw away();
    return paletteHits(map, input.text);
  }),
});
