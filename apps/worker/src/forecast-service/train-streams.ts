/**
 * A training: challengers for every stream and resolution, judged beside the champion. Whatever ends it half-way, a
 * champion is only followed by a version that was measured to its end.
 */
import { type Forecaster, featureRidge, type RemoteForecaster } from '@foreshard/core/forecast-models';
import {
  contestOf,
  expensiveContestants,
  type ModelRegistry,
  RESOLUTION_NAMES,
  RESOLUTIONS,
  type Resolution,
  STEPS_MIN,
  type Trained,
  type TrainingInput,
  train,
  withSeasons,
} from '@foreshard/core/forecast-service';
import type { TelemetryStore } from '@foreshard/core/telemetry';
import type { TopologyMap } from '@foreshard/core/topology';
import { loadColumns, loadSeries } from './load-history.ts';
import type { ModelTask } from './protocol.ts';

export interface TrainingParts {
  readonly telemetry: TelemetryStore;
  readonly registry: ModelRegistry;
  readonly map: () => TopologyMap;
  readonly models: readonly Forecaster[];
  readonly expensive: readonly RemoteForecaster[];
  /** of one answer of an expensive model */
  readonly expensiveLimitMs: number;
  readonly nowMs: () => number;
  readonly report: (line: string) => void;
}

type TrainTask = Extract<ModelTask, { kind: 'train' }>;

/** of one training */
interface ExpensiveBudget {
  leftMs: number;
}

const HOUR_MS = 3_600_000;

export async function trainStreams(
  task: TrainTask,
  parts: TrainingParts,
): Promise<{ trained: number; promoted: number; skipped: number }> {
  const counts = { trained: 0, promoted: 0, skipped: 0 };
  const budget = { leftMs: task.expensiveBudgetMs };
  for (const { id, name } of await heaviestFirst(task.streamId, parts))
    for (const resolution of RESOLUTION_NAMES) {
      const report = (text: string) => parts.report(`${name}, steps of ${resolution}: ${text}`);
      const outcome = await trainOne(task, id, resolution, parts, { budget, report });
      counts[outcome === 'skipped' ? 'skipped' : 'trained']++;
      if (outcome === 'promoted') counts.promoted++;
    }
  return counts;
}

/** Their load of the last day decides who may use the budget of expensive models first. */
async function heaviestFirst(streamId: number | null, { map, telemetry, nowMs }: TrainingParts) {
  const streams = map()
    .streams()
    .filter(({ id }) => streamId === null || id === streamId);
  if (streams.length < 2) return streams;
  const toMs = Math.floor(nowMs() / HOUR_MS) * HOUR_MS;
  const span = { fromMs: toMs - 24 * HOUR_MS, toMs };
  const weighed = [];
  for (const stream of streams) {
    const { values } = await loadSeries(telemetry, { kind: 'stream', streamId: stream.id }, '1h', span);
    const load = values.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : value), 0);
    weighed.push({ stream, load });
  }
  return weighed.sort((a, b) => b.load - a.load || a.stream.id - b.stream.id).map(({ stream }) => stream);
}

async function trainOne(
  task: TrainTask,
  streamId: number,
  resolution: Resolution,
  parts: TrainingParts,
  { budget, report }: { budget: ExpensiveBudget; report: (text: string) => void },
): Promise<'skipped' | 'kept' | 'promoted'> {
  const { telemetry, registry, models, nowMs } = parts;
  const { stepMs, pastMs } = RESOLUTIONS[resolution];
  const toMs = Math.floor(nowMs() / stepMs) * stepMs;
  const span = { fromMs: toMs - pastMs, toMs };
  const series = await loadSeries(telemetry, { kind: 'stream', streamId }, resolution, span);
  const known = series.values.reduce((count, value) => count + Number(!Number.isNaN(value)), 0);
  report(`${known} of ${series.values.length} steps are known`);
  const columns = await loadColumns(telemetry, series);
  const champion = await registry.champion(streamId, resolution);
  const input: TrainingInput = {
    streamId,
    resolution,
    series,
    models: [...models, featureRidge(columns)],
    champion,
    run: task.run,
    nowMs: nowMs(),
    stopwatch: () => performance.now(),
    isThorough: task.reason === 'weekly',
  };
  const { contestants, unfit } = await askedWithin(budget, input, parts);
  const trained = train({ ...input, expensive: contestants });
  if (typeof trained === 'string') {
    report(trained);
    return 'skipped';
  }
  reportAll({ ...trained, unfit: [...trained.unfit, ...unfit] }, report);
  const ids: number[] = [];
  for (const version of trained.versions) ids.push(await registry.add(version));
  const [best] = ids;
  if (best === undefined || !trained.verdict.promote) return 'kept';
  const why = { actor: `training ${task.run}`, reason: trained.verdict.reason, atMs: nowMs() };
  const version = { ...trained.versions[0]!, id: best };
  // somebody may have promoted another one meanwhile: people have the last word
  const isChampion = await registry.promote(version, why, champion?.id ?? null);
  report(isChampion ? `version ${best} is the champion` : 'the champion has changed meanwhile: it stays');
  return isChampion ? 'promoted' : 'kept';
}

/** Half of what is left of the budget is for this one; what it does not use is for the next. A champion comes first. */
async function askedWithin(
  budget: ExpensiveBudget,
  input: TrainingInput,
  { expensive, expensiveLimitMs }: TrainingParts,
) {
  const { series, resolution, champion } = input;
  if (budget.leftMs <= 0 || series.values.length < STEPS_MIN) return { contestants: [], unfit: [] };
  const startMs = performance.now();
  const models = expensive.toSorted(
    (a, b) => Number(b.name === champion?.name) - Number(a.name === champion?.name),
  );
  const asked = await expensiveContestants(
    models,
    withSeasons(series),
    resolution,
    contestOf(input).origins,
    {
      ms: budget.leftMs / 2,
      limitMs: expensiveLimitMs,
      stopwatch: () => performance.now(),
    },
  );
  budget.leftMs -= performance.now() - startMs;
  return asked;
}

function reportAll({ versions, champion, verdict, unfit }: Trained, report: (text: string) => void): void {
  for (const { model, reason } of unfit) report(`${model} is left out: ${reason}`);
  const row = (
    name: string,
    { mae, mase, coverage, fitMs }: (typeof versions)[number] | NonNullable<typeof champion>,
  ) =>
    report(
      `${name}: MAE ${mae.toPrecision(4)}, MASE ${mase.toPrecision(3)}, 90 % quantile covers ${(coverage * 100).toFixed(0)} %, ${fitMs.toFixed(0)} ms a fit`,
    );
  if (champion !== undefined) row('champion', champion);
  for (const version of versions) row(version.name, version);
  report(verdict.promote ? `promoted: ${verdict.reason}` : `the champion stays: ${verdict.reason}`);
}
