/**
 * A training: challengers for every stream and resolution, judged beside the champion. Whatever ends it half-way, a
 * champion is only followed by a version that was measured to its end.
 */
import { type Forecaster, featureRidge } from '@foreshard/core/forecasting';
import {
  type ModelRegistry,
  RESOLUTION_NAMES,
  RESOLUTIONS,
  type Resolution,
  type Trained,
  train,
} from '@foreshard/core/predicting';
import type { TelemetryStore } from '@foreshard/core/telemetry';
import type { TopologyMap } from '@foreshard/core/topology';
import { loadColumns, loadSeries } from './load-history.ts';
import type { ModelTask } from './protocol.ts';

export interface TrainingParts {
  readonly telemetry: TelemetryStore;
  readonly registry: ModelRegistry;
  readonly map: () => TopologyMap;
  readonly models: readonly Forecaster[];
  readonly nowMs: () => number;
  readonly tell: (line: string) => void;
}

type TrainTask = Extract<ModelTask, { kind: 'train' }>;

export async function trainStreams(
  task: TrainTask,
  parts: TrainingParts,
): Promise<{ trained: number; promoted: number; skipped: number }> {
  const counts = { trained: 0, promoted: 0, skipped: 0 };
  const streams = parts
    .map()
    .streams()
    .filter(({ id }) => task.streamId === null || id === task.streamId);
  for (const { id, name } of streams)
    for (const resolution of RESOLUTION_NAMES) {
      const tell = (text: string) => parts.tell(`${name}, steps of ${resolution}: ${text}`);
      const outcome = await trainOne(task, id, resolution, parts, tell);
      counts[outcome === 'skipped' ? 'skipped' : 'trained']++;
      if (outcome === 'promoted') counts.promoted++;
    }
  return counts;
}

async function trainOne(
  task: TrainTask,
  streamId: number,
  resolution: Resolution,
  { telemetry, registry, models, nowMs }: TrainingParts,
  tell: (text: string) => void,
): Promise<'skipped' | 'kept' | 'promoted'> {
  const { stepMs, pastMs } = RESOLUTIONS[resolution];
  const toMs = Math.floor(nowMs() / stepMs) * stepMs;
  const span = { fromMs: toMs - pastMs, toMs };
  const series = await loadSeries(telemetry, { kind: 'stream', streamId }, resolution, span);
  tell(`${series.values.length} steps are known`);
  const columns = await loadColumns(telemetry, series);
  const champion = await registry.champion(streamId, resolution);
  const trained = train({
    streamId,
    resolution,
    series,
    models: [...models, featureRidge(columns)],
    champion,
    run: task.run,
    nowMs: nowMs(),
    stopwatch: () => performance.now(),
    isThorough: task.reason === 'weekly',
  });
  if (typeof trained === 'string') {
    tell(trained);
    return 'skipped';
  }
  tellAll(trained, tell);
  const ids: number[] = [];
  for (const version of trained.versions) ids.push(await registry.add(version));
  const [best] = ids;
  if (best === undefined || !trained.verdict.promote) return 'kept';
  const why = { actor: `training ${task.run}`, reason: trained.verdict.reason, atMs: nowMs() };
  const version = { ...trained.versions[0]!, id: best };
  // somebody may have promoted another one meanwhile: people have the last word
  const isChampion = await registry.promote(version, why, champion?.id ?? null);
  tell(isChampion ? `version ${best} is the champion` : 'the champion has changed meanwhile: it stays');
  return isChampion ? 'promoted' : 'kept';
}

function tellAll({ versions, champion, verdict, unfit }: Trained, tell: (text: string) => void): void {
  for (const { model, reason } of unfit) tell(`${model} is left out: ${reason}`);
  const row = (
    name: string,
    { mae, mase, coverage, fitMs }: (typeof versions)[number] | NonNullable<typeof champion>,
  ) =>
    tell(
      `${name}: MAE ${mae.toPrecision(4)}, MASE ${mase.toPrecision(3)}, 90 % quantile covers ${(coverage * 100).toFixed(0)} %, ${fitMs.toFixed(0)} ms a fit`,
    );
  if (champion !== undefined) row('champion', champion);
  for (const version of versions) row(version.name, version);
  tell(verdict.promote ? `promoted: ${verdict.reason}` : `the champion stays: ${verdict.reason}`);
}
