/** Views of clusters that are not ours: how far their load is known, and what is recommended for them. */
import { allows, type Grant, mentions, OWN_CLUSTER } from '@foreshard/core/access';
import {
  type ExternalCluster,
  faultText,
  LOAD_LENGTH_MAX,
  planningObstacle,
  readHostsCsv,
} from '@foreshard/core/external';
import { everyClusterSeen } from '@foreshard/core/operations/handlers';
import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import { hostViews } from '../clusters/host-loads.ts';
import type { ConsoleServer } from '../main.ts';
import { ordering, permitted, queryOfSeen, router } from '../trpc.ts';

const PENDING = ['open', 'approved', 'running'] as const;
const LISTED_MAX = 1_000;
const nameInput = z.object({ name: z.string().min(1).max(63) });

const ofCluster = permitted('cluster:read', (input) => {
  return { cluster: nameInput.safeParse(input).data?.name };
});

/** For whoever describes some cluster. */
const readingFiles = ordering(['clusters:manage'], 'anywhere');

export const clustersRouter = router({
  list: queryOfSeen.query(async ({ ctx: { server, identity } }) => {
    const { principal } = identity;
    const { grants } = principal;
    const [all, pending] = await Promise.all([
      server.clusters.list(),
      server.recommendations.list({
        ...{ cluster: everyClusterSeen(principal), states: PENDING, limit: LISTED_MAX },
      }),
    ]);
    const clusters = all.filter(({ name }) => allows(grants, 'cluster:read', { cluster: name }));
    return {
      rows: clusters.map((cluster) => ({
        ...summaryOf(cluster),
        recommendations: pending.filter((record) => record.cluster === cluster.name).length,
      })),
      /** one is chosen for a cluster that is added or edited */
      targets: mayKnowTargets(grants) ? (await server.notifications.targets()).map(({ name }) => name) : [],
      atMs: Date.now(),
    };
  }),

  detail: ofCluster.input(nameInput).query(async ({ ctx: { server }, input: { name } }) => {
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

  /** A file of what hosts take, as the operations on clusters take it; changes nothing. */
  readHosts: readingFiles.input(z.object({ csv: z.string().max(LOAD_LENGTH_MAX) })).mutation(({ input }) => {
    const reply = readHostsCsv(input.csv);
    if (reply.kind === 'read') return [...reply.rows];
    const { faults, more } = reply;
    const rest = more > 0 ? [`and ${more} more`] : [];
    const message = ['The file of hosts cannot be understood:', ...faults.map(faultText), ...rest].join('\n');
    throw new TRPCError({ code: 'BAD_REQUEST', message });
  }),
});

function mayKnowTargets(grants: readonly Grant[]): boolean {
  return allows(grants, 'cluster:read', { cluster: OWN_CLUSTER }) || mentions(grants, 'clusters:manage');
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
