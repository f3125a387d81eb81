/**
 * What each slot of the week usually carries, drawn towards what it carries on any day, plus an auto-regression of
 * what is left, with lags of hours and of days. A dozen coefficients for all steps ahead: it knows little, needs
 * little past and costs a millisecond, and it errs elsewhere than the regressions per step, which is what a
 * combination lives on.
 */
import type { Fitted, Forecaster } from './forecaster.ts';
import { leastAbsolute } from './least-absolute.ts';
import { spreadOf } from './periodic-regression.ts';
import { bridged, type Series } from './series.ts';
import { type Scale, type Transform, transformFor } from './transform.ts';

/** weight of any day's slot where the week's is known */
const DAY_SHARE = 0.2;
const WEEKS_MAX = 8;
const DAYS_MAX = 7;
const WEEK_DECAY = 0.6;
const DAY_DECAY = 0.8;
const SHORT_LAGS = [1, 2, 3, 6, 12] as const;
const SHRINKAGE = 1e-3;
const ROWS_MAX = 3_000;

interface Layout {
  readonly day: number;
  /** 0: no week, or too little past for one */
  readonly week: number;
  readonly lags: readonly number[];
}

export function profileAr(name: string, scale: Scale): Forecaster {
  return {
    name,
    cost: 'cheap',
    shortest: (series) => 5 * (series.seasons[0] ?? Number.POSITIVE_INFINITY),
    fit: (series) => fit(series, scale),
  };
}

function layoutOf({ seasons, values }: Series): Layout {
  const day = seasons[0]!;
  const week = seasons.findLast((season) => season > day && 2 * season + 4 * day <= values.length) ?? 0;
  const lags = [...SHORT_LAGS, day - 1, day, day + 1, 2 * day, 3 * day];
  return { day, week, lags: [...new Set(lags)].filter((lag) => lag > 0).sort((a, b) => a - b) };
}

function seasonsOf({ day, week }: Layout): number[] {
  return week === 0 ? [day] : [day, week];
}

function fit(series: Series, scale: Scale): Fitted {
  const transform = transformFor(scale, series.values);
  if (transform === undefined) throw new Error(`the ${scale} scale does not fit this series`);
  const layout = layoutOf(series);
  const { coefficients, spread } = train(layout, transform.forward(series.values));
  return {
    parameters: { ...layout, coefficients: [...coefficients], scale },
    forecast: (history, horizon) => {
      const tail = history.subarray(Math.max(0, history.length - tailLength(layout)));
      return forecast(layout, coefficients, spread, bridged(transform.forward(tail), seasonsOf(layout)), {
        transform,
        horizon,
      });
    },
  };
}

function tailLength({ day, week, lags }: Layout): number {
  return Math.max(WEEKS_MAX * week, DAYS_MAX * day) + lags.at(-1)! + 1;
}

function train(layout: Layout, targets: Float64Array) {
  const z = bridged(targets, seasonsOf(layout));
  const first = layout.week > 0 ? layout.week : layout.day;
  const longest = layout.lags.at(-1)!;
  const rest = new Float64Array(z.length);
  for (let t = first; t < z.length; t++) rest[t] = z[t]! - usualAt(layout, z, t);
  const width = layout.lags.length;
  const stride = Math.max(1, Math.ceil((z.length - first - longest) / ROWS_MAX));
  const x: number[] = [];
  const y: number[] = [];
  for (let t = z.length - 1; t >= first + longest; t -= stride) {
    if (Number.isNaN(targets[t]!)) continue;
    for (const lag of layout.lags) x.push(rest[t - lag]!);
    y.push(rest[t]!);
  }
  const { solution, residual } = leastAbsolute(
    { x: Float64Array.from(x), y: Float64Array.from(y), width },
    SHRINKAGE,
  );
  return { coefficients: solution, spread: residual };
}

function usualAt({ day, week }: Layout, z: Float64Array, t: number): number {
  const anyDay = slotMean(z, t, day, DAYS_MAX, DAY_DECAY);
  if (week === 0) return anyDay;
  const ofWeek = slotMean(z, t, week, WEEKS_MAX, WEEK_DECAY);
  return Number.isNaN(ofWeek) ? anyDay : (1 - DAY_SHARE) * ofWeek + DAY_SHARE * anyDay;
}

/** NaN where no season came before. */
function slotMean(z: Float64Array, t: number, season: number, count: number, decay: number): number {
  let sum = 0;
  let weights = 0;
  let weight = 1;
  for (let k = 1; k <= count && t - k * season >= 0; k++) {
    sum += weight * z[t - k * season]!;
    weights += weight;
    weight *= decay;
  }
  return sum / weights;
}

function forecast(
  layout: Layout,
  coefficients: Float64Array,
  residual: number,
  known: Float64Array,
  { transform, horizon }: { transform: Transform; horizon: number },
) {
  const { lags } = layout;
  const count = known.length;
  const z = new Float64Array(count + horizon);
  z.set(known);
  const rest = new Float64Array(count + horizon);
  for (let t = count - lags.at(-1)!; t < count; t++)
    if (t >= layout.day) rest[t] = z[t]! - usualAt(layout, z, t);
  for (let t = count; t < z.length; t++) {
    rest[t] = product(coefficients, lags, rest, t);
    z[t] = usualAt(layout, z, t) + rest[t]!;
  }
  const point = z.slice(count);
  const spread = spreadAhead(coefficients, lags, residual, horizon);
  return { point: transform.back(point), spread: spreadOf(point, spread, transform) };
}

/** A surprise goes on as the regression carries it: the spread is the root of the squares of what arrived so far. */
function spreadAhead(
  coefficients: Float64Array,
  lags: readonly number[],
  residual: number,
  horizon: number,
): Float64Array {
  const response = new Float64Array(horizon);
  let squares = 0;
  return response.map((_, h) => {
    response[h] = h === 0 ? 1 : product(coefficients, lags, response, h);
    squares += Math.min(1, response[h]! ** 2);
    return residual * Math.sqrt(squares);
  });
}

function product(coefficients: Float64Array, lags: readonly number[], rest: Float64Array, t: number): number {
  let sum = 0;
  for (let i = 0; i < lags.length; i++) if (t >= lags[i]!) sum += coefficients[i]! * rest[t - lags[i]!]!;
  return sum;
}
