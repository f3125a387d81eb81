/** Streams are decided by T; the worker, woken by the job, then opens or drops their shardlets on the hosts. */
import {
  alterStream,
  createStream,
  type Decision,
  deleteStream,
  SHARDS_DEFAULT,
  SHARDS_MAX,
  streamNameSchema,
  streamSettingsSchema,
} from '@foreshard/core/topology';
import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import { streamViews } from '../cluster/stream-views.ts';
import { ACTOR, type ConsoleServer } from '../main.ts';
import { away, mutation, query, refused, router } from '../trpc.ts';

const createSchema = z.object({
  name: streamNameSchema,
  shardCount: z.int().min(1).max(SHARDS_MAX).default(SHARDS_DEFAULT),
  splitKeys: z.boolean().default(false),
  settings: streamSettingsSchema,
});

/** The stream every short path of the edge means; without it clients that name none would fail. */
const DEFAULT_STREAM = 'main';

export const streamsRouter = router({
  list: query.query(({ ctx: { server } }) => {
    const map = server.map.map;
    if (map === undefined) throw away();
    return streamViews(map, server.load.window.ratesByShardlet(Date.now()));
  }),

  create: mutation
    .input(createSchema)
    .mutation(({ ctx: { server }, input }) => decide(server, createStream(input))),

  alter: mutation
    .input(z.object({ id: z.int(), settings: streamSettingsSchema }))
    .mutation(({ ctx: { server }, input }) => decide(server, alterStream(input.id, input.settings))),

  delete: mutation.input(z.object({ id: z.int() })).mutation(({ ctx: { server }, input }) => {
    if (server.map.map?.stream(input.id)?.name === DEFAULT_STREAM)
      throw new TRPCError({
        code: 'BAD_REQUEST',
        message: 'The stream "main" stays: it is the one clients mean that name none.',
      });
    return decide(server, deleteStream(input.id));
  }),
});

async function decide<R>(server: ConsoleServer, decision: Decision<R>): Promise<R> {
  const reply = await server.topology.decide(decision, ACTOR);
  if (reply.kind === 'refused') throw refused(reply.refusal);
  await server.map.catchUp();
  // The decision stands whether or not the wake-up gets through: the worker also looks by itself.
  await server.jobs.wake('reconcile').catch(() => {});
  return reply.result;
}
