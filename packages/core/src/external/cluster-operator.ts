/** What people do with clusters of others: the plain functions behind the command line and the API. */
import type { BlockStore } from '../telemetry/index.ts';
import type { TopologyStore } from '../topology/index.ts';
import type { ClusterStore } from './cluster-store.ts';
import {
  clusterNameSchema,
  type ExternalCluster,
  OBSERVATION_FRESH_MS,
  type PrometheusSource,
} from './description.ts';
import { PAST_MS, type ReadSource, SOURCE_STEP_MS } from './following.ts';
import { extentOf, type HostCapacity, type LoadRow, withCapacities } from './load-rows.ts';
import { forgetCluster, isOverfull, OVERFULL, type TakenIn, type TakingIn, takeIn } from './taking-in.ts';

export interface ClusterOperator {
  readonly clusters: ClusterStore;
  readonly telemetry: Pick<BlockStore, 'exclusively'>;
  readonly topology: Pick<TopologyStore, 'snapshot'>;
  /** targets of notifications: one of them is told what was approved */
  readonly notifications: { targets(): Promise<readonly { readonly name: string }[]> };
  /** ends what was recommended for a cluster that goes */
  readonly recommendations: {
    abandon(cluster: string, actor: string, why: string, atMs: number): Promise<void>;
  };
  /** why nothing may be read from an address; undefined: it may */
  readonly objection: (url: string) => Promise<string | undefined>;
  readonly read: ReadSource;
  /** wakes the jobs that forecast and plan; a lost wake-up costs a minute */
  readonly wake: () => Promise<void>;
  readonly nowMs: () => number;
  readonly actor: string;
}

/** auto: a record that ended long ago is moved so that it ends now; end-now: in any case */
export const SHIFTS = ['auto', 'none', 'end-now'] as const;
export type Shift = (typeof SHIFTS)[number];

export interface NewLoad {
  readonly rows: readonly LoadRow[];
  readonly capacities: readonly HostCapacity[];
  readonly shift: Shift;
  /** how long one line holds; found out from the lines where it is not given */
  readonly stepMs?: number;
  /** what was recorded before is removed */
  readonly replaces?: boolean;
}

export interface NewCluster extends NewLoad {
  readonly name: string;
  /** name of the target that is told what was approved; null: nobody */
  readonly webhook: string | null;
  /** null: `rows` are all that is known */
  readonly source: PrometheusSource | null;
}

/** What a cluster is after load was taken in. */
export interface LoadReport {
  readonly name: string;
  readonly hosts: number;
  readonly partitions: number;
  /** lines that were new */
  readonly rows: number;
  /** lines known from an earlier import */
  readonly known: number;
  /** measurements before what is kept */
  readonly tooOld: number;
  /** what was added to all times */
  readonly shiftMs: number;
  /** of what was new; null: nothing was */
  readonly fromMs: number | null;
  readonly toMs: number | null;
  /** hosts of which nobody said what they take */
  readonly hostsAssumed: number;
}

export type LoadReply =
  | { readonly kind: 'taken'; readonly report: LoadReport }
  /** another import is under way, or somebody has changed the cluster */
  | { readonly kind: 'busy' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'exists' }
  /** `what` of the request is wrong */
  | {
      readonly kind: 'refused';
      readonly what: 'name' | 'webhook' | 'prometheus' | 'hosts' | 'load';
      readonly detail: string;
    };

const STEP_MS_DEFAULT = 60_000;
const MINUTE_MS = 60_000;

/** All of it or nothing: a cluster is there when its load is taken in, not before. */
export async function addCluster(operator: ClusterOperator, request: NewCluster): Promise<LoadReply> {
  const { name, source, webhook } = request;
  const refusal = (await misnamed(operator, name)) ?? (await unknownTarget(operator, webhook));
  if (refusal !== undefined) return refusal;
  if ((await operator.clusters.find(name)) !== undefined) return { kind: 'exists' };
  const past = source === null ? request.rows : await pastOf(operator, source);
  if ('kind' in past) return past;
  const [first] = past;
  if (first === undefined) return refused('load', 'there is no load');
  const cluster: ExternalCluster = {
    name,
    number: await operator.clusters.nextNumber(),
    revision: 0,
    version: 1,
    hosts: [{ number: 1, ...UNKNOWN_HOST, name: first.host }],
    partitions: [],
    hostsChangedMs: null,
    webhook,
    source,
    problem: null,
    observedToMs: null,
    stepMs: STEP_MS_DEFAULT,
    shiftMs: 0,
    createdMs: operator.nowMs(),
    createdBy: operator.actor,
  };
  const adding = { save: (described: ExternalCluster) => operator.clusters.add(described) };
  const reply = await load({ ...operator, clusters: adding }, cluster, { ...request, rows: past });
  const isLate = reply.kind === 'busy' && (await operator.clusters.find(name)) !== undefined;
  return isLate ? { kind: 'exists' } : reply;
}

const UNKNOWN_HOST = { zone: 'default', eventsPerSecond: null, bytesPerSecond: null, memoryBytes: null };

/** What is newer than what is known; what is known already is left out. */
export async function importLoad(operator: ClusterOperator, name: string, news: NewLoad): Promise<LoadReply> {
  const cluster = await operator.clusters.find(name);
  return cluster === undefined ? { kind: 'unknown' } : load(operator, cluster, news);
}

export type ClusterReply =
  | { readonly kind: 'done'; readonly cluster: ExternalCluster }
  | Exclude<LoadReply, { readonly kind: 'taken' | 'exists' }>;

export interface ClusterChange {
  /** null: nobody is told any more */
  readonly webhook?: string | null;
  /** of the hosts that are named; the others stay as they are */
  readonly capacities?: readonly HostCapacity[];
}

export async function changeCluster(
  operator: Pick<ClusterOperator, 'clusters' | 'notifications' | 'wake' | 'nowMs'>,
  name: string,
  { webhook, capacities = [] }: ClusterChange,
): Promise<ClusterReply> {
  const refusal = await unknownTarget(operator, webhook ?? null);
  if (refusal !== undefined) return refusal;
  const seen = await operator.clusters.find(name);
  if (seen === undefined) return { kind: 'unknown' };
  const described = withCapacities(seen, capacities, operator.nowMs());
  if (isOverfull(described)) return refused('hosts', OVERFULL);
  const after = webhook === undefined ? described : { ...described, webhook };
  if (!(await operator.clusters.save(after, seen))) return { kind: 'busy' };
  await operator.wake().catch(() => {});
  return { kind: 'done', cluster: after };
}

/** With its load, and with what was recommended for it. */
export async function removeCluster(
  operator: Pick<ClusterOperator, 'clusters' | 'telemetry' | 'recommendations' | 'actor' | 'nowMs'>,
  name: string,
): Promise<ClusterReply> {
  const cluster = await operator.clusters.find(name);
  if (cluster === undefined || !(await forgetCluster(operator, cluster))) return { kind: 'unknown' };
  const { recommendations, actor, nowMs } = operator;
  await recommendations.abandon(name, actor, `the cluster ${name} was removed`, nowMs());
  return { kind: 'done', cluster };
}

async function load(
  operator: Pick<ClusterOperator, 'telemetry' | 'wake' | 'nowMs'> & Pick<TakingIn, 'clusters'>,
  cluster: ExternalCluster,
  { rows, capacities, shift, stepMs, replaces = false }: NewLoad,
): Promise<LoadReply> {
  const nowMs = operator.nowMs();
  const base = replaces ? { ...cluster, observedToMs: null } : cluster;
  const reply = await takeIn({ ...operator, nowMs }, cluster, {
    ...{ rows, capacities, replaces },
    ...(stepMs === undefined ? {} : { stepMs }),
    shiftMs: shiftOf(rows, base, shift, stepMs, nowMs),
  });
  if (reply.kind === 'refused') return refused('load', reply.detail);
  if (reply.kind === 'busy') return reply;
  await operator.wake().catch(() => {});
  return { kind: 'taken', report: reportOf(reply) };
}

/** What continues an earlier import is moved as that was. */
function shiftOf(
  rows: readonly LoadRow[],
  { observedToMs, shiftMs }: ExternalCluster,
  shift: Shift,
  stepMs: number | undefined,
  nowMs: number,
): number {
  const extent = extentOf(rows, stepMs);
  if (extent === undefined || shift === 'none') return 0;
  if (observedToMs !== null && shift === 'auto') return shiftMs;
  const behindMs = nowMs - extent.lastMs - extent.stepMs;
  if (shift === 'auto' && behindMs < OBSERVATION_FRESH_MS) return 0;
  return Math.floor(behindMs / MINUTE_MS) * MINUTE_MS;
}

function reportOf({ cluster, rows, known, tooOld, extent }: Extract<TakenIn, { kind: 'taken' }>): LoadReport {
  const { name, hosts, partitions, shiftMs, observedToMs } = cluster;
  return {
    ...{ name, hosts: hosts.length, partitions: partitions.length, rows, known, tooOld, shiftMs },
    fromMs: extent?.firstMs ?? null,
    toMs: extent === undefined ? null : observedToMs,
    hostsAssumed: hosts.filter(({ eventsPerSecond }) => eventsPerSecond === null).length,
  };
}

async function misnamed(
  { topology }: Pick<ClusterOperator, 'topology'>,
  name: string,
): Promise<LoadRefusal | undefined> {
  const named = clusterNameSchema.safeParse(name);
  if (!named.success) return refused('name', named.error.issues[0]!.message);
  const { streams } = await topology.snapshot();
  return streams.some((stream) => stream.name === name)
    ? refused('name', `there is a stream "${name}": give the cluster another name`)
    : undefined;
}

async function unknownTarget(
  { notifications }: Pick<ClusterOperator, 'notifications'>,
  name: string | null,
): Promise<LoadRefusal | undefined> {
  if (name === null) return undefined;
  const targets = await notifications.targets();
  if (targets.some((target) => target.name === name)) return undefined;
  return refused('webhook', `there is no target "${name}" of notifications`);
}

/** What a source knows of the past. */
async function pastOf(
  { read, objection, nowMs }: ClusterOperator,
  source: PrometheusSource,
): Promise<readonly LoadRow[] | LoadRefusal> {
  const why = await objection(source.url);
  if (why !== undefined) return refused('prometheus', why);
  const toMs = Math.floor(nowMs() / SOURCE_STEP_MS) * SOURCE_STEP_MS;
  try {
    const rows = await read(source, { fromMs: toMs - PAST_MS, toMs, stepMs: SOURCE_STEP_MS });
    return rows.length > 0 ? rows : refused('prometheus', 'the query gives no series of the past week');
  } catch (error) {
    return refused('prometheus', `Prometheus cannot be read: ${(error as Error).message}`);
  }
}

type LoadRefusal = Extract<LoadReply, { kind: 'refused' }>;

function refused(what: LoadRefusal['what'], detail: string): LoadRefusal {
  return { kind: 'refused', what, detail };
}
