/**
 * SPAR, sparse periodic auto-regression, the model of P-Store (Taft et al., SIGMOD 2018, section 5): the load h
 * steps ahead is a weighted sum of the loads at the same slot of the last periods, plus the last deviations from
 * what these slots usually carry. One regression per step ahead, so no error is fed back.
 *
 * Three things are ours. The weights may minimise absolute instead of squared errors (iteratively re-weighted): a
 * burst then does not bend the forecast of every later day. They are shrunk towards the plain mean of the periods,
 * which is what remains when there is little past. And what a slot of a longer season usually carries (its profile)
 * may take part as one number, where seven lags of a day would cost seven coefficients to say the same of the week.
 */
import type { Fitted, Forecaster } from './forecaster.ts';
import { leastAbsolute, leastSquares, type Rows } from './least-absolute.ts';
import { bridged, type Series } from './series.ts';
import { type Scale, type Transform, transformFor } from './transform.ts';

export interface PeriodicRegression {
  readonly name: string;
  /** the season whose slots are compared, in steps */
  readonly period: (series: Series) => number | undefined;
  readonly periodsMax: number;
  /** last deviations that take part */
  readonly deviations: number;
  /** where a longer season is known twice, its profile takes part, and fewer lags do */
  readonly profiled?: {
    readonly season: (series: Series) => number | undefined;
    readonly periodsMax: number;
    readonly deviations: number;
  };
  readonly scale: Scale;
  readonly loss: 'squared' | 'absolute';
}

/** shrinkage per observation on standardised values: enough to tell equal columns apart, too little to bend */
const SHRINKAGE = 1e-4;
/** rows a regression reads at most; older ones are thinned out evenly beyond it */
const ROWS_MAX = 3_000;
/** regressions at most; beyond, neighbouring steps share one */
const REGRESSIONS_MAX = 96;

/** seasons a profile remembers, and the weight of one over that of the next */
const PROFILE_SEASONS = 8;
const PROFILE_DECAY = 0.8;

interface Layout {
  readonly period: number;
  /** length of the season whose profile takes part; 0: none does */
  readonly profile: number;
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
  const layout = layoutOf(options, series, horizon);
  const { period, profile, periods } = layout;
  const model = train(layout, series.values, transform, options.loss);
  return {
    parameters: {
      period,
      periods,
      profile,
      deviations: layout.deviations,
      scale: options.scale,
      loss: options.loss,
    },
    forecast: (history, steps) => {
      const needed = history.subarray(Math.max(0, history.length - tailLength(layout)));
      const z = bridged(transform.forward(needed), seasonsOf(layout));
      const past = pastOf(z, layout);
      const point = new Float64Array(steps);
      for (let h = 1; h <= steps; h++) point[h - 1] = predict(layout, model, past, Math.min(h, horizon));
      return { point: transform.back(point), spread: spreadOf(point, model.spread, transform) };
    },
  };
}

function layoutOf(options: PeriodicRegression, series: Series, horizon: number): Layout {
  const period = options.period(series)!;
  const ahead = Math.ceil(horizon / period);
  const season = options.profiled?.season(series) ?? 0;
  const profile = season > 0 && series.values.length >= 2 * season + horizon + 2 * period ? season : 0;
  const { periodsMax, deviations } = profile > 0 ? options.profiled! : options;
  const periods = Math.max(
    2,
    // as many rows as the longest lag takes away
    Math.min(periodsMax, Math.floor(series.values.length / period / 2) - (ahead - 1)),
  );
  return { period, profile, periods, deviations, horizon };
}

function seasonsOf({ period, profile }: Layout): number[] {
  return profile > period ? [period, profile] : [period];
}

function tailLength({ period, profile, periods, deviations, horizon }: Layout): number {
  const lags = (periods + Math.ceil(horizon / period)) * period + deviations + 1;
  return Math.max(lags, PROFILE_SEASONS * profile);
}

/** What features are written from, on the transformed scale. */
interface Past {
  readonly z: Float64Array;
  /** mean of the same slot in the periods before; NaN where there are too few */
  readonly usual: Float64Array;
  /** of the longer season, one season beyond the end; empty where none takes part */
  readonly profile: Float64Array;
}

function pastOf(z: Float64Array, layout: Layout): Past {
  return { z, usual: usualAt(z, layout), profile: profileOf(z, layout.profile) };
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
  const z = bridged(targets, seasonsOf(layout));
  const past = pastOf(z, layout);
  const share = Math.ceil(layout.horizon / REGRESSIONS_MAX);
  const coefficients: Float64Array[] = [];
  const spread = new Float64Array(layout.horizon);
  let previous: Float64Array | undefined;
  for (let first = 1; first <= layout.horizon; first += share) {
    const h = Math.min(layout.horizon, first + (share >> 1));
    const learned = learn(rowsOf(layout, past, targets, h), layout, loss, previous);
    previous = learned.solution;
    coefficients.push(learned.coefficients);
    spread.fill(learned.spread, first - 1, Math.min(layout.horizon, first - 1 + share));
  }
  return { coefficients, spread, share };
}

function usualAt(z: Float64Array, { period, periods }: Layout): Float64Array {
  const usual = new Float64Array(z.length).fill(Number.NaN);
  for (let t = periods * period; t < z.length; t++) {
    let sum = 0;
    for (let k = 1; k <= periods; k++) sum += z[t - k * period]!;
    usual[t] = sum / periods;
  }
  return usual;
}

/** Weighted mean of the same slot in the seasons before, as many as there are; the last season is weighed most. */
export function profileOf(z: Float64Array, season: number): Float64Array {
  if (season === 0) return new Float64Array(0);
  const profile = new Float64Array(z.length + season).fill(Number.NaN);
  for (let t = season; t < profile.length; t++) {
    let sum = 0;
    let weights = 0;
    let weight = 1;
    for (let k = 1; k <= PROFILE_SEASONS && t - k * season >= 0; k++) {
      sum += weight * z[t - k * season]!;
      weights += weight;
      weight *= PROFILE_DECAY;
    }
    profile[t] = sum / weights;
  }
  return profile;
}

function widthOf(layout: Layout): number {
  return layout.periods + layout.deviations + (layout.profile > 0 ? 2 : 1);
}

function rowsOf(layout: Layout, past: Past, targets: Float64Array, h: number): Rows {
  const { z } = past;
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
    const mean = writeFeatures(layout, past, origin, h, x, kept * width);
    y[kept++] = z[origin + h]! - mean;
  }
  return { x: x.subarray(0, kept * width), y: y.subarray(0, kept), width };
}

function firstOrigin({ period, profile, periods, deviations }: Layout, h: number): number {
  const longestLag = (Math.ceil(h / period) - 1 + periods) * period;
  const profileLag = profile === 0 ? 0 : Math.ceil(h / profile) * profile;
  return Math.max(periods * period + deviations - 1, longestLag - h, profileLag - h);
}

/** Writes the features of one origin and returns the mean of its seasonal lags, which the weights start from. */
function writeFeatures(
  layout: Layout,
  { z, usual, profile }: Past,
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
  const mean = sum / periods;
  if (layout.profile > 0) {
    const slot = origin + h - (Math.ceil(h / layout.profile) - 1) * layout.profile;
    x[at + periods + deviations + 1] = profile[slot]! - mean;
  }
  return mean;
}

function learn(rows: Rows, layout: Layout, loss: 'squared' | 'absolute', start: Float64Array | undefined) {
  const { solution, residual } =
    loss === 'absolute' ? leastAbsolute(rows, SHRINKAGE, start) : leastSquares(rows, SHRINKAGE);
  // from deviations back to the mean of the periods
  const coefficients = solution.map((value, k) => (k < layout.periods ? value + 1 / layout.periods : value));
  // each coefficient used up one observation
  const honest = Math.sqrt(rows.y.length / Math.max(1, rows.y.length - rows.width));
  return { coefficients, solution, spread: residual * honest };
}

function predict(layout: Layout, model: Trained, past: Past, h: number): number {
  const x = new Float64Array(widthOf(layout));
  writeFeatures(layout, past, past.z.length - 1, h, x, 0);
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
