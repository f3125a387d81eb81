/**
 * `auto`: tries all cheap models on the end of the known past, hears each by its errors there, and calibrates the
 * intervals of what comes out on the same errors. When the combination was clearly worse than the best of the
 * naive methods, that method serves alone: simple and right beats clever and unlucky.
 */
import { Quantiles } from './calibration.ts';
import type { Fitted, Forecast, Forecaster, Unfit } from './forecaster.ts';
import { bandOf } from './horizon-bands.ts';
import { kalman } from './kalman.ts';
import { naive } from './naive.ts';
import { withoutOutages } from './regimes.ts';
import { neverNegative, type Series } from './series.ts';
import {
  fitOrReason,
  forecastOrReason,
  planTrial,
  runTrial,
  type Trialled,
  type TrialPlan,
} from './trial.ts';
import { weightedMedian, weightsOf } from './weighing.ts';

export interface Selection {
  /** the model's name, or `combination` */
  readonly name: string;
  readonly members: readonly Member[];
  readonly unfit: readonly Unfit[];
  readonly quantiles: Quantiles;
  readonly horizon: number;
  /** mean absolute error in the trial by model; empty when the series was too short for one */
  readonly trialErrors: Readonly<Record<string, number>>;
  readonly bounds: Bounds;
}

export interface Member {
  readonly name: string;
  readonly fitted: Fitted;
  /** by band of steps ahead */
  readonly weights: Float64Array;
}

interface Bounds {
  readonly lowest: number;
  readonly highest: number;
}

/**
 * How much worse than the best naive method the combination may have been in the trial. It hears that method too,
 * and a trial is short: replacing it near a tie cost 1 to 4 % of the accuracy on the training part of M4.
 */
const WORSE_BY = 0.15;
const NAIVE_METHODS = ['naive', 'seasonal-day', 'seasonal-week'];
/** what a forecast may exceed the known range by, in ranges; beyond it a regression has left its ground */
const RANGE_BEYOND = 2;

export function select(models: readonly Forecaster[], known: Series, horizon: number): Selection {
  const series = { ...known, values: withoutOutages(known.values) };
  const plan = planTrial(series.values.length, horizon, series.seasons[0] ?? 1);
  if (plan === undefined) return untried(series, horizon);
  const { trialled, unfit } = runTrial(models, series, plan);
  if (trialled.length === 0) return untried(series, horizon, unfit);
  const chosen = choose(trialled, series, plan);
  return finished(chosen, trialled, unfit, series, plan, horizon);
}

interface Chosen {
  readonly name: string;
  readonly members: readonly Trialled[];
  readonly weights: readonly Float64Array[];
}

function choose(trialled: readonly Trialled[], series: Series, plan: TrialPlan): Chosen {
  const weights = weightsOf(
    trialled.map((one) => one.errors),
    plan.horizon,
  );
  const combined: Chosen = { name: 'combination', members: trialled, weights };
  const simple = trialled
    .filter((one) => NAIVE_METHODS.includes(one.model.name))
    .sort((a, b) => meanOf(a.errors) - meanOf(b.errors))[0];
  if (simple === undefined) return combined;
  const errors = combinedErrors(combined, series, plan);
  if (meanOf(errors) <= (1 + WORSE_BY) * meanOf(simple.errors)) return combined;
  return { name: simple.model.name, members: [simple], weights: [weights[0]!.map(() => 1)] };
}

function combinedErrors(chosen: Chosen, series: Series, plan: TrialPlan): Float64Array {
  const all: number[] = [];
  plan.origins.forEach((origin, i) => {
    const { point } = combine(
      chosen.members.map((member) => member.forecasts[i]!),
      chosen.weights,
      plan.horizon,
    );
    for (let h = 0; h < plan.horizon; h++) all.push(Math.abs(series.values[origin + h]! - point[h]!));
  });
  return Float64Array.from(all);
}

function finished(
  chosen: Chosen,
  trialled: readonly Trialled[],
  unfit: Unfit[],
  series: Series,
  plan: TrialPlan,
  horizon: number,
): Selection {
  const members: Member[] = [];
  chosen.members.forEach(({ model }, i) => {
    if (!chosen.weights[i]!.some((weight) => weight > 0)) return;
    const fitted = fitOrReason(model, series, horizon);
    if (typeof fitted === 'string') unfit.push({ model: model.name, reason: fitted });
    else members.push({ name: model.name, fitted, weights: chosen.weights[i]! });
  });
  return {
    name: chosen.name,
    members: members.length > 0 ? members : [lastResort(series, horizon)],
    unfit,
    quantiles: new Quantiles(plan.horizon, { origins: normalisedErrors(chosen, series, plan) }),
    horizon,
    trialErrors: Object.fromEntries(trialled.map((one) => [one.model.name, meanOf(one.errors)])),
    bounds: boundsOf(series.values),
  };
}

function normalisedErrors(chosen: Chosen, series: Series, plan: TrialPlan): Float64Array[] {
  return plan.origins.map((origin, i) => {
    const { point, spread } = combine(
      chosen.members.map((member) => member.forecasts[i]!),
      chosen.weights,
      plan.horizon,
    );
    return point.map((value, h) => {
      const error = series.values[origin + h]! - value;
      return error === 0 ? 0 : error / Math.max(spread[h]!, Number.MIN_VALUE);
    });
  });
}

function untried(series: Series, horizon: number, unfit: readonly Unfit[] = []): Selection {
  const fitted = fitOrReason(kalman, series, horizon);
  const member = typeof fitted === 'string' ? lastResort(series, horizon) : memberOf(kalman.name, fitted);
  return {
    name: member.name,
    members: [member],
    unfit,
    quantiles: new Quantiles(horizon, { origins: [] }),
    horizon,
    trialErrors: {},
    bounds: boundsOf(series.values),
  };
}

function lastResort(series: Series, horizon: number): Member {
  return memberOf(naive.name, naive.fit(series, horizon));
}

function memberOf(name: string, fitted: Fitted): Member {
  return { name, fitted, weights: new Float64Array(64).fill(1) };
}

/** The forecast from the end of `history`; members that answer nonsense today are left out of it. */
export function forecastFrom(selection: Selection, known: Float64Array, horizon: number): Forecast {
  const history = withoutOutages(known);
  const heard: Forecast[] = [];
  const weights: Float64Array[] = [];
  for (const member of selection.members) {
    const forecast = forecastOrReason(member.fitted, history, horizon);
    if (typeof forecast === 'string') continue;
    heard.push(forecast);
    weights.push(member.weights);
  }
  if (heard.length === 0)
    return naive.fit({ values: history, stepSeconds: 1, seasons: [] }, horizon).forecast(history, horizon);
  const { point, spread } = combine(heard, weights, horizon);
  return { point: point.map((value) => within(value, selection.bounds)), spread };
}

/** The value below which the load stays with probability `level`, for each step ahead. */
export function quantileOf(selection: Selection, forecast: Forecast, level: number): Float64Array {
  return forecast.point.map((value, h) =>
    Math.max(
      value + forecast.spread[h]! * selection.quantiles.at(level, h + 1),
      selection.bounds.lowest >= 0 ? 0 : Number.NEGATIVE_INFINITY,
    ),
  );
}

export function combine(
  forecasts: readonly Forecast[],
  weights: readonly Float64Array[],
  horizon: number,
): Forecast {
  const point = new Float64Array(horizon);
  const spread = new Float64Array(horizon);
  for (let h = 0; h < horizon; h++) {
    const heard = weights.map((own) => own[Math.min(bandOf(h + 1), own.length - 1)]!);
    const values = forecasts.map((forecast) => forecast.point[h]!);
    point[h] = weightedMedian(values, heard);
    spread[h] = weightedMedian(
      forecasts.map((forecast) => forecast.spread[h]!),
      heard,
    );
  }
  return { point, spread };
}

function boundsOf(values: Float64Array): Bounds {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (least > most) return { lowest: 0, highest: Number.POSITIVE_INFINITY };
  const beyond = RANGE_BEYOND * (most - least);
  return { lowest: neverNegative(values) ? 0 : least - beyond, highest: most + beyond };
}

function within(value: number, { lowest, highest }: Bounds): number {
  return Math.min(highest, Math.max(lowest, value));
}

function meanOf(values: Float64Array): number {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  return count === 0 ? Number.NaN : sum / count;
}
