/** Clusters that are not ours: what they consist of, how far their load is known, and what is recommended for them. */
import { EVERY_CLUSTER } from '@foreshard/core/advising';
import {
  type ClusterReply,
  type CsvFaults,
  changeCluster,
  clusterChangeSchema,
  type ExternalCluster,
  faultText,
  type HostCapacity,
  LOAD_LENGTH_MAX,
  type LoadReply,
  newClusterSchema,
  newLoadSchema,
  planningObstacle,
  readHostsCsv,
  removeCluster,
} from '@foreshard/core/external';
import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import { hostViews } from '../clusters/host-loads.ts';
import { ACTOR, type ConsoleServer } from '../main.ts';
import { asked, mutation, query, router } from '../trpc.ts';

const PENDING = ['open', 'approved', 'running'] as const;
const LISTED_MAX = 1_000;
const nameInput = z.object({ name: z.string().min(1).max(63) });
/** what hosts take; undefined: nothing is said of them */
const hostsCsv = z.string().max(LOAD_LENGTH_MAX).optional();

export const clustersRouter = router({
  list: query.query(async ({ ctx: { server } }) => {
    const [clusters, pending] = await Promise.all([
      server.clusters.list(),
      server.recommendations.list({ cluster: EVERY_CLUSTER, states: PENDING, limit: LISTED_MAX }),
    ]);
    return {
      rows: clusters.map((cluster) => ({
        ...summaryOf(cluster),
        recommendations: pending.filter((record) => record.cluster === cluster.name).length,
      })),
      targets: (await server.notifications.store.targets()).map(({ name }) => name),
      atMs: Date.now(),
    };
  }),

  detail: query.input(nameInput).query(async ({ ctx: { server }, input: { name } }) => {
    const cluster = await server.clusters.find(name);
    if (cluster === undefined)
      throw new TRPCError({ code: 'NOT_FOUND', message: `There is no cluster "${name}".` });
    const [newest] = await server.recommendations.decisions(1, name);
    const { policy } = await server.policies.at(Date.now());
    return {
      hosts: await hostViews(await partsOf(server, name), cluster, policy.capacity.events_per_second),
      nothingBecause: newest?.nothingBecause ?? null,
      plannedMs: newest?.lastMs ?? null,
    };
  }),

  add: mutation
    .input(nameInput.extend({ order: newClusterSchema, hostsCsv }))
    .mutation(async ({ ctx: { server }, input: { name, order, hostsCsv } }) => {
      const hosts = [...order.hosts, ...capacitiesIn(hostsCsv)];
      const question = { name, order: { ...order, hosts }, actor: ACTOR };
      return taken(name, await answered(server.inquiries.ask('addCluster', question)));
    }),

  importLoad: mutation
    .input(nameInput.extend({ order: newLoadSchema }))
    .mutation(async ({ ctx: { server }, input: { name, order } }) =>
      taken(name, await answered(server.inquiries.ask('importLoad', { name, order, actor: ACTOR }))),
    ),

  change: mutation
    .input(nameInput.extend({ webhook: clusterChangeSchema.shape.webhook, hostsCsv }))
    .mutation(async ({ ctx: { server }, input: { name, webhook, hostsCsv } }) => {
      const change = {
        ...(webhook === undefined ? {} : { webhook }),
        ...(hostsCsv === undefined ? {} : { capacities: capacitiesIn(hostsCsv) }),
      };
      done(name, await changeCluster(deskOf(server), name, change));
    }),

  remove: mutation.input(nameInput).mutation(async ({ ctx: { server }, input: { name } }) => {
    done(name, await removeCluster(deskOf(server), name));
  }),
});

/** @throws TRPCError when no worker answers */
async function answered<T>(answer: Promise<T>): Promise<T> {
  const reply = await asked(answer);
  if ('away' in reply) throw new TRPCError({ code: 'SERVICE_UNAVAILABLE', message: reply.away });
  return reply.answer;
}

function deskOf({ clusters, notifications, recommendations, blocks, jobs }: ConsoleServer) {
  return {
    ...{ clusters, recommendations, telemetry: blocks, notifications: notifications.store },
    ...{ actor: ACTOR, nowMs: Date.now, wake: () => jobs.wake('clusters') },
  };
}

/** @throws TRPCError naming every line that cannot be understood */
function capacitiesIn(csv: string | undefined): HostCapacity[] {
  const reply = csv === undefined ? ({ kind: 'read', rows: [] } as const) : readHostsCsv(csv);
  if (reply.kind === 'faulty') throw faulty('The file of hosts', reply);
  return [...reply.rows];
}

/** @throws TRPCError for everything but load that was taken in */
function taken(name: string, reply: LoadReply | CsvFaults) {
  if (reply.kind === 'faulty') throw faulty('The file of load', reply);
  if (reply.kind === 'exists')
    throw new TRPCError({ code: 'CONFLICT', message: `There is a cluster "${name}" already.` });
  if (reply.kind !== 'taken') throw refusedOrder(name, reply);
  return reply.report;
}

function done(name: string, reply: ClusterReply): void {
  if (reply.kind !== 'done') throw refusedOrder(name, reply);
}

function refusedOrder(name: string, reply: Exclude<ClusterReply, { kind: 'done' }>): TRPCError {
  if (reply.kind === 'unknown')
    return new TRPCError({ code: 'NOT_FOUND', message: `There is no cluster "${name}".` });
  if (reply.kind === 'busy')
    return new TRPCError({
      code: 'CONFLICT',
      message: 'Somebody else has changed the cluster at this moment, or imports load. Try again.',
    });
  return new TRPCError({ code: 'BAD_REQUEST', message: `It was refused: ${reply.detail}.` });
}

function faulty(what: string, { faults, more }: CsvFaults): TRPCError {
  const rest = more > 0 ? [`and ${more} more`] : [];
  return new TRPCError({
    code: 'BAD_REQUEST',
    message: [`${what} cannot be understood, and nothing was taken:`, ...faults.map(faultText), ...rest].join(
      '\n',
    ),
  });
}

function summaryOf(cluster: ExternalCluster) {
  const { name, hosts, partitions, observedToMs, webhook, shiftMs, source, problem } = cluster;
  return {
    ...{ name, observedToMs, webhook, shiftMs, problem },
    hosts: hosts.length,
    partitions: partitions.length,
    /** without what would let others in */
    source: source === null ? null : new URL(source.url).host,
    /** why nothing new is planned; null: it is */
    obstacle: planningObstacle(cluster, Date.now()) ?? null,
  };
}

async function partsOf(server: ConsoleServer, name: string) {
  return (await server.partsFor(name)).telemetry;
}
