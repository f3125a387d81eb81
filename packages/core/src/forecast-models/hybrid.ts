/**
 * The hybrid: what each slot of the season usually carries (the median of its last periods), times what the load
 * is relative to it now. The ratio follows a Kalman level, so that after a shift the whole profile moves at once,
 * long before the slots have been seen again; that is what the regressions lack.
 */
import type { Fitted, Forecaster } from './forecaster.ts';
import { fitLevel } from './kalman.ts';
import { spreadOf } from './periodic-regression.ts';
import { bridged, type Series } from './series.ts';
import { type Transform, transformFor } from './transform.ts';

const PERIODS_MAX = 5;

export const hybrid: Forecaster = {
  name: 'hybrid',
  cost: 'cheap',
  shortest: (series) => 3 * (series.seasons[0] ?? Number.POSITIVE_INFINITY),
  fit: (series) => fit(series),
};

/** The week where three are known, else the day. */
function periodOf({ seasons, values }: Series): number {
  return seasons.findLast((season) => 3 * season <= values.length) ?? seasons[0]!;
}

function fit(series: Series): Fitted {
  const transform = transformFor('log', series.values) ?? transformFor('raw', series.values)!;
  const period = periodOf(series);
  const z = transform.forward(series.values);
  const level = fitLevel(remainders(z, period));
  return {
    parameters: { period, ...level.parameters },
    forecast: (history, horizon) => forecast(history, horizon, period, transform, level),
  };
}

function forecast(
  history: Float64Array,
  horizon: number,
  period: number,
  transform: Transform,
  level: Fitted,
) {
  const tail = history.subarray(Math.max(0, history.length - (PERIODS_MAX + 2) * period));
  const known = transform.forward(tail);
  const filled = bridged(known, [period]);
  const { point, spread } = level.forecast(remainders(known, period), horizon);
  for (let h = 0; h < horizon; h++) point[h]! += usual(filled, filled.length + (h % period), period);
  return { point: transform.back(point), spread: spreadOf(point, spread, transform) };
}

/** What is left of each value after the usual one of its slot. */
function remainders(z: Float64Array, period: number): Float64Array {
  const filled = bridged(z, [period]);
  const result = new Float64Array(Math.max(0, z.length - period));
  for (let t = period; t < z.length; t++) result[t - period] = z[t]! - usual(filled, t, period);
  return result;
}

/** Median of the same slot in the last periods before `t`. */
function usual(z: Float64Array, t: number, period: number): number {
  const slots: number[] = [];
  for (let k = 1; k <= PERIODS_MAX && t - k * period >= 0; k++) slots.push(z[t - k * period]!);
  slots.sort((a, b) => a - b);
  const middle = slots.length >> 1;
  return slots.length % 2 === 1 ? slots[middle]! : (slots[middle - 1]! + slots[middle]!) / 2;
}
