/**
 * A rolling-origin trial on the end of the known past: every model is fitted on what lies before it and asked at
 * several origins inside, never seeing what it is judged by. A model that throws, answers nonsense or takes
 * longer than its limit is left out and named; the others go on.
 */
import type { Fitted, Forecast, Forecaster, Unfit } from './forecaster.ts';
import { type Series, upTo } from './series.ts';

export interface TrialPlan {
  /** steps known to the fit */
  readonly fitLength: number;
  /** each origin is the number of steps known when the forecast is made */
  readonly origins: readonly number[];
  readonly horizon: number;
}

export interface Trialled {
  readonly model: Forecaster;
  readonly forecasts: readonly Forecast[];
  /** mean absolute error per step ahead */
  readonly errors: Float64Array;
}

/** milliseconds, handed in so that a trial is repeatable */
export type Stopwatch = () => number;

/** Part of the past held back for the trial, and how many origins are tried in it. */
const HELD_BACK_SHARE = 0.25;
const ORIGINS_MAX = 16;
/** a short horizon is tried at more origins, so that weights and intervals rest on so many measurements */
const STEPS_JUDGED = 96;

/** Undefined when the series is too short to hold anything back. */
export function planTrial(length: number, horizon: number, rhythm: number): TrialPlan | undefined {
  const heldBack = Math.min(
    Math.max(Math.floor(length * HELD_BACK_SHARE), horizon + 1),
    Math.floor(length / 2),
  );
  if (heldBack < 4) return undefined;
  const judged = Math.min(horizon, heldBack);
  const room = heldBack - judged;
  const count = Math.max(1, Math.min(Math.max(ORIGINS_MAX, Math.ceil(STEPS_JUDGED / judged)), room + 1));
  // origins at different slots of the season: their distance shares no factor with it
  let distance = Math.max(1, Math.floor(room / Math.max(1, count - 1)));
  while (distance > 2 && rhythm % distance === 0) distance--;
  const last = length - judged;
  const origins = Array.from({ length: count }, (_, i) => last - i * distance).reverse();
  return { fitLength: origins[0]!, origins, horizon: judged };
}

export function runTrial(
  models: readonly Forecaster[],
  series: Series,
  plan: TrialPlan,
): { trialled: Trialled[]; unfit: Unfit[] } {
  const trialled: Trialled[] = [];
  const unfit: Unfit[] = [];
  const past = upTo(series, plan.fitLength);
  for (const model of models) {
    const fitted = fitOrReason(model, past, plan.horizon);
    const forecasts = typeof fitted === 'string' ? fitted : forecastsOrReason(fitted, series, plan);
    if (typeof forecasts === 'string') unfit.push({ model: model.name, reason: forecasts });
    else trialled.push({ model, forecasts, errors: errorsOf(forecasts, series, plan) });
  }
  return { trialled, unfit };
}

export function fitOrReason(model: Forecaster, series: Series, horizon: number): Fitted | string {
  const shortest = model.shortest(series, horizon);
  if (shortest === Number.POSITIVE_INFINITY) return 'the series has no season this model needs';
  if (series.values.length < shortest)
    return `needs ${shortest} steps, the series has ${series.values.length}`;
  try {
    return model.fit(series, horizon);
  } catch (error) {
    return `failed: ${(error as Error).message}`;
  }
}

/** Why a forecast cannot be served, or undefined when it can. */
export function nonsense(forecast: Forecast, horizon: number): string | undefined {
  if (forecast.point.length !== horizon)
    return `answered ${forecast.point.length} steps instead of ${horizon}`;
  const at = forecast.point.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) return `answered ${forecast.point[at]} for step ${at + 1}`;
  return undefined;
}

export function forecastOrReason(fitted: Fitted, history: Float64Array, horizon: number): Forecast | string {
  try {
    const forecast = fitted.forecast(history, horizon);
    return nonsense(forecast, horizon) ?? forecast;
  } catch (error) {
    return `failed: ${(error as Error).message}`;
  }
}

function forecastsOrReason(fitted: Fitted, series: Series, plan: TrialPlan): Forecast[] | string {
  const forecasts: Forecast[] = [];
  for (const origin of plan.origins) {
    const forecast = forecastOrReason(fitted, series.values.subarray(0, origin), plan.horizon);
    if (typeof forecast === 'string') return forecast;
    forecasts.push(forecast);
  }
  return forecasts;
}

function errorsOf(forecasts: readonly Forecast[], series: Series, plan: TrialPlan): Float64Array {
  const sums = new Float64Array(plan.horizon);
  const counts = new Float64Array(plan.horizon);
  forecasts.forEach(({ point }, i) => {
    for (let h = 0; h < plan.horizon; h++) {
      const error = Math.abs(series.values[plan.origins[i]! + h]! - point[h]!);
      if (Number.isNaN(error)) continue;
      sums[h]! += error;
      counts[h]!++;
    }
  });
  return sums.map((sum, h) => (counts[h] === 0 ? Number.NaN : sum / counts[h]!));
}
