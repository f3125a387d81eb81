/**
 * Closed-form ridge of each step ahead on features: the last loads, the same slot of earlier seasons, the calendar of
 * the step that is forecast, and what others have measured. It takes part in a selection like any other model,
 * so features are heard where they help and only there.
 */
import { calendarOf, type FeatureColumn } from './features.ts';
import type { Fitted, Forecaster } from './forecaster.ts';
import { solve } from './linear-solve.ts';
import { bridged, type Series } from './series.ts';
import { momentsOf } from './transform.ts';

/** per observation, on standardised values */
const PENALTY = 0.02;
const LAGS = 6;
/** the level: mean of so many steps */
const LEVEL_STEPS = 24;
const ROWS_MAX = 400;

export function featureRidge(columns: readonly FeatureColumn[]): Forecaster {
  return {
    name: 'features',
    cost: 'cheap',
    shortest: (series, horizon) =>
      series.firstMs === undefined ? Number.POSITIVE_INFINITY : 2 * LEVEL_STEPS + 2 * horizon,
    fit: (series, horizon) => fit(series, horizon, columns),
  };
}

interface Inputs {
  readonly series: Series;
  /** standardised */
  readonly z: Float64Array;
  readonly columns: readonly Float64Array[];
}

function fit(series: Series, horizon: number, columns: readonly FeatureColumn[]): Fitted {
  const scale = momentsOf(series.values.filter((value) => !Number.isNaN(value)));
  const inputsOf = (history: Float64Array): Inputs => ({
    series,
    z: bridged(history, series.seasons).map((value) => (value - scale.mean) / scale.deviation),
    columns: columns.map(({ values }) =>
      standardised(values.subarray(0, history.length), series.values.length),
    ),
  });
  const known = inputsOf(series.values);
  const models = Array.from({ length: horizon }, (_, h) => fitStep(known, series.values, h + 1));
  return {
    parameters: { lags: LAGS, penalty: PENALTY, columns: columns.map(({ name }) => name) },
    forecast: (history, steps) => {
      const inputs = inputsOf(history);
      const point = new Float64Array(steps);
      const spread = new Float64Array(steps);
      for (let h = 1; h <= steps; h++) {
        const model = models[Math.min(h, horizon) - 1]!;
        point[h - 1] =
          dot(rowOf(inputs, history.length - 1, h), model.weights) * scale.deviation + scale.mean;
        spread[h - 1] = model.spread * scale.deviation;
      }
      return { point, spread };
    },
  };
}

interface StepModel {
  readonly weights: Float64Array;
  readonly spread: number;
}

function fitStep(inputs: Inputs, truth: Float64Array, ahead: number): StepModel {
  const longest = Math.max(LEVEL_STEPS, inputs.series.seasons.at(-1) ?? 0);
  const first = truth.length - 1 - ahead > 2 * longest ? longest : LEVEL_STEPS;
  const stride = Math.max(1, Math.ceil((truth.length - first - ahead) / ROWS_MAX));
  const rows: Float64Array[] = [];
  const targets: number[] = [];
  for (let origin = truth.length - 1 - ahead; origin >= first; origin -= stride) {
    if (Number.isNaN(truth[origin + ahead]!)) continue;
    rows.push(rowOf(inputs, origin, ahead));
    targets.push(inputs.z[origin + ahead]!);
  }
  if (rows.length < LEVEL_STEPS) throw new Error(`only ${rows.length} steps to learn from`);
  const weights = ridge(rows, targets);
  const misses = rows.map((row, i) => Math.abs(targets[i]! - dot(row, weights)));
  return { weights, spread: misses.reduce((sum, miss) => sum + miss, 0) / misses.length };
}

function ridge(rows: readonly Float64Array[], targets: readonly number[]): Float64Array {
  const width = rows[0]!.length;
  const gram = new Float64Array(width * width);
  const weights = new Float64Array(width);
  rows.forEach((row, n) => {
    for (let i = 0; i < width; i++) {
      for (let j = 0; j <= i; j++) gram[i * width + j]! += row[i]! * row[j]!;
      weights[i]! += row[i]! * targets[n]!;
    }
  });
  for (let i = 0; i < width; i++) gram[i * width + i]! += PENALTY * rows.length;
  solve(gram, weights, width, 1);
  return weights;
}

function rowOf({ series, z, columns }: Inputs, origin: number, ahead: number): Float64Array {
  const at = (t: number) => z[Math.min(origin, Math.max(0, t))] ?? 0;
  let level = 0;
  for (let lag = 0; lag < LEVEL_STEPS; lag++) level += at(origin - lag) / LEVEL_STEPS;
  const season = (steps: number) => at(origin + ahead - Math.ceil(ahead / steps) * steps);
  const stepMs = series.stepSeconds * 1_000;
  return Float64Array.from([
    1,
    level,
    ...Array.from({ length: LAGS }, (_, lag) => at(origin - lag)),
    ...series.seasons.map(season),
    ...calendarOf(series.firstMs! + (origin + ahead) * stepMs),
    ...columns.map((column) => column[Math.min(origin, column.length - 1)] ?? 0),
  ]);
}

/** By what was known at the fit; missing values as the last that was known. */
function standardised(values: Float64Array, fitted: number): Float64Array {
  const { mean, deviation } = momentsOf(values.subarray(0, fitted).filter((value) => !Number.isNaN(value)));
  let last = 0;
  return values.map((value) => {
    if (Number.isFinite(value)) last = (value - mean) / deviation;
    return Number.isFinite(last) ? last : 0;
  });
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
