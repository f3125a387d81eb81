/** The whole map at once, small enough for a hundred thousand shardlets: see server/shard-map. */
import { z } from 'zod';
import { hostConditions } from '../cluster/host-views.ts';
import { type MovingShardlet, movesOf, pictureOf } from '../shard-map/shard-picture.ts';
import { storedBytes } from '../shard-map/stored-bytes.ts';
import { away, query, router } from '../trpc.ts';

export const shardMapRouter = router({
  picture: query
    .input(z.object({ stream: z.string().nullable().default(null) }))
    .query(async ({ ctx: { server }, input }) => {
      const { map } = server.map;
      if (map === undefined) throw away();
      const nowMs = Date.now();
      const bytes = await storedBytes(server.telemetry, map, nowMs);
      const rates = server.load.window.ratesByShardlet(nowMs);
      const conditions = hostConditions(map, server.measures.current, nowMs);
      return pictureOf(map, input.stream, rates, bytes, conditions);
    }),

  /** Running moves: who moves is in the topology store; how far it is, in the log of moves, where that can be read. */
  moves: query.query(async ({ ctx: { server } }): Promise<MovingShardlet[]> => {
    const { map } = server.map;
    if (map === undefined) throw away();
    const logged = await server.moves.list({ ended: false, limit: 200 }).catch(() => undefined);
    return movesOf(map, logged);
  }),
});
