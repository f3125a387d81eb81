/**
 * SPAR, sparse periodic auto-regression, the model of P-Store (Taft et al., SIGMOD 2018, section 5): the load h
 * steps ahead is a weighted sum of the loads at the same slot of the last periods, plus the last deviations from
 * what these slots usually carry. One regression per step ahead, so no error is fed back.
 *
 * Two things are ours. The weights may minimise absolute instead of squared errors (iteratively re-weighted): a
 * burst then does not bend the forecast of every later day. And they are shrunk towards the plain mean of the
 * periods, which is what remains when there is little past.
 */
import type { Fitted, Forecaster } from './forecaster.ts';
import { solve } from './linear-solve.ts';
import { bridged, type Series } from './series.ts';
import { type Scale, type Transform, transformFor } from './transform.ts';

export interface PeriodicRegression {
  readonly name: string;
  /** the season whose slots are compared, in steps */
  readonly period: (series: Series) => number | undefined;
  readonly periodsMax: number;
  /** last deviations that take part */
  readonly deviations: number;
  readonly scale: Scale;
  readonly loss: 'squared' | 'absolute';
}

/** shrinkage per observation on standardised values: enough to tell equal columns apart, too little to bend */
const SHRINKAGE = 1e-4;
/** rows a regression reads at most; older ones are thinned out evenly beyond it */
const ROWS_MAX = 3_000;
/** regressions at most; beyond, neighbouring steps share one */
const REGRESSIONS_MAX = 96;
const REWEIGHTINGS = 2;
/** residuals below this part of the mean weigh as if they were so large, so that none decides alone */
const RESIDUAL_FLOOR = 0.25;

interface Layout {
  readonly period: number;
  readonly periods: number;
  readonly deviations: number;
  readonly horizon: number;
}

export function periodicRegression(options: PeriodicRegression): Forecaster {
  return {
    name: options.name,
    cost: 'cheap',
    shortest: (series, horizon) => {
      const period = options.period(series);
      return period === undefined
        ? Number.POSITIVE_INFINITY
        : shortestFor(period, options.deviations, horizon);
    },
    fit: (series, horizon) => fit(options, series, horizon),
  };
}

/** two periods of seasonal lags, the deviations, the horizon, and rows to learn from */
function shortestFor(period: number, deviations: number, horizon: number): number {
  return 2 * period + deviations + Math.ceil(horizon / period) * period + Math.max(period, 2 * deviations);
}

function fit(options: PeriodicRegression, series: Series, horizon: number): Fitted {
  const transform = transformFor(options.scale, series.values);
  if (transform === undefined) throw new Error(`the ${options.scale} scale does not fit this series`);
  const period = options.period(series)!;
  const ahead = Math.ceil(horizon / period);
  const periods = Math.max(
    2,
    // as many rows as the longest lag takes away
    Math.min(options.periodsMax, Math.floor(series.values.length / period / 2) - (ahead - 1)),
  );
  const layout: Layout = { period, periods, deviations: options.deviations, horizon };
  const model = train(layout, series.values, transform, options.loss);
  return {
    parameters: { period, periods, deviations: layout.deviations, scale: options.scale, loss: options.loss },
    forecast: (history, steps) => {
      const needed = history.subarray(Math.max(0, history.length - tailLength(layout)));
      const z = bridged(transform.forward(needed), period);
      const usual = usualAt(z, layout);
      const point = new Float64Array(steps);
      for (let h = 1; h <= steps; h++) point[h - 1] = predict(layout, model, z, usual, Math.min(h, horizon));
      return { point: transform.back(point), spread: spreadOf(point, model.spread, transform) };
    },
  };
}

function tailLength({ period, periods, deviations, horizon }: Layout): number {
  return (periods + Math.ceil(horizon / period)) * period + deviations + 1;
}

interface Trained {
  readonly coefficients: readonly Float64Array[];
  /** median absolute residual per step ahead, on the transformed scale */
  readonly spread: Float64Array;
  readonly share: number;
}

function train(
  layout: Layout,
  values: Float64Array,
  transform: Transform,
  loss: 'squared' | 'absolute',
): Trained {
  const targets = transform.forward(values);
  const z = bridged(targets, layout.period);
  const usual = usualAt(z, layout);
  const share = Math.ceil(layout.horizon / REGRESSIONS_MAX);
  const coefficients: Float64Array[] = [];
  const spread = new Float64Array(layout.horizon);
  let previous: Float64Array | undefined;
  for (let first = 1; first <= layout.horizon; first += share) {
    const h = Math.min(layout.horizon, first + (share >> 1));
    const learned = learn(rowsOf(layout, z, targets, usual, h), layout, loss, previous);
    previous = learned.solution;
    coefficients.push(learned.coefficients);
    spread.fill(learned.spread, first - 1, Math.min(layout.horizon, first - 1 + share));
  }
  return { coefficients, spread, share };
}

/** mean of the same slot in the periods before; NaN where there are too few */
function usualAt(z: Float64Array, { period, periods }: Layout): Float64Array {
  const usual = new Float64Array(z.length).fill(Number.NaN);
  for (let t = periods * period; t < z.length; t++) {
    let sum = 0;
    for (let k = 1; k <= periods; k++) sum += z[t - k * period]!;
    usual[t] = sum / periods;
  }
  return usual;
}

interface Rows {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly width: number;
}

function widthOf(layout: Layout): number {
  return layout.periods + layout.deviations + 1;
}

function rowsOf(
  layout: Layout,
  z: Float64Array,
  targets: Float64Array,
  usual: Float64Array,
  h: number,
): Rows {
  const width = widthOf(layout);
  const first = firstOrigin(layout, h);
  const last = z.length - 1 - h;
  const stride = Math.max(1, Math.ceil((last - first + 1) / ROWS_MAX));
  const count = Math.max(0, Math.floor((last - first) / stride) + 1);
  const x = new Float64Array(count * width);
  const y = new Float64Array(count);
  let kept = 0;
  for (let origin = last - (count - 1) * stride; origin <= last; origin += stride) {
    if (Number.isNaN(targets[origin + h]!)) continue;
    const mean = writeFeatures(layout, z, usual, origin, h, x, kept * width);
    y[kept++] = z[origin + h]! - mean;
  }
  return { x: x.subarray(0, kept * width), y: y.subarray(0, kept), width };
}

function firstOrigin({ period, periods, deviations }: Layout, h: number): number {
  const longestLag = (Math.ceil(h / period) - 1 + periods) * period;
  return Math.max(periods * period + deviations - 1, longestLag - h);
}

/** Writes the features of one origin and returns the mean of its seasonal lags, which the weights start from. */
function writeFeatures(
  layout: Layout,
  z: Float64Array,
  usual: Float64Array,
  origin: number,
  h: number,
  x: Float64Array,
  at: number,
): number {
  const { period, periods, deviations } = layout;
  const nearest = origin + h - (Math.ceil(h / period) - 1) * period;
  let sum = 0;
  for (let k = 1; k <= periods; k++) {
    const value = z[nearest - k * period]!;
    x[at + k - 1] = value;
    sum += value;
  }
  for (let j = 0; j < deviations; j++) x[at + periods + j] = z[origin - j]! - usual[origin - j]!;
  x[at + periods + deviations] = 1;
  return sum / periods;
}

/**
 * `start`: weights to begin the re-weighting from, those of the step before, which differ little; from nothing
 * it begins at the least squares.
 */
function learn(rows: Rows, layout: Layout, loss: 'squared' | 'absolute', start: Float64Array | undefined) {
  const { width, y } = rows;
  const weights = new Float64Array(y.length).fill(1);
  let solution = loss === 'absolute' && start !== undefined ? start : weighted(rows, weights);
  let residuals = residualsOf(rows, solution);
  for (let round = 0; loss === 'absolute' && round < REWEIGHTINGS; round++) {
    reweight(weights, residuals);
    solution = weighted(rows, weights);
    residuals = residualsOf(rows, solution);
  }
  // from deviations back to the mean of the periods
  const coefficients = solution.map((value, k) => (k < layout.periods ? value + 1 / layout.periods : value));
  // each coefficient used up one observation
  const honest = Math.sqrt(y.length / Math.max(1, y.length - width));
  return { coefficients, solution, spread: meanOf(residuals) * honest };
}

function weighted({ x, y, width }: Rows, weights: Float64Array): Float64Array {
  const gram = new Float64Array(width * width);
  const c = new Float64Array(width);
  let total = 0;
  for (let row = 0; row < y.length; row++) {
    const at = row * width;
    const weight = weights[row]!;
    total += weight;
    for (let i = 0; i < width; i++) {
      const value = x[at + i]! * weight;
      const to = i * width;
      c[i]! += value * y[row]!;
      for (let j = 0; j <= i; j++) gram[to + j]! += value * x[at + j]!;
    }
  }
  for (let i = 0; i < width; i++) gram[i * width + i]! += SHRINKAGE * total + Number.MIN_VALUE;
  solve(gram, c, width, 1);
  return c;
}

function residualsOf({ x, y, width }: Rows, coefficients: Float64Array): Float64Array {
  const residuals = new Float64Array(y.length);
  for (let row = 0; row < y.length; row++) {
    let sum = y[row]!;
    for (let i = 0; i < width; i++) sum -= x[row * width + i]! * coefficients[i]!;
    residuals[row] = Math.abs(sum);
  }
  return residuals;
}

function reweight(weights: Float64Array, residuals: Float64Array): void {
  const floor = RESIDUAL_FLOOR * meanOf(residuals) + 1e-9;
  let sum = 0;
  for (let row = 0; row < weights.length; row++) sum += weights[row] = 1 / Math.max(residuals[row]!, floor);
  for (let row = 0; row < weights.length; row++) weights[row]! *= weights.length / sum;
}

function predict(layout: Layout, model: Trained, z: Float64Array, usual: Float64Array, h: number): number {
  const x = new Float64Array(widthOf(layout));
  writeFeatures(layout, z, usual, z.length - 1, h, x, 0);
  const coefficients = model.coefficients[Math.floor((h - 1) / model.share)]!;
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * coefficients[i]!;
  return sum;
}

/** The residual's size on the scale of the series, around each point. */
export function spreadOf(point: Float64Array, spread: Float64Array, transform: Transform): Float64Array {
  const size = (h: number) => spread[Math.min(h, spread.length - 1)]!;
  const above = transform.back(point.map((value, h) => value + size(h)));
  const below = transform.back(point.map((value, h) => value - size(h)));
  return above.map((value, h) => (value - below[h]!) / 2);
}

function meanOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return values.length === 0 ? 0 : sum / values.length;
}
