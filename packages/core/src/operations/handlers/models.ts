/** What is done for operations on the models that forecast: a worker trains, the registry knows which version serves. */
import { type ClusterStore, streamIdOf } from '../../external/index.ts';
import type { ModelRegistry, ModelVersion, TrainingRun } from '../../forecast-service/index.ts';
import { ForeshardError } from '../../kernel/index.ts';
import type { TopologyStore } from '../../topology/index.ts';
import type { Caller } from '../caller.ts';
import type { models } from '../models.ts';
import type { OutputOf, RouterHandlers } from '../operation.ts';
import type { JobStores } from './jobs.ts';

const MS_PER_SECOND = 1_000;

export interface ModelStores extends JobStores {
  readonly models: Pick<
    ModelRegistry,
    'champion' | 'promote' | 'promotions' | 'runs' | 'version' | 'versions'
  >;
  readonly topology: Pick<TopologyStore, 'snapshot'>;
  readonly clusters: Pick<ClusterStore, 'find'>;
  readonly nowMs: () => number;
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
    async list({ stream, resolution, limit }) {
      const id = await streamNamed(stores, stream);
      const [versions, champion] = await Promise.all([
        registry.versions(id, resolution, limit),
        registry.champion(id, resolution),
      ]);
      return { versions: versions.map(versionDocument), champion: champion?.id ?? null };
    },
    async trainings({ limit }) {
      return { trainings: (await registry.runs(limit)).map(trainingDocument) };
    },
    async retrain({ stream = null, reason }, { actor }) {
      const streamId = stream === null ? null : await streamNamed(stores, stream);
      await wake('train', { streamId, reason, actor });
      return { stream };
    },
    async promote({ version, reason }, caller) {
      return promote(await versionOf(version), reason, caller);
    },
    async rollBack({ stream, resolution, reason }, caller) {
      const [newest] = await registry.promotions(await streamNamed(stores, stream), resolution, 1);
      if (newest === undefined || newest.previous === null)
        throw new ForeshardError(
          'invalid_order',
          `${stream} has had no earlier champion for steps of ${resolution}.`,
        );
      return promote(await versionOf(newest.previous), reason, caller, newest.version);
    },
  };
}

/** Ours, or the one that a cluster of that name is. */
async function streamNamed({ topology, clusters }: ModelStores, name: string): Promise<number> {
  const { streams } = await topology.snapshot();
  const own = streams.find((stream) => stream.name === name);
  if (own !== undefined) return own.id;
  const cluster = await clusters.find(name);
  if (cluster !== undefined) return streamIdOf(cluster);
  throw new ForeshardError('unknown_stream', `There is no stream ${name}.`, { pointer: '/stream' });
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
