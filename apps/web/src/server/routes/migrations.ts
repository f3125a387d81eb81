/** Moves: what is under way, what became of the others, and the orders of people. */
import {
  drainPreview,
  MOVE_ORDERS,
  mergeWish,
  type Operator,
  orderMove,
  pauseAllMoves,
  type RestructureWish,
  requestDrain,
  requestMoveBack,
  requestMoves,
  requestRestructure,
  rollWish,
  type Wished,
} from '@foreshard/core/migration';
import { TopologyMap } from '@foreshard/core/topology';
import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import { ACTOR, type ConsoleServer } from '../main.ts';
import { moveView } from '../migrations/move-views.ts';
import { splitPlanFor } from '../migrations/split-plan.ts';
import { away, mutation, query, refused, router } from '../trpc.ts';

const LISTED_MAX = 200;

const id = z.int().min(1);
const reason = z.string().trim().max(500).default('asked for in the console');
const dryRun = z.boolean().default(false);

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

  order: mutation
    .input(z.object({ id, order: z.enum(MOVE_ORDERS), reason }))
    .mutation(async ({ ctx: { server }, input }) => {
      const reply = await orderMove(operator(server), input.id, input.order, input.reason);
      if (reply.kind === 'unknown') throw noMove(input.id);
      if (reply.kind === 'tooLate')
        throw new TRPCError({
          code: 'CONFLICT',
          message: 'This move has ended or is being aborted already.',
        });
    }),

  moveBack: mutation.input(z.object({ id, reason })).mutation(async ({ ctx: { server }, input }) => {
    const reply = await requestMoveBack(operator(server), input.id, input.reason);
    if (reply.kind === 'unknown') throw noMove(input.id);
    if (reply.kind === 'notMoved')
      throw new TRPCError({ code: 'CONFLICT', message: 'Only what has moved can be moved back.' });
    if (reply.kind === 'refused') throw refused(reply.refusal);
    return reply;
  }),

  pauseAll: mutation
    .input(z.object({ paused: z.boolean(), reason }))
    .mutation(({ ctx: { server }, input }) => pauseAllMoves(operator(server), input.paused, input.reason)),

  move: mutation
    .input(
      z.object({
        shardlets: z.array(id).min(1).max(1_000),
        dest: id,
        reason,
        /** not committed within it, a move is aborted */
        windowMs: z.int().min(1).optional(),
        bytesPerSecondMax: z.int().min(1).optional(),
        dryRun,
      }),
    )
    .mutation(({ ctx: { server }, input }) => requestMoves(operator(server), input, input.dryRun)),

  split: mutation.input(z.object({ shardlet: id, dryRun })).mutation(async ({ ctx: { server }, input }) => {
    const plan = await splitPlanFor(server, known(server), input.shardlet);
    if (plan.children.length < 2) throw new TRPCError({ code: 'BAD_REQUEST', message: plan.explanation });
    const wish = { parents: [input.shardlet], children: plan.children };
    const { children } = await restructured(server, wish, input.dryRun);
    return { children, shares: plan.shares, explanation: plan.explanation };
  }),

  roll: mutation.input(z.object({ shardlet: id, dryRun })).mutation(({ ctx: { server }, input }) => {
    return restructured(server, insisted(rollWish(known(server), input.shardlet)), input.dryRun);
  }),

  merge: mutation
    .input(z.object({ shardlets: z.array(id).min(2).max(1_000), dryRun }))
    .mutation(({ ctx: { server }, input }) => {
      return restructured(server, insisted(mergeWish(known(server), input.shardlets)), input.dryRun);
    }),

  /** Of all moves together; null: none. */
  limit: mutation
    .input(
      z.object({
        bytesPerSecondMax: z.int().min(1).nullable().optional(),
        concurrencyMax: z.int().min(1).optional(),
      }),
    )
    .mutation(({ ctx: { server }, input }) => server.moves.setControls(given(input), ACTOR)),

  drain: mutation
    .input(z.object({ host: id, undo: z.boolean().default(false), dryRun }))
    .mutation(async ({ ctx: { server }, input }) => {
      const state = input.undo ? 'active' : 'draining';
      const reply = await requestDrain(operator(server), input.host, state, input.dryRun);
      if (reply.kind === 'refused') throw refused(reply.refusal);
      if (!input.dryRun) await server.map.catchUp();
      const topology = await server.topology.snapshot();
      const facts = await server.drainFacts(new TopologyMap(topology));
      const { left, moves, waiting } = drainPreview(topology, input.host, facts);
      return {
        left,
        moves: moves.map(({ shardlet, dest }) => ({ shardlet: shardlet.id, dest })),
        waiting: waiting.map(({ why, shardlets }) => ({ why, shardlets: shardlets.length })),
      };
    }),
});

/** Without what was left out. */
function given(input: {
  bytesPerSecondMax?: number | null | undefined;
  concurrencyMax?: number | undefined;
}) {
  const { bytesPerSecondMax, concurrencyMax } = input;
  return {
    ...(bytesPerSecondMax === undefined ? {} : { bytesPerSecondMax }),
    ...(concurrencyMax === undefined ? {} : { concurrencyMax }),
  };
}

function insisted(wished: Wished): RestructureWish {
  if (!('unknown' in wished)) return wished;
  throw new TRPCError({ code: 'NOT_FOUND', message: `There is no shardlet ${wished.unknown}.` });
}

function operator(server: ConsoleServer): Operator {
  const { topology, moves, jobs } = server;
  return { topology, moves, wake: (job) => jobs.wake(job), nowMs: Date.now, actor: ACTOR };
}

async function restructured(server: ConsoleServer, wish: RestructureWish, dryRun: boolean) {
  const reply = await requestRestructure(operator(server), wish, dryRun);
  if (reply.kind === 'refused') throw refused(reply.refusal);
  return { children: reply.result.children.map((child) => child.id) };
}

function known(server: ConsoleServer): TopologyMap {
  const { map } = server.map;
  if (map === undefined) throw away();
  return map;
}

function noMove(move: number): TRPCError {
  return new TRPCError({ code: 'NOT_FOUND', message: `There is no move ${move}.` });
}
