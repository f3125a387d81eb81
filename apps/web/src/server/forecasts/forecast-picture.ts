/**
 * Actual against forecast, as a page gets it: at most some 600 points however long the time. Behind now stands
 * what was forecast one step ahead, ahead of it the forecast of now with its hints.
 */
import {
  type ForecastRecords,
  type ForecastStore,
  isYoung,
  partForecast,
  RESOLUTIONS,
  type Resolution,
  STEPS_TO_TRUST,
  type StreamForecast,
  type WholeForecast,
} from '@foreshard/core/forecast-service';
import type { SeriesScope, TelemetryStore } from '@foreshard/core/telemetry';
import {
  DAY_MS,
  type ForecastPoint,
  pointOf,
  type StepForecast,
  scoresOf,
  thinned,
} from './forecast-points.ts';

export interface ForecastPicture {
  readonly points: readonly ForecastPoint[];
  readonly resolution: Resolution;
  readonly stepMs: number;
  readonly nowMs: number;
  /** undefined: nothing was forecast yet */
  readonly model: string | null;
  readonly version: number | null;
  /** share of known steps whose 80 % interval held them; null: none */
  readonly covered: number | null;
  /** mean absolute error one step ahead, and of the same step a day ago, events per second */
  readonly mae: number | null;
  readonly rmse: number | null;
  readonly naiveMae: number | null;
  /** so little is known that intervals are guesses, and until when; null: no */
  readonly youngUntilMs: number | null;
  /** while nothing was forecast: when something will be; null: not before there is load */
  readonly firstMs: number | null;
  readonly unfit: readonly { readonly model: string; readonly reason: string }[];
  readonly hints: readonly { readonly id: string; readonly because: string }[];
}

/** behind now */
const BEHIND_MS: Readonly<Record<Resolution, number>> = { '5m': 12 * 3_600_000, '1h': 7 * 86_400_000 };

interface Server {
  readonly forecasts: ForecastStore;
  readonly forecastRecords: ForecastRecords;
  readonly telemetry: TelemetryStore;
}

export async function forecastPicture(
  server: Server,
  query: {
    readonly streamId: number;
    readonly shardlet: number | null;
    /** null: steps of an hour once there are some, else the finer ones */
    readonly resolution: Resolution | null;
  },
  nowMs: number,
): Promise<ForecastPicture> {
  const { streamId, shardlet } = query;
  const resolution = query.resolution ?? (await gridOf(server, streamId));
  const { stepMs, horizon } = RESOLUTIONS[resolution];
  const fromMs = Math.floor((nowMs - BEHIND_MS[resolution]) / stepMs) * stepMs;
  const scope: SeriesScope =
    shardlet === null ? { kind: 'stream', streamId } : { kind: 'shardlet', shardlet };
  const actual = await actualBy(server, scope, resolution, fromMs - DAY_MS, nowMs);
  const { forecastRecords } = server;
  // of the whole: without the shares of all shardlets, which are most of what is kept
  const made =
    shardlet === null
      ? await forecastRecords.wholesBetween(streamId, resolution, fromMs, nowMs)
      : await forecastRecords.between(streamId, resolution, fromMs, nowMs);
  const ahead = await server.forecasts.forecastOf({ scope, horizonMs: horizon * stepMs, resolution });
  const perSecond = 1_000 / stepMs;
  const behind = made.flatMap((one) => {
    const expected = oneAhead(one, shardlet);
    if (expected === undefined || one.originMs >= (ahead?.fromMs ?? nowMs)) return [];
    const value = actual.get(one.originMs) ?? Number.NaN;
    return [pointOf(one.originMs, value, { ...expected, baseline: expected.forecast }, perSecond)];
  });
  const future =
    ahead === undefined
      ? []
      : Array.from(ahead.point, (forecast, h) => {
          const ms = ahead.fromMs + h * stepMs;
          const [low, high] = [ahead.quantiles[LOW]![h]!, ahead.quantiles[HIGH]![h]!];
          return pointOf(ms, Number.NaN, { forecast, low, high, baseline: ahead.baseline[h]! }, perSecond);
        });
  const past = new Set(behind.map(({ ms }) => ms));
  const before = [...actual]
    .filter(([ms]) => ms >= fromMs && !past.has(ms) && ms < (ahead?.fromMs ?? nowMs))
    .map(([ms, value]) => pointOf(ms, value, undefined, perSecond));
  const points = [...before, ...behind, ...future].sort((a, b) => a.ms - b.ms);
  return {
    points: thinned(points),
    resolution,
    stepMs,
    nowMs,
    model: ahead?.model ?? null,
    version: ahead?.version ?? null,
    ...scoresOf(behind, actual, perSecond),
    youngUntilMs: youngUntil(made.at(-1)),
    firstMs: ahead === undefined ? await firstForecastMs(server, streamId, nowMs) : null,
    unfit: made.at(-1)?.unfit ?? [],
    hints: (ahead?.hints ?? []).map(({ id, because }) => ({ id, because })),
  };
}

/** What a page shows that asks for no grid. */
async function gridOf({ forecastRecords }: Server, streamId: number): Promise<Resolution> {
  return (await forecastRecords.latest(streamId, '1h')) === undefined ? '5m' : '1h';
}

function youngUntil(newest: WholeForecast | undefined): number | null {
  if (newest === undefined || !isYoung(newest)) return null;
  const { originMs, resolution, known } = newest;
  return originMs + (STEPS_TO_TRUST[resolution] - known!) * RESOLUTIONS[resolution].stepMs;
}

/** Of the past that could still lead to a first forecast. */
const LOOKED_BACK_MS = 3_600_000;
/** The job looks every minute. */
const TICK_MS = 60_000;

/** A tick after the end of the step in which load began. */
async function firstForecastMs(
  { telemetry }: Server,
  streamId: number,
  nowMs: number,
): Promise<number | null> {
  const { values, fromMs, stepMs } = await telemetry.series({
    ...{ scope: { kind: 'stream', streamId }, metric: 'events', step: 'minute' },
    ...{ fromMs: nowMs - LOOKED_BACK_MS, toMs: nowMs },
  });
  const first = values.findIndex((value) => !Number.isNaN(value));
  if (first < 0) return null;
  const step = RESOLUTIONS['5m'].stepMs;
  return (Math.floor((fromMs + first * stepMs) / step) + 1) * step + TICK_MS;
}

/** of the levels that are kept: .1 and .9 */
const LOW = 1;
const HIGH = 5;

function oneAhead(kept: WholeForecast | StreamForecast, shardlet: number | null): StepForecast | undefined {
  const forecast =
    shardlet === null ? kept.total : 'shares' in kept ? partForecast(kept, shardlet) : undefined;
  if (forecast === undefined) return undefined;
  const table = (shardlet === null ? kept.calibrated.total : kept.calibrated.parts)[0]!;
  const at = (level: number) => Math.max(0, forecast.point[0]! + forecast.spread[0]! * table[level]!);
  return { forecast: forecast.point[0]!, low: at(LOW), high: at(HIGH) };
}

async function actualBy(
  { telemetry }: Server,
  scope: SeriesScope,
  resolution: Resolution,
  fromMs: number,
  toMs: number,
): Promise<Map<number, number>> {
  const { stepMs } = RESOLUTIONS[resolution];
  const step = resolution === '1h' ? 'hour' : 'minute';
  const series = await telemetry.series({ scope, metric: 'events', fromMs, toMs, step });
  const per = stepMs / series.stepMs;
  const sums = new Map<number, number>();
  for (let t = 0; t + per <= series.values.length; t += per) {
    const values = series.values.subarray(t, t + per);
    const ms = series.fromMs + t * series.stepMs;
    // the step that runs now is not over
    if (ms + stepMs <= toMs && !values.some(Number.isNaN))
      sums.set(
        ms,
        values.reduce((a, b) => a + b, 0),
      );
  }
  return sums;
}
