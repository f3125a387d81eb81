/** Moves: what is under way, and what became of the others. */
import type { TopologyMap } from '@foreshard/core/topology';
import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import type { ConsoleServer } from '../main.ts';
import { moveView } from '../migrations/move-views.ts';
import { away, query, router } from '../trpc.ts';

const LISTED_MAX = 200;

const id = z.int().min(1);

export const migrationsRouter = router({
  list: query
    .input(z.object({ ended: z.boolean().default(false) }))
    .query(async ({ ctx: { server }, input }) => {
      const map = known(server);
      const [moves, controls] = await Promise.all([
        server.moves.list({ ended: input.ended, limit: LISTED_MAX }),
        server.moves.controls(),
      ]);
      return { moves: moves.map((move) => moveView(map, move)), controls, atMs: Date.now() };
    }),

  show: query.input(z.object({ id })).query(async ({ ctx: { server }, input }) => {
    const [move, journal] = await Promise.all([server.moves.find(input.id), server.moves.journal(input.id)]);
    if (move === undefined) throw noMove(input.id);
    return { move: moveView(known(server), move), journal, atMs: Date.now() };
  }),
});

function known(server: ConsoleServer): TopologyMap {
  const { map } = server.map;
  if (map === undefined) throw away();
  return map;
}

function noMove(move: number): TRPCError {
  return new TRPCError({ code: 'NOT_FOUND', message: `There is no move ${move}.` });
}
