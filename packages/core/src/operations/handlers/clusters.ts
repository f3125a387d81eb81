/**
 * What is done for operations on clusters that are not ours. A worker takes load in and plans: both take seconds of a
 * processor that appends have better use for.
 */
import { allows } from '../../access/index.ts';
import type { InquiryAnswers, InquiryClient, RecommendationLog } from '../../advising/index.ts';
import {
  type ClusterStore,
  type CsvFaults,
  changeCluster,
  type ExternalCluster,
  type LoadReply,
  planningObstacle,
  removeCluster,
} from '../../external/index.ts';
import { ForeshardError, shownAddress } from '../../kernel/index.ts';
import type { BlockStore } from '../../telemetry/index.ts';
import type { clusters } from '../clusters.ts';
import type { OutputOf, RouterHandlers } from '../operation.ts';
import type { NotificationStores } from './notifications.ts';

export interface ClusterStores extends NotificationStores {
  readonly clusters: ClusterStore;
  /** recorded load */
  readonly blocks: Pick<BlockStore, 'exclusively'>;
  readonly recommendations: RecommendationLog;
  readonly inquiries: InquiryClient;
  /** wakes the job that plans them; a lost wake-up costs a minute */
  readonly wakeClusters: () => Promise<void>;
  readonly nowMs: () => number;
}

type LoadDocument = OutputOf<typeof clusters.add>;
type ClusterDocument = OutputOf<typeof clusters.show>;

export function clusterHandlers(stores: ClusterStores): RouterHandlers<typeof clusters> {
  const { clusters: store, inquiries, recommendations, blocks: telemetry, nowMs } = stores;
  const parts = {
    ...{ clusters: store, recommendations, telemetry, nowMs },
    notifications: stores.notifications.store,
    wake: stores.wakeClusters,
  };
  return {
    async list(_, { principal }) {
      const seen = (await store.list()).filter(({ name }) =>
        allows(principal.grants, 'cluster:read', { cluster: name }),
      );
      return { clusters: seen.map((one) => summaryOf(one, nowMs())) };
    },
    async show({ name }) {
      const found = await store.find(name);
      if (found === undefined) throw unknown(name);
      return documentOf(found, nowMs());
    },
    async add({ name, ...order }, { actor }) {
      return loadReport(name, await inquiries.ask('addCluster', { name, order, actor }));
    },
    async importLoad({ name, ...order }, { actor, note }) {
      const old = await store.find(name);
      note?.({ before: old && summaryOf(old, nowMs()) });
      return loadReport(name, await inquiries.ask('importLoad', { name, order, actor }));
    },
    async change({ name, webhook, hosts }, { note }) {
      const old = await store.find(name);
      const change = {
        ...(webhook === undefined ? {} : { webhook }),
        ...(hosts === undefined ? {} : { capacities: hosts }),
      };
      const reply = await changeCluster(parts, name, change);
      if (reply.kind !== 'done') throw refused(name, reply);
      const changed = documentOf(reply.cluster, nowMs());
      note?.({ before: old && settingsOf(documentOf(old, nowMs())), after: settingsOf(changed) });
      return changed;
    },
    async remove({ name }, { actor, note }) {
      const old = await store.find(name);
      const reply = await removeCluster({ ...parts, actor }, name);
      if (reply.kind !== 'done') throw refused(name, reply);
      note?.({ before: old && settingsOf(documentOf(old, nowMs())), after: null });
      return { removed: name };
    },
    async plan({ name, withState }) {
      const reply = await inquiries.ask('planCluster', { name, withState });
      if (reply.kind === 'unknown') throw unknown(name);
      if (reply.kind === 'not-planned')
        throw new ForeshardError('in_the_way', `${name} is not planned: ${reply.detail}.`);
      const { document, state } = reply;
      const made = document.recommendations.map((one) => ({ ...one }));
      return {
        name,
        plan: { ...document, recommendations: made },
        state: state === null ? null : { ...state },
      };
    },
  };
}

/** @throws ForeshardError for everything but load that was taken in */
export function loadReport(name: string, reply: InquiryAnswers['addCluster']): LoadDocument {
  if (reply.kind === 'faulty') throw faulty(reply);
  if (reply.kind !== 'taken') throw refused(name, reply);
  const { shiftMs, fromMs, toMs, ...report } = reply.report;
  return { ...report, shiftSeconds: shiftMs / 1_000, from: timeOrNull(fromMs), to: timeOrNull(toMs) };
}

function faulty({ faults, more, lines }: CsvFaults): ForeshardError {
  const places = faults.map(({ line, detail }) => ({
    ...{ pointer: '/load', detail },
    ...(line === null ? {} : { line }),
  }));
  const [first] = faults;
  const count = lines === 1 ? 'One line' : `${lines} lines`;
  const detail =
    first!.line === null
      ? `The CSV cannot be read: ${first!.detail}.`
      : `${count} cannot be understood${more > 0 ? `; the first ${faults.length} faults are named, ${more} more are not` : ''}. Nothing was taken.`;
  return new ForeshardError('invalid_csv', detail, { places });
}

type Refusal = Exclude<LoadReply, { readonly kind: 'taken' }>;

function refused(name: string, reply: Refusal): ForeshardError {
  switch (reply.kind) {
    case 'unknown':
      return unknown(name);
    case 'exists':
      return new ForeshardError('conflict', `There is a cluster "${name}" already.`);
    case 'busy':
      return new ForeshardError(
        'conflict',
        'Another import is under way, or the cluster was changed at this moment.',
      );
    case 'refused':
      return reply.what === 'name'
        ? new ForeshardError('invalid_parameter', reply.detail, { pointer: '{name}' })
        : new ForeshardError('invalid_record', reply.detail, { pointer: `/${reply.what}` });
  }
}

function summaryOf(cluster: ExternalCluster, nowMs: number) {
  const { name, version, hosts, partitions, observedToMs, webhook, source, problem, shiftMs } = cluster;
  return {
    ...{ name, version, hostCount: hosts.length, partitionCount: partitions.length },
    observedTo: timeOrNull(observedToMs),
    obstacle: planningObstacle(cluster, nowMs) ?? null,
    ...{ webhook, source: source === null ? null : sourceOf(source), problem },
    shiftSeconds: shiftMs / 1_000,
    createdAt: timeOf(cluster.createdMs),
    createdBy: cluster.createdBy,
  };
}

function sourceOf({ url, query, partitionLabel, hostLabel }: NonNullable<ExternalCluster['source']>) {
  return { address: shownAddress(url), query, partitionLabel, hostLabel };
}

function documentOf(cluster: ExternalCluster, nowMs: number): ClusterDocument {
  return {
    ...summaryOf(cluster, nowMs),
    hosts: cluster.hosts.map(({ number: _, ...host }) => host),
    partitions: cluster.partitions.map(({ name, host, bytes, movedMs, cameFrom }) => ({
      ...{ name, host, bytes, cameFrom },
      movedAt: timeOrNull(movedMs),
    })),
  };
}

/** Partitions are measured, and may be thousands. */
function settingsOf({ partitions: _, ...settings }: ClusterDocument): Omit<ClusterDocument, 'partitions'> {
  return settings;
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : timeOf(ms);
}

function unknown(name: string): ForeshardError {
  return new ForeshardError('not_found', `There is no cluster "${name}".`);
}
