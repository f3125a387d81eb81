/**
 * Closed-form ridge regression of all steps ahead on the last lags. Both sides are taken relative to the mean of the
 * window, so that a level never seen before is no extrapolation. One factorisation serves all steps ahead.
 */
import type { Fitted, Forecaster } from './forecaster.ts';
import { solve } from './linear-solve.ts';
import { spreadOf } from './periodic-regression.ts';
import { bridged, type Series } from './series.ts';
import { type Scale, transformFor } from './transform.ts';

/** per observation, on standardised values */
const PENALTY = 0.01;
const FINE_LAGS = 24;

export interface LagRidgeOptions {
  readonly name: string;
  readonly scale: Scale;
  /** steps it looks back; undefined: a week where there is one, a day at least */
  readonly window?: number;
  /** lags after thinning; a finer step is averaged in blocks */
  readonly lagsMax: number;
  /** origins it learns from, evenly over the past */
  readonly rowsMax: number;
}

export function lagRidge(options: LagRidgeOptions): Forecaster {
  return {
    name: options.name,
    cost: 'cheap',
    shortest: (series, horizon) => 2 * windowOf(series, options) + horizon,
    fit: (series, horizon) => fit(series, horizon, options),
  };
}

function windowOf({ seasons, values }: Series, { window }: LagRidgeOptions): number {
  const wanted = window ?? seasons.at(-1) ?? FINE_LAGS;
  return wanted * 3 <= values.length ? wanted : (seasons[0] ?? FINE_LAGS);
}

function fit(series: Series, horizon: number, options: LagRidgeOptions): Fitted {
  const { scale, lagsMax, rowsMax } = options;
  const transform = transformFor(scale, series.values);
  if (transform === undefined) throw new Error(`the ${scale} scale does not fit this series`);
  const window = windowOf(series, options);
  const targets = transform.forward(series.values);
  const z = bridged(targets, series.seasons);
  const edges = blockEdges(window, lagsMax);
  const width = edges.length - 1;
  const origins = originsOf(z.length, window, horizon, rowsMax);
  const { gram, cross } = normalEquations(z, targets, edges, horizon, origins);
  for (let i = 0; i < width; i++) gram[i * width + i]! += PENALTY * origins.length + Number.MIN_VALUE;
  solve(gram, cross, width, horizon);
  const spread = residualSpread(z, targets, edges, cross, horizon, origins);
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
function blockEdges(window: number, lagsMax: number): number[] {
  const fine = Math.min(window, FINE_LAGS);
  const edges = Array.from({ length: fine + 1 }, (_, lag) => lag);
  const width = Math.max(1, Math.ceil((window - fine) / (lagsMax - fine)));
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

function originsOf(length: number, window: number, horizon: number, rowsMax: number): number[] {
  const stride = Math.max(1, Math.ceil((length - horizon - window) / rowsMax));
  const origins: number[] = [];
  for (let origin = length - 1 - horizon; origin >= window - 1; origin -= stride) origins.push(origin);
  return origins;
}

function normalEquations(
  z: Float64Array,
  targets: Float64Array,
  edges: readonly number[],
  horizon: number,
  origins: readonly number[],
) {
  const width = edges.length - 1;
  const gram = new Float64Array(width * width);
  const cross = new Float64Array(width * horizon);
  const x = new Float64Array(width);
  const y = new Float64Array(horizon);
  for (const origin of origins) {
    const level = writeFeatures(z, origin, edges, x);
    // a missing target pulls nowhere: it is put where the level is
    for (let h = 0; h < horizon; h++)
      y[h] = Number.isNaN(targets[origin + 1 + h]!) ? 0 : z[origin + 1 + h]! - level;
    addRow(gram, cross, x, y);
  }
  return { gram, cross };
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
  origins: readonly number[],
): Float64Array {
  const sums = new Float64Array(horizon);
  const counts = new Float64Array(horizon);
  const x = new Float64Array(edges.length - 1);
  const stride = Math.max(1, Math.floor(origins.length / SPREAD_ORIGINS));
  for (let i = 0; i < origins.length; i += stride) {
    const origin = origins[i]!;
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
