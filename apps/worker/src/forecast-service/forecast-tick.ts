/**
 * One tick of the forecasts: every stream, at each resolution, whenever a step has ended, the champion has changed or
 * more past has become known. What came in since is told to the calibration first.
 */
import {
  correlated,
  type FeatureColumn,
  type Forecaster,
  featureRidge,
  rollingPopularity,
} from '@foreshard/core/forecast-models';
import {
  CalibrationBook,
  type ForecastRecords,
  knownSteps,
  loadShardlets,
  type ModelRegistry,
  type ModelVersion,
  REFIT_MS,
  RESOLUTION_NAMES,
  RESOLUTIONS,
  type Resolution,
  SETTLING_MS,
  type ShardletLoads,
  STEPS_TO_FORECAST,
  type StreamForecast,
  StreamPredictor,
} from '@foreshard/core/forecast-service';
import type { TelemetryStore } from '@foreshard/core/telemetry';
import type { TopologyMap } from '@foreshard/core/topology';
import type { ExpensiveAnswers } from './expensive-answers.ts';
import { loadColumns, loadSeries, type TimedSeries } from './load-history.ts';

export interface TickParts {
  readonly telemetry: TelemetryStore;
  readonly records: ForecastRecords;
  readonly registry: Pick<ModelRegistry, 'champion'>;
  readonly map: () => TopologyMap;
  readonly models: readonly Forecaster[];
  readonly expensive: Pick<ExpensiveAnswers, 'latest'>;
  readonly report: (line: string) => void;
}

export interface TickResult {
  readonly forecasts: number;
  readonly shardlets: number;
  /** streams whose errors have grown */
  readonly drifted: readonly { readonly streamId: number; readonly resolution: Resolution }[];
  readonly unfit: StreamForecast['unfit'];
}

/** shardlets with models of their own */
const HEAVY_MAX = 16;
const HEAVY_STEPS = 48;
const CORRELATED_MAX = 3;
/** of each step so many shardlets teach the calibration of shardlets, in turn */
const TAUGHT_BY = 2;
/** how much larger than in the back-test errors have to be */
const DRIFT_RATIO = 1.5;

interface Known {
  readonly predictor: StreamPredictor;
  readonly originMs: number;
  readonly firstMs: number;
  readonly version: number | null;
  /** an expensive champion had no answer, and cheap models served */
  readonly lacksChampion: boolean;
}

export class ForecastTick {
  private readonly parts: TickParts;
  private readonly known = new Map<string, Known>();

  constructor(parts: TickParts) {
    this.parts = parts;
  }

  async run(nowMs: number): Promise<TickResult> {
    const made: StreamForecast[] = [];
    const drifted: { streamId: number; resolution: Resolution }[] = [];
    for (const { id: streamId } of this.parts.map().streams())
      for (const resolution of RESOLUTION_NAMES) {
        const done = await this.forecast(streamId, resolution, nowMs);
        if (done === undefined) continue;
        made.push(done.forecast);
        if (done.hasDrifted) drifted.push({ streamId, resolution });
      }
    for (const resolution of RESOLUTION_NAMES)
      await this.parts.records.forget(resolution, nowMs - RESOLUTIONS[resolution].keptMs);
    return {
      forecasts: made.length,
      shardlets: made.reduce((sum, { shares }) => sum + shares.size, 0),
      drifted,
      unfit: made.flatMap(({ unfit }) => unfit),
    };
  }

  private async forecast(streamId: number, resolution: Resolution, nowMs: number) {
    const { telemetry, registry, records, map } = this.parts;
    const { stepMs, pastMs } = RESOLUTIONS[resolution];
    const originMs = Math.floor((nowMs - SETTLING_MS) / stepMs) * stepMs;
    const key = `${streamId} ${resolution}`;
    const before = this.known.get(key);
    const span = { fromMs: originMs - pastMs - REFIT_MS[resolution], toMs: originMs };
    const total = await loadSeries(telemetry, { kind: 'stream', streamId }, resolution, span);
    if (knownSteps(total.values) < STEPS_TO_FORECAST[resolution]) return undefined;
    const champion = await registry.champion(streamId, resolution);
    const version = champion?.id ?? null;
    const expensive = this.parts.expensive.latest(champion, total);
    const isCurrent =
      before?.originMs === originMs && before.version === version && before.firstMs <= total.firstMs;
    if (isCurrent && !(before.lacksChampion && expensive?.forecast !== undefined)) return undefined;
    this.parts.report(`stream ${streamId}, steps of ${resolution}: ${total.values.length} steps are known`);
    const shardlets = await loadShardlets(telemetry, map(), streamId, resolution, originMs);
    const book = await this.taught(streamId, resolution, originMs, total, shardlets);
    const predictor = before?.predictor ?? new StreamPredictor(streamId, resolution);
    const columns = await loadColumns(telemetry, total);
    const models = [...this.parts.models, featureRidge(columns)];
    const heavy = resolution === '1h' ? await this.heavy(streamId, shardlets, columns, span, total) : [];
    const input = { originMs, total, shardlets, heavy, models, champion, answer: expensive?.forecast };
    const predicted = predictor.predict(input, book);
    const forecast =
      expensive?.unfit === undefined
        ? predicted
        : { ...predicted, unfit: [...predicted.unfit, expensive.unfit] };
    await records.add(forecast);
    await records.setState(streamId, resolution, book.toText());
    const lacksChampion = expensive?.unfit !== undefined;
    this.known.set(key, { predictor, originMs, firstMs: total.firstMs, version, lacksChampion });
    return { forecast, hasDrifted: hasDrifted(book, champion) };
  }

  private async taught(
    streamId: number,
    resolution: Resolution,
    originMs: number,
    total: TimedSeries,
    shardlets: readonly ShardletLoads[],
  ): Promise<CalibrationBook> {
    const { records } = this.parts;
    const { stepMs, horizon } = RESOLUTIONS[resolution];
    const book = new CalibrationBook(resolution, await records.state(streamId, resolution));
    const fromMs = Math.max(Math.ceil(book.observedToMs / stepMs) * stepMs, originMs - horizon * stepMs);
    const earlier = await records.between(streamId, resolution, fromMs - horizon * stepMs, originMs);
    for (let atMs = fromMs; atMs < originMs; atMs += stepMs) {
      const value = total.values[Math.round((atMs - total.firstMs) / stepMs)] ?? Number.NaN;
      const back = Math.round((originMs - atMs) / stepMs);
      const truth = { atMs, total: value, shardlets: some(shardlets, atMs / stepMs, back) };
      book.observe(
        truth,
        earlier.filter((one) => one.originMs <= atMs),
      );
    }
    return book;
  }

  /** Those with the most load of late, with what else is known of each. */
  private async heavy(
    streamId: number,
    shardlets: readonly ShardletLoads[],
    columns: readonly FeatureColumn[],
    span: { readonly fromMs: number; readonly toMs: number },
    total: TimedSeries,
  ) {
    if (shardlets.length < 2) return [];
    const { telemetry, models, map } = this.parts;
    const heaviest = shardlets
      .map((one) => ({ ...one, load: recent(one.loads) }))
      .filter(({ load }) => load > 0)
      .sort((a, b) => b.load - a.load || a.id - b.id)
      .slice(0, HEAVY_MAX);
    const loaded: { readonly id: number; readonly series: TimedSeries }[] = [];
    for (const { id } of heaviest) {
      const range = map().shardlet(id)?.range;
      if (range === undefined) continue;
      loaded.push({
        id,
        series: await loadSeries(telemetry, { kind: 'range', streamId, range }, '1h', span),
      });
    }
    return loaded.map(({ id, series }) => {
      const others = loaded
        .filter((other) => other.id !== id)
        .map((other) => ({ name: `shardlet ${other.id}`, values: endingAlike(other.series.values, series) }));
      const popularity = rollingPopularity(series.values, endingAlike(total.values, series), 24);
      const own: FeatureColumn[] = [
        ...columns.map(({ name, values }) => ({ name, values: endingAlike(values, series) })),
        { name: 'popularity', values: popularity },
        ...correlated(series, others, CORRELATED_MAX),
      ];
      return { id, series, models: [...models, featureRidge(own)] };
    });
  }
}

/** All end at the same time; what begins earlier is cut, what begins later is missing before. */
function endingAlike(values: Float64Array, like: TimedSeries): Float64Array {
  const { length } = like.values;
  if (values.length >= length) return values.subarray(values.length - length);
  const result = new Float64Array(length).fill(Number.NaN);
  result.set(values, length - values.length);
  return result;
}

function some(shardlets: readonly ShardletLoads[], turn: number, back: number): Map<number, number> {
  const chosen = new Map<number, number>();
  for (let i = 0; i < Math.min(TAUGHT_BY, shardlets.length); i++) {
    const { id, loads } = shardlets[(turn * TAUGHT_BY + i) % shardlets.length]!;
    chosen.set(id, loads[loads.length - back] ?? Number.NaN);
  }
  return chosen;
}

function recent(loads: Float64Array): number {
  return loads.subarray(-HEAVY_STEPS).reduce((sum, load) => sum + (Number.isNaN(load) ? 0 : load), 0);
}

function hasDrifted(book: CalibrationBook, champion: ModelVersion | undefined): boolean {
  const error = book.recentError;
  return champion !== undefined && error !== undefined && error > DRIFT_RATIO * champion.mae;
}
