/**
 * `auto`: tries all cheap models on the end of the known past, hears each by its errors there and ever since, and
 * calibrates the intervals of what comes out on the same errors. Models see the load at the level it began with
 * (see level.ts), and their answers are carried to the level of today.
 */
import { Quantiles } from './calibration.ts';
import type { Fitted, Forecast, Forecaster, Unfit } from './forecaster.ts';
import { kalman } from './kalman.ts';
import { ageOf, levelled } from './level.ts';
import { naive } from './naive.ts';
import { withoutOutages } from './regimes.ts';
import { neverNegative, type Series } from './series.ts';
import { Standing } from './standing.ts';
import {
  fitOrReason,
  forecastOrReason,
  planTrial,
  runTrial,
  type Trialled,
  type TrialPlan,
} from './trial.ts';
import { combine, weightsOf } from './weighing.ts';

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
  readonly seasons: readonly number[];
  /** what the members are worth today; undefined when there is one only */
  readonly standing: Standing | undefined;
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

const NAIVE_METHODS = ['naive', 'seasonal-day', 'seasonal-week'];
/** what a forecast may exceed the known range by, in ranges; beyond it a regression has left its ground */
const RANGE_BEYOND = 2;

export function select(models: readonly Forecaster[], known: Series, horizon: number): Selection {
  const { cleaned, series, plan } = prepared(known, horizon);
  const bounds = boundsOf(cleaned);
  if (plan === undefined) return untried(series, horizon, bounds);
  const { trialled, unfit } = runTrial(models, series, plan);
  if (trialled.length === 0) return untried(series, horizon, bounds, unfit);
  return tried(trialled, unfit, series, plan, { horizon, bounds });
}

/** What models are shown, and where they are tried; `plan` is undefined when the series is too short for a trial. */
export function prepared(known: Series, horizon: number) {
  const cleaned = withoutOutages(known.values);
  const series: Series = { ...known, values: levelled(cleaned, known.seasons).values };
  return { cleaned, series, plan: planTrial(series.values.length, horizon, series.seasons[0] ?? 1) };
}

function tried(
  trialled: readonly Trialled[],
  unfit: Unfit[],
  series: Series,
  plan: TrialPlan,
  { horizon, bounds }: { horizon: number; bounds: Bounds },
): Selection {
  const weights = weightsOf(
    trialled.map((one) => one.errors),
    plan.horizon,
  );
  const { members, heard } = fittedAgain(trialled, weights, unfit, series, horizon);
  const standing = members.length > 1 ? standingOf(members, heard, series, plan) : undefined;
  return {
    name: nameOf(members, standing, series.values),
    members: members.length > 0 ? members : [lastResort(series, horizon)],
    unfit,
    quantiles: new Quantiles(plan.horizon, { origins: normalisedErrors(trialled, weights, series, plan) }),
    horizon,
    trialErrors: Object.fromEntries(trialled.map((one) => [one.model.name, meanOf(one.errors)])),
    bounds,
    seasons: series.seasons,
    standing,
  };
}

/** On everything known; what had no say in the trial is left out, but for the naive methods to fall back on. */
function fittedAgain(
  trialled: readonly Trialled[],
  weights: readonly Float64Array[],
  unfit: Unfit[],
  series: Series,
  horizon: number,
): { members: Member[]; heard: Trialled[] } {
  const members: Member[] = [];
  const heard: Trialled[] = [];
  trialled.forEach((one, i) => {
    const { name } = one.model;
    if (!weights[i]!.some((weight) => weight > 0) && !NAIVE_METHODS.includes(name)) return;
    const fitted = fitOrReason(one.model, series, horizon);
    if (typeof fitted === 'string') {
      unfit.push({ model: name, reason: fitted });
      return;
    }
    members.push({ name, fitted, weights: weights[i]! });
    heard.push(one);
  });
  return { members, heard };
}

function standingOf(
  members: readonly Member[],
  heard: readonly Trialled[],
  series: Series,
  plan: TrialPlan,
): Standing {
  return new Standing(
    members.map(({ name, fitted }) => ({ fitted, simple: NAIVE_METHODS.includes(name) })),
    plan.origins.map((origin, i) => ({ origin, forecasts: heard.map((one) => one.forecasts[i]!) })),
    { fittedUntil: series.values.length, horizon: plan.horizon, season: series.seasons[0] ?? 1 },
  );
}

function nameOf(members: readonly Member[], standing: Standing | undefined, values: Float64Array): string {
  if (standing === undefined) return members[0]?.name ?? naive.name;
  const weights = standing.weights(values);
  const alone = weights.findIndex((own) => own.every((weight) => weight === 1));
  return alone >= 0 ? members[alone]!.name : 'combination';
}

function normalisedErrors(
  trialled: readonly Trialled[],
  weights: readonly Float64Array[],
  series: Series,
  plan: TrialPlan,
): Float64Array[] {
  return plan.origins.map((origin, i) => {
    const { point, spread } = combine(
      trialled.map((one) => one.forecasts[i]!),
      weights,
      plan.horizon,
    );
    return point.map((value, h) => {
      const error = series.values[origin + h]! - value;
      return error === 0 ? 0 : error / Math.max(spread[h]!, Number.MIN_VALUE);
    });
  });
}

function untried(series: Series, horizon: number, bounds: Bounds, unfit: readonly Unfit[] = []): Selection {
  const fitted = fitOrReason(kalman, series, horizon);
  const member = typeof fitted === 'string' ? lastResort(series, horizon) : memberOf(kalman.name, fitted);
  return {
    name: member.name,
    seasons: series.seasons,
    standing: undefined,
    members: [member],
    unfit,
    quantiles: new Quantiles(horizon, { origins: [] }),
    horizon,
    trialErrors: {},
    bounds,
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
  const level = levelled(withoutOutages(known), selection.seasons);
  const { values: history, ratio } = level;
  const current = selection.standing?.weights(history);
  const heard: Forecast[] = [];
  const weights: Float64Array[] = [];
  for (const [i, member] of selection.members.entries()) {
    const forecast = forecastOrReason(member.fitted, history, horizon);
    if (typeof forecast === 'string') continue;
    heard.push(forecast);
    weights.push(current?.[i] ?? member.weights);
  }
  if (heard.length === 0)
    return naive.fit({ values: history, stepSeconds: 1, seasons: [] }, horizon).forecast(history, horizon);
  const { point, spread } = combine(heard, weights, horizon);
  return {
    point: point.map((value) => within(ratio * value, selection.bounds)),
    spread: spread.map((value) => ratio * value),
    levelAge: ageOf(level),
  };
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
