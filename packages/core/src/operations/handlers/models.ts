/** What is done for operations on the models that forecast: a worker trains, the registry knows which version serves. */
import { allows, OWN_CLUSTER, type Permission, type Principal } from '../../access/index.ts';
import { type ClusterStore, isExternal, streamIdOf } from '../../external/index.ts';
import type { ModelRegistry, ModelVersion, TrainingRun } from '../../forecast-service/index.ts';
import { ForeshardError } from '../../kernel/index.ts';
import type { TopologyStore } from '../../topology/index.ts';
import { forbidden, requirePermission } from '../allowing.ts';
import type { Caller } from '../caller.ts';
import type { models } from '../models.ts';
import type { OutputOf, RouterHandlers } from '../operation.ts';
import type { JobStores } from './jobs.ts';

const MS_PER_SECOND = 1_000;
/** Read for whoever may not see all of them. */
const RUNS_READ_MAX = 200;
/** Who gives orders about models needs more than who looks at them. */
const [SEEN, ORDERED] = ['cluster:read', 'cluster:operate'] as const satisfies Permission[];

export interface ModelStores extends JobStores {
  readonly models: Pick<
    ModelRegistry,
    'champion' | 'promote' | 'promotions' | 'runs' | 'version' | 'versions'
  >;
  readonly topology: Pick<TopologyStore, 'snapshot'>;
  readonly clusters: Pick<ClusterStore, 'find' | 'list'>;
  readonly nowMs: () => number;
}

interface ListedClusters {
  readonly clusters: Pick<ClusterStore, 'list'>;
}
type Promoted = OutputOf<typeof models.promote>;

export function modelHandlers(stores: ModelStores): RouterHandlers<typeof models> {
  const { models: registry, wake, nowMs } = stores;

  /** `expected`: the champion as it was known. */
  async function promote(
    version: ModelVersion,
    reason: string,
    { actor, note }: Caller,
    expected?: number,
  ): Promise<Promoted> {
    const old = await registry.champion(version.streamId, version.resolution);
    if (!(await registry.promote(version, { actor, reason, atMs: nowMs() }, expected)))
      throw new ForeshardError('conflict', 'The champion has changed meanwhile.');
    note?.({ before: { champion: old === undefined ? null : versionDocument(old) } });
    // it serves at the next tick at the latest
    await wake('forecast').catch(() => {});
    return { champion: versionDocument(version) };
  }

  async function versionOf(id: number): Promise<ModelVersion> {
    const version = await registry.version(id);
    if (version !== undefined) return version;
    throw new ForeshardError('not_found', `There is no version ${id} of a model.`, { pointer: '{id}' });
  }

  return {
    async list({ stream, resolution, limit }, { principal }) {
      const id = await streamNamed(stores, stream, SEEN, principal);
      const [versions, champion] = await Promise.all([
        registry.versions(id, resolution, limit),
        registry.champion(id, resolution),
      ]);
      return { versions: versions.map(versionDocument), champion: champion?.id ?? null };
    },
    async trainings({ limit }, { principal }) {
      return { trainings: (await trainingsSeen(stores, limit, principal)).map(trainingDocument) };
    },
    async retrain({ stream = null, reason }, { actor, principal }) {
      if (stream === null) await requireOnAll(stores, principal);
      const streamId = stream === null ? null : await streamNamed(stores, stream, ORDERED, principal);
      await wake('train', { streamId, reason, actor });
      return { stream };
    },
    async promote({ version, reason }, caller) {
      const found = await versionOf(version);
      const cluster = (await namesOfSeries(stores))(found.streamId);
      requirePermission(caller.principal, ORDERED, { cluster });
      return promote(found, reason, caller);
    },
    async rollBack({ stream, resolution, reason }, caller) {
      const id = await streamNamed(stores, stream, ORDERED, caller.principal);
      const [newest] = await registry.promotions(id, resolution, 1);
      if (newest === undefined || newest.previous === null)
        throw new ForeshardError(
          'invalid_order',
          `${stream} has had no earlier champion for steps of ${resolution}.`,
        );
      return promote(await versionOf(newest.previous), reason, caller, newest.version);
    },
  };
}

/** Ours, or the one that a cluster of that name is. @throws ForeshardError forbidden, unknown_stream */
async function streamNamed(
  { topology, clusters }: ModelStores,
  name: string,
  permission: Permission,
  principal: Principal,
): Promise<number> {
  const { streams } = await topology.snapshot();
  const own = streams.find((stream) => stream.name === name);
  // whoever may not see a cluster does not learn whether there is one of that name
  requirePermission(principal, permission, { cluster: own === undefined ? name : OWN_CLUSTER });
  if (own !== undefined) return own.id;
  const cluster = await clusters.find(name);
  if (cluster !== undefined) return streamIdOf(cluster);
  throw new ForeshardError('unknown_stream', `There is no stream ${name}.`, { pointer: '/stream' });
}

/** Which cluster a series is of, as grants name it; undefined: one that is gone. */
async function namesOfSeries({
  clusters,
}: ListedClusters): Promise<(streamId: number) => string | undefined> {
  const names = new Map((await clusters.list()).map((one) => [streamIdOf(one), one.name]));
  return (streamId) => (isExternal(streamId) ? names.get(streamId) : OWN_CLUSTER);
}

/** Trainings of clusters that are seen. One of all streams is seen by all, but its log by whoever sees all clusters. */
export async function trainingsSeen(
  { models, clusters }: ListedClusters & { readonly models: Pick<ModelRegistry, 'runs'> },
  limit: number,
  { grants }: Pick<Principal, 'grants'>,
): Promise<TrainingRun[]> {
  if (allows(grants, SEEN, {})) return models.runs(limit);
  const [runs, nameOf] = await Promise.all([models.runs(RUNS_READ_MAX), namesOfSeries({ clusters })]);
  return runs
    .filter(({ streamId }) => streamId === null || allows(grants, SEEN, { cluster: nameOf(streamId) }))
    .map((run) => (run.streamId === null ? { ...run, log: '' } : run))
    .slice(0, limit);
}

/** @throws ForeshardError forbidden */
async function requireOnAll({ clusters }: ModelStores, principal: Principal): Promise<void> {
  const { grants } = principal;
  const names = [OWN_CLUSTER, ...(await clusters.list()).map(({ name }) => name)];
  const missing = names.filter((cluster) => !allows(grants, ORDERED, { cluster }));
  if (missing.length === names.length) throw forbidden(principal, ORDERED);
  if (missing.length === 0) return;
  const detail = 'Training all streams includes clusters where you may not give orders: name a stream.';
  throw new ForeshardError('forbidden', `${detail} (permission ${ORDERED})`);
}

function versionDocument(version: ModelVersion): Promoted['champion'] {
  const { id, name, resolution, members, origins, run: training } = version;
  const { mae, naiveMae, rmse, mase, wape, pinball, coverage, fitMs } = version;
  const measured = { mae, naiveMae, rmse, mase, wape, pinball, coverage, fitSeconds: fitMs / MS_PER_SECOND };
  return {
    ...{ id, name, resolution, members: [...members], ...known(measured), origins },
    windowFrom: time(version.windowFromMs),
    windowTo: time(version.windowToMs),
    training,
    createdAt: time(version.createdMs),
  };
}

/** JSON knows no other numbers. */
function known<N extends string>(measured: Readonly<Record<N, number>>): Record<N, number | null> {
  const entries = Object.entries<number>(measured);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, Number.isFinite(value) ? value : null]),
  ) as Record<N, number | null>;
}

function trainingDocument({ startedMs, endedMs, ...run }: TrainingRun) {
  return { ...run, startedAt: time(startedMs), endedAt: endedMs === null ? null : time(endedMs) };
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
