/**
 * Closed-form ridge regression of all steps ahead on the last week's lags, on the logarithm of the load. Both
 * sides are taken relative to the mean of the window, so that a level never seen before is no extrapolation.
 * One factorisation serves all steps ahead.
 */
import type { Fitted, Forecaster } from './forecaster.ts';
import { solve } from './linear-solve.ts';
import { spreadOf } from './periodic-regression.ts';
import { bridged, type Series } from './series.ts';
import { type Scale, transformFor } from './transform.ts';

/** per observation, on standardised values */
const PENALTY = 0.01;
/** lags after thinning; a finer step is averaged in blocks */
const FEATURES_MAX = 168;
const FINE_LAGS = 24;
const ROWS_MAX = 300;

export function lagRidge(name: string, scale: Scale): Forecaster {
  return {
    name,
    cost: 'cheap',
    shortest: (series, horizon) => 2 * windowOf(series) + horizon,
    fit: (series, horizon) => fit(series, horizon, scale),
  };
}

/** A week where there is one, a day at least. */
function windowOf(series: Series): number {
  const { seasons, values } = series;
  const wanted = seasons.at(-1) ?? FINE_LAGS;
  return wanted * 3 <= values.length ? wanted : (seasons[0] ?? FINE_LAGS);
}

function fit(series: Series, horizon: number, scale: Scale): Fitted {
  const transform = transformFor(scale, series.values);
  if (transform === undefined) throw new Error(`the ${scale} scale does not fit this series`);
  const window = windowOf(series);
  const targets = transform.forward(series.values);
  const z = bridged(targets, series.seasons);
  const edges = blockEdges(window);
  const width = edges.length - 1;
  const { gram, cross, rows } = normalEquations(z, targets, edges, horizon);
  for (let i = 0; i < width; i++) gram[i * width + i]! += PENALTY * rows + Number.MIN_VALUE;
  solve(gram, cross, width, horizon);
  const spread = residualSpread(z, targets, edges, cross, horizon);
  return {
    parameters: { window, features: width, penalty: PENALTY, scale },
    forecast: (history, steps) => {
      const known = bridged(
        transform.forward(history.subarray(Math.max(0, history.length - 2 * window))),
        series.seasons,
      );
      const x = new Float64Array(width);
      const level = writeFeatures(known, known.length - 1, edges, x);
      const point = new Float64Array(steps);
      for (let h = 0; h < steps; h++) point[h] = level + product(x, cross, Math.min(h, horizon - 1), horizon);
      return { point: transform.back(point), spread: spreadOf(point, spread, transform) };
    },
  };
}

/** Lag blocks [from, to): single lags first, then blocks wide enough to stay within the bound. */
function blockEdges(window: number): number[] {
  const fine = Math.min(window, FINE_LAGS);
  const edges = Array.from({ length: fine + 1 }, (_, lag) => lag);
  const width = Math.max(1, Math.ceil((window - fine) / (FEATURES_MAX - fine)));
  for (let lag = fine + width; lag <= window; lag += width) edges.push(lag);
  return edges;
}

function writeFeatures(z: Float64Array, origin: number, edges: readonly number[], x: Float64Array): number {
  const window = edges.at(-1)!;
  let level = 0;
  for (let lag = 0; lag < window; lag++) level += z[Math.max(0, origin - lag)]!;
  level /= window;
  for (let i = 0; i + 1 < edges.length; i++) {
    let sum = 0;
    for (let lag = edges[i]!; lag < edges[i + 1]!; lag++) sum += z[Math.max(0, origin - lag)]!;
    x[i] = sum / (edges[i + 1]! - edges[i]!) - level;
  }
  return level;
}

function* origins(length: number, window: number, horizon: number): Generator<number> {
  const stride = Math.max(1, Math.ceil((length - horizon - window) / ROWS_MAX));
  for (let origin = length - 1 - horizon; origin >= window - 1; origin -= stride) yield origin;
}

function normalEquations(z: Float64Array, targets: Float64Array, edges: readonly number[], horizon: number) {
  const width = edges.length - 1;
  const gram = new Float64Array(width * width);
  const cross = new Float64Array(width * horizon);
  const x = new Float64Array(width);
  const y = new Float64Array(horizon);
  let rows = 0;
  for (const origin of origins(z.length, edges.at(-1)!, horizon)) {
    const level = writeFeatures(z, origin, edges, x);
    // a missing target pulls nowhere: it is put where the level is
    for (let h = 0; h < horizon; h++)
      y[h] = Number.isNaN(targets[origin + 1 + h]!) ? 0 : z[origin + 1 + h]! - level;
    addRow(gram, cross, x, y);
    rows++;
  }
  return { gram, cross, rows };
}

function addRow(gram: Float64Array, cross: Float64Array, x: Float64Array, y: Float64Array): void {
  const width = x.length;
  const horizon = y.length;
  for (let i = 0; i < width; i++) {
    const value = x[i]!;
    const to = i * width;
    for (let j = 0; j <= i; j++) gram[to + j]! += value * x[j]!;
    const at = i * horizon;
    for (let h = 0; h < horizon; h++) cross[at + h]! += value * y[h]!;
  }
}

function product(x: Float64Array, coefficients: Float64Array, h: number, horizon: number): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * coefficients[i * horizon + h]!;
  return sum;
}

const SPREAD_ORIGINS = 50;

function residualSpread(
  z: Float64Array,
  targets: Float64Array,
  edges: readonly number[],
  coefficients: Float64Array,
  horizon: number,
): Float64Array {
  const sums = new Float64Array(horizon);
  const counts = new Float64Array(horizon);
  const x = new Float64Array(edges.length - 1);
  const all = [...origins(z.length, edges.at(-1)!, horizon)];
  const stride = Math.max(1, Math.floor(all.length / SPREAD_ORIGINS));
  for (let i = 0; i < all.length; i += stride) {
    const origin = all[i]!;
    const level = writeFeatures(z, origin, edges, x);
    for (let h = 0; h < horizon; h++) {
      const target = targets[origin + 1 + h]!;
      if (Number.isNaN(target)) continue;
      sums[h]! += Math.abs(target - level - product(x, coefficients, h, horizon));
      counts[h]!++;
    }
  }
  return sums.map((sum, h) => sum / Math.max(1, counts[h]!));
}
