/**
 * Exponential smoothing with up to two additive seasons on the logarithm of the load, and the error of the last
 * step carried on (Taylor, Short-term electricity demand forecasting using double seasonal exponential smoothing,
 * 2003). Missing measurements leave level and seasons as they are.
 */
import type { Fitted, Forecaster } from './forecaster.ts';
import { spreadOf } from './periodic-regression.ts';
import type { Series } from './series.ts';
import { type Scale, transformFor } from './transform.ts';

interface Rates {
  readonly level: number;
  readonly season: number;
  /** how much of the last error is expected in the next step */
  readonly carry: number;
}

const LEVELS = [0.01, 0.05, 0.2, 0.6] as const;
const SEASONS = [0.05, 0.2, 0.4] as const;
const CARRIES = [0, 0.6, 0.9] as const;
/** steps at the end on which the rates are chosen; enough for several weeks of hours */
const CHOICE_STEPS_MAX = 1_500;

interface State {
  level: number;
  error: number;
  readonly indices: readonly Float64Array[];
}

export function smoothing(name: string, scale: Scale): Forecaster {
  return {
    name,
    cost: 'cheap',
    shortest: (series) => 2 * (series.seasons[0] ?? 4),
    fit: (series) => fit(series, scale),
  };
}

function fit(series: Series, scale: Scale): Fitted {
  const transform = transformFor(scale, series.values);
  if (transform === undefined) throw new Error(`the ${scale} scale does not fit this series`);
  const seasons = series.seasons.filter((season) => 2 * season <= series.values.length);
  const z = transform.forward(series.values);
  const from = Math.max(0, z.length - Math.max(CHOICE_STEPS_MAX, 3 * (seasons.at(-1) ?? 0)));
  let best: { rates: Rates; error: number } | undefined;
  for (const level of LEVELS)
    for (const season of seasons.length === 0 ? [0] : SEASONS)
      for (const carry of CARRIES) {
        const rates = { level, season, carry };
        const { error } = run(z, from, seasons, rates);
        if (best === undefined || error < best.error) best = { rates, error };
      }
  const { rates, error } = best!;
  return {
    parameters: { ...rates, seasons, scale },
    forecast: (history, horizon) => {
      const known = transform.forward(history.subarray(from));
      const { state } = run(known, 0, seasons, rates);
      const point = ahead(state, rates, seasons, known.length, horizon);
      const spread = point.map((_, h) => error * Math.sqrt(1 + (rates.level + rates.carry / 10) ** 2 * h));
      return { point: transform.back(point), spread: spreadOf(point, spread, transform) };
    },
  };
}

/** Slots are counted from `from`, so that forecasts from later origins meet the same slots. */
function run(
  z: Float64Array,
  from: number,
  seasons: readonly number[],
  rates: Rates,
): { state: State; error: number } {
  const state = startOf(z, from, seasons);
  // the first season only warms the indices
  const scored = from + (seasons.at(-1) ?? 2);
  let sum = 0;
  let count = 0;
  for (let t = from; t < z.length; t++) {
    const missed = step(state, z[t]!, t - from, seasons, rates);
    if (Number.isNaN(missed) || t < scored) continue;
    sum += Math.abs(missed);
    count++;
  }
  return { state, error: count === 0 ? 0 : sum / count };
}

function startOf(z: Float64Array, from: number, seasons: readonly number[]): State {
  const first = seasons[0] ?? 1;
  const level = meanOf(z.subarray(from, from + first));
  const indices = seasons.map((season) => new Float64Array(season));
  for (let slot = 0; slot < first && seasons.length > 0; slot++) {
    const value = z[from + slot]! - level;
    indices[0]![slot] = Number.isNaN(value) ? 0 : value;
  }
  return { level, error: 0, indices };
}

function step(state: State, value: number, slot: number, seasons: readonly number[], rates: Rates): number {
  const carried = rates.carry * state.error;
  const expected = state.level + seasonal(state, seasons, slot);
  const missed = value - expected - carried;
  if (Number.isNaN(missed)) {
    state.error = carried;
    return missed;
  }
  state.error = value - expected;
  state.level += rates.level * missed;
  for (let i = 0; i < seasons.length; i++) state.indices[i]![slot % seasons[i]!]! += rates.season * missed;
  return missed;
}

function seasonal(state: State, seasons: readonly number[], slot: number): number {
  let sum = 0;
  for (let i = 0; i < seasons.length; i++) sum += state.indices[i]![slot % seasons[i]!]!;
  return sum;
}

function ahead(
  state: State,
  rates: Rates,
  seasons: readonly number[],
  slot: number,
  horizon: number,
): Float64Array {
  const point = new Float64Array(horizon);
  let carried = state.error;
  for (let h = 0; h < horizon; h++) {
    carried *= rates.carry;
    point[h] = state.level + seasonal(state, seasons, slot + h) + carried;
  }
  return point;
}

function meanOf(values: Float64Array): number {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  return count === 0 ? 0 : sum / count;
}
