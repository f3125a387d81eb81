/**
 * Hosts: all of them, since even a large cluster has some hundreds; and which servers T may use. A server is
 * taken in by the edge, which knows how to speak to hosts; the console has no path to one.
 */
import { tryDecision } from '@foreshard/core/migration';
import { describeHost, hostFactsSchema, removeHost } from '@foreshard/core/topology';
import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import { hostViews } from '../cluster/host-views.ts';
import { EdgeRefusal } from '../edge/edge-client.ts';
import { ACTOR } from '../main.ts';
import { away, mutation, query, refused, router } from '../trpc.ts';

const host = z.int().min(1);
const addedSchema = z.object({
  result: z.enum(['joined', 'known', 'would join']),
  host: z.object({ id: z.int(), name: z.string() }).nullable(),
});

const lossSchema = z.object({
  incarnation: z.string(),
  detail: z.string(),
  suspendedAt: z.string().nullable(),
  shardlets: z.array(
    z.object({
      shardlet: z.int(),
      stream: z.string(),
      lastSeqBefore: z.int().nullable(),
      lastSeqNow: z.int().nullable(),
      certainSeq: z.int(),
      atRisk: z.int(),
    }),
  ),
  whole: z.int(),
  absent: z.int(),
  atRisk: z.int(),
  consequences: z.array(z.string()),
});

/** The edge has said why, in words for people. */
function refusedByEdge(error: unknown): never {
  if (!(error instanceof EdgeRefusal)) throw error;
  const codes = { 409: 'CONFLICT', 503: 'SERVICE_UNAVAILABLE' } as const;
  const code = codes[error.status as keyof typeof codes] ?? 'BAD_REQUEST';
  throw new TRPCError({ code, message: error.message });
}

export const hostsRouter = router({
  list: query.query(({ ctx: { server } }) => {
    const map = server.map.map;
    if (map === undefined) throw away();
    const now = Date.now();
    return hostViews(map, server.measures.current, server.load.window.ratesByShardlet(now), now);
  }),

  add: mutation
    .input(
      z.object({
        url: z.string().trim().min(1).max(2_000),
        name: z.string().trim().min(1).max(200).optional(),
        dryRun: z.boolean().default(false),
      }),
    )
    .mutation(async ({ ctx: { server }, input: { dryRun: isTried, ...added } }) => {
      const text = await server.edge.post(`/v1/hosts?dryRun=${isTried}`, added).catch(refusedByEdge);
      if (!isTried) await server.map.catchUp();
      return addedSchema.parse(JSON.parse(text));
    }),

  describe: mutation
    .input(hostFactsSchema.extend({ host }))
    .mutation(async ({ ctx: { server }, input: { host: id, ...facts } }) => {
      const reply = await server.topology.decide(describeHost(id, facts), ACTOR);
      if (reply.kind === 'refused') throw refused(reply.refusal);
      await server.map.catchUp();
    }),

  /** What a host that went back lost. */
  loss: query.input(z.object({ host })).query(async ({ ctx: { server }, input }) => {
    const text = await server.edge.get(`/v1/hosts/${input.host}/loss`).catch(refusedByEdge);
    return lossSchema.parse(JSON.parse(text));
  }),

  acceptLoss: mutation
    .input(z.object({ host, incarnation: z.string().min(1) }))
    .mutation(async ({ ctx: { server }, input: { host: id, incarnation } }) => {
      await server.edge.post(`/v1/hosts/${id}/accept-loss`, { incarnation }).catch(refusedByEdge);
      await server.map.catchUp();
    }),

  /** null: it can go; else why it cannot now */
  removable: query.input(z.object({ host })).query(async ({ ctx: { server }, input }) => {
    const reply = tryDecision(await server.topology.snapshot(), removeHost(input.host), Date.now());
    return { because: reply.kind === 'refused' ? reply.refusal.detail : null };
  }),

  remove: mutation.input(z.object({ host })).mutation(async ({ ctx: { server }, input }) => {
    const reply = await server.topology.decide(removeHost(input.host), ACTOR);
    if (reply.kind === 'refused') throw refused(reply.refusal);
    await server.map.catchUp();
  }),
});
