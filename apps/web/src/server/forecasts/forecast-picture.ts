/**
 * Actual against forecast, as a page gets it: at most some 600 points however long the time. Behind now stands
 * what was forecast one step ahead, ahead of it the forecast of now with its hints.
 */
import {
  type ForecastRecords,
  type ForecastStore,
  partForecast,
  RESOLUTIONS,
  type Resolution,
  type StreamForecast,
  type WholeForecast,
} from '@foreshard/core/forecast-service';
import type { SeriesScope, TelemetryStore } from '@foreshard/core/telemetry';

export interface ForecastPoint {
  readonly ms: number;
  /** events per second; null: not known (yet) */
  readonly actual: number | null;
  readonly forecast: number | null;
  /** the forecast without hints, where that is another */
  readonly baseline: number | null;
  /** 80 % interval */
  readonly band: readonly [number, number] | null;
  readonly residual: number | null;
}

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
  readonly unfit: readonly { readonly model: string; readonly reason: string }[];
  readonly hints: readonly { readonly id: string; readonly because: string }[];
}

/** what a chart can show, and what costs little */
const POINTS_MAX = 600;
/** behind now */
const BEHIND_MS: Readonly<Record<Resolution, number>> = { '5m': 12 * 3_600_000, '1h': 7 * 86_400_000 };
const DAY_MS = 86_400_000;

interface Server {
  readonly forecasts: ForecastStore;
  readonly forecastRecords: ForecastRecords;
  readonly telemetry: TelemetryStore;
}

export async function forecastPicture(
  server: Server,
  query: { readonly streamId: number; readonly shardlet: number | null; readonly resolution: Resolution },
  nowMs: number,
): Promise<ForecastPicture> {
  const { streamId, shardlet, resolution } = query;
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
    ...scores(behind, actual, perSecond),
    unfit: made.at(-1)?.unfit ?? [],
    hints: (ahead?.hints ?? []).map(({ id, because }) => ({ id, because })),
  };
}

/** of the levels that are kept: .1 and .9 */
const LOW = 1;
const HIGH = 5;

interface StepForecast {
  readonly forecast: number;
  readonly low: number;
  readonly high: number;
}

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

function pointOf(
  ms: number,
  actual: number,
  step: (StepForecast & { readonly baseline: number }) | undefined,
  perSecond: number,
): ForecastPoint {
  const known = Number.isNaN(actual) ? null : actual * perSecond;
  if (step === undefined)
    return { ms, actual: known, forecast: null, baseline: null, band: null, residual: null };
  const { forecast, low, high, baseline } = step;
  return {
    ms,
    actual: known,
    forecast: forecast * perSecond,
    baseline: baseline === forecast ? null : baseline * perSecond,
    band: [low * perSecond, high * perSecond],
    residual: known === null ? null : known - forecast * perSecond,
  };
}

function scores(behind: readonly ForecastPoint[], actual: ReadonlyMap<number, number>, perSecond: number) {
  const known = behind.filter((point) => point.residual !== null);
  const naive = known
    .map(({ ms, actual: value }) => Math.abs(value! - (actual.get(ms - DAY_MS) ?? Number.NaN) * perSecond))
    .filter((miss) => !Number.isNaN(miss));
  const inside = known.filter(({ actual: value, band }) => value! >= band![0] && value! <= band![1]);
  return {
    covered: known.length === 0 ? null : inside.length / known.length,
    mae: mean(known.map(({ residual }) => Math.abs(residual!))),
    rmse: root(mean(known.map(({ residual }) => residual! ** 2))),
    naiveMae: mean(naive),
  };
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function root(value: number | null): number | null {
  return value === null ? null : Math.sqrt(value);
}

/** Every so many-th point: a forecast has no spikes between its steps that would be lost. */
function thinned(points: readonly ForecastPoint[]): ForecastPoint[] {
  const stride = Math.ceil(points.length / POINTS_MAX);
  return points.filter((_, i) => i % stride === 0 || i === points.length - 1);
}
