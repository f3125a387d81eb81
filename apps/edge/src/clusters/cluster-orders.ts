/**
 * What people ask of clusters that are not ours, behind REST and tRPC. Load is taken in and plans are made by a
 * worker: both take seconds of a processor that appends have better use for.
 */
import type { InquiryAnswers, InquiryDesk } from '@foreshard/core/advising';
import {
  type ClusterChangeOrder,
  type ClusterDesk,
  type CsvFaults,
  changeCluster,
  type ExternalCluster,
  faultText,
  type LoadReply,
  type NewClusterOrder,
  type NewLoadOrder,
  planningObstacle,
  removeCluster,
} from '@foreshard/core/external';
import { ForeshardError } from '@foreshard/core/kernel';
import type { z } from 'zod';
import { reachingStore } from '../http/reaching-store.ts';
import type {
  clusterPlanSchema,
  clusterSchema,
  clustersSchema,
  loadReportSchema,
  removedClusterSchema,
} from './schemas.ts';

export interface ClusterParts
  extends Pick<ClusterDesk, 'clusters' | 'telemetry' | 'notifications' | 'recommendations' | 'nowMs'> {
  readonly inquiries: InquiryDesk;
  /** of the job that plans them */
  readonly wake: () => Promise<void>;
}

/** Where the load stood in the request, for the places that are wrong: as its body, or as a member of it. */
export type LoadPlace = 'body' | 'member';

type LoadDocument = z.output<typeof loadReportSchema>;
type ClusterDocument = z.output<typeof clusterSchema>;

export class ClusterOrders {
  private readonly parts: ClusterParts;

  constructor(parts: ClusterParts) {
    this.parts = parts;
  }

  async list(): Promise<z.output<typeof clustersSchema>> {
    const clusters = await reaching(() => this.parts.clusters.list());
    return { clusters: clusters.map((one) => summaryOf(one, this.parts.nowMs())) };
  }

  async show(name: string): Promise<ClusterDocument> {
    const found = await reaching(() => this.parts.clusters.find(name));
    if (found === undefined) throw unknown(name);
    return documentOf(found, this.parts.nowMs());
  }

  async add(name: string, order: NewClusterOrder, actor: string, place: LoadPlace): Promise<LoadDocument> {
    return taken(name, await this.parts.inquiries.ask('addCluster', { name, order, actor }), place);
  }

  async importLoad(
    name: string,
    order: NewLoadOrder,
    actor: string,
    place: LoadPlace,
  ): Promise<LoadDocument> {
    return taken(name, await this.parts.inquiries.ask('importLoad', { name, order, actor }), place);
  }

  async change(name: string, { webhook, hosts }: ClusterChangeOrder): Promise<ClusterDocument> {
    const change = {
      ...(webhook === undefined ? {} : { webhook }),
      ...(hosts === undefined ? {} : { capacities: hosts }),
    };
    const reply = await reaching(() => changeCluster(this.parts, name, change));
    if (reply.kind !== 'done') throw refused(name, reply, 'member');
    return documentOf(reply.cluster, this.parts.nowMs());
  }

  async remove(name: string, actor: string): Promise<z.output<typeof removedClusterSchema>> {
    const reply = await reaching(() => removeCluster({ ...this.parts, actor }, name));
    if (reply.kind !== 'done') throw refused(name, reply, 'member');
    return { removed: name };
  }

  async plan(name: string, withState: boolean): Promise<z.output<typeof clusterPlanSchema>> {
    const reply = await this.parts.inquiries.ask('planCluster', { name, withState });
    if (reply.kind === 'unknown') throw unknown(name);
    if (reply.kind === 'not-planned')
      throw new ForeshardError('in_the_way', `${name} is not planned: ${reply.detail}.`);
    const { document, state } = reply;
    const recommendations = document.recommendations.map((one) => ({ ...one }));
    return { name, plan: { ...document, recommendations }, state };
  }
}

/** @throws ForeshardError for everything but load that was taken in */
function taken(name: string, reply: InquiryAnswers['addCluster'], place: LoadPlace): LoadDocument {
  if (reply.kind === 'faulty') throw faulty(reply, place);
  if (reply.kind !== 'taken') throw refused(name, reply, place);
  const { shiftMs, fromMs, toMs, ...report } = reply.report;
  return { ...report, shiftSeconds: shiftMs / 1_000, from: timeOrNull(fromMs), to: timeOrNull(toMs) };
}

function faulty({ faults, more, lines }: CsvFaults, place: LoadPlace): ForeshardError {
  const places = faults.map((fault) => {
    if (place === 'member') return { pointer: '/load', detail: faultText(fault) };
    const { line, detail } = fault;
    return { pointer: line === null ? '' : `line ${line}`, detail };
  });
  const [first] = faults;
  const count = lines === 1 ? 'One line' : `${lines} lines`;
  const detail =
    first!.line === null
      ? `The CSV cannot be read: ${first!.detail}.`
      : `${count} cannot be understood${more > 0 ? `; the first ${faults.length} faults are named, ${more} more are not` : ''}. Nothing was taken.`;
  return new ForeshardError('invalid_csv', detail, { places });
}

type Refusal = Exclude<LoadReply, { readonly kind: 'taken' }>;

function refused(name: string, reply: Refusal, place: LoadPlace): ForeshardError {
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
        : new ForeshardError('invalid_record', reply.detail, { pointer: pointerOf(reply.what, place) });
  }
}

function pointerOf(what: string, place: LoadPlace): string {
  if (place === 'member') return `/${what}`;
  return what === 'load' ? '' : `?${what}`;
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
  const address = new URL(url);
  address.username = address.password = '';
  return { address: address.href, query, partitionLabel, hostLabel };
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

function reaching<T>(call: () => Promise<T>): Promise<T> {
  return reachingStore('clusters are described', call);
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
