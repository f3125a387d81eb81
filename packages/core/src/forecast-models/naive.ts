/**
 * The yardsticks: the last value, and the value one season ago. Every other model has to beat them on the series
 * at hand, else they serve.
 */
import type { Fitted, Forecaster } from './forecaster.ts';
import { bridged, type Series } from './series.ts';

export const naive: Forecaster = repeating('naive', () => 1);
export const seasonalDay: Forecaster = repeating('seasonal-day', (series) => series.seasons[0]);
export const seasonalWeek: Forecaster = repeating('seasonal-week', (series) => series.seasons[1]);

function repeating(name: string, lagOf: (series: Series) => number | undefined): Forecaster {
  return {
    name,
    cost: 'cheap',
    shortest: (series) => lagOf(series) ?? Number.POSITIVE_INFINITY,
    fit: (series, horizon) => fit(series, lagOf(series)!, horizon),
  };
}

function fit(series: Series, lag: number, fitHorizon: number): Fitted {
  const spread = spreadAhead(series.values, lag, fitHorizon);
  return {
    parameters: { lag },
    forecast: (history, horizon) => {
      const recent = history.subarray(Math.max(0, history.length - 2 * lag));
      // after a longer gap there is only what was known last
      const tail = recent.every(Number.isNaN)
        ? Float64Array.of(lastKnown(history))
        : bridged(recent, lag === 1 ? [] : [lag]);
      const point = new Float64Array(horizon);
      for (let h = 0; h < horizon; h++) point[h] = tail[tail.length - lag + (h % lag)] ?? tail.at(-1) ?? 0;
      return { point, spread: spread.slice(0, horizon) };
    },
  };
}

/** Mean absolute error at each step ahead had it been used all along; every lag is looked at in few places. */
function spreadAhead(values: Float64Array, lag: number, horizon: number): Float64Array {
  const spread = new Float64Array(horizon);
  for (let h = 1; h <= horizon; h++) {
    const distance = Math.ceil(h / lag) * lag;
    const before = spread[h - 2];
    // a whole season back the distance, and so the error, is the same
    const isSame = distance === Math.ceil((h - 1) / lag) * lag;
    spread[h - 1] =
      before !== undefined && isSame
        ? before
        : (meanAbsoluteDifference(values, distance) ?? unseen(values, before, h));
  }
  return spread;
}

/** Farther than the past reaches. */
function unseen(values: Float64Array, before: number | undefined, h: number): number {
  // how something changes that was seen once nobody knows: it is as unsure as it is large
  return before === undefined ? Math.abs(lastKnown(values)) : before * Math.sqrt(h / (h - 1));
}

function lastKnown(values: Float64Array): number {
  return values.findLast((value) => !Number.isNaN(value)) ?? 0;
}

const DIFFERENCES_MAX = 2_000;

/** Undefined: no two values so far apart are known. */
function meanAbsoluteDifference(values: Float64Array, distance: number): number | undefined {
  const stride = Math.max(1, Math.floor((values.length - distance) / DIFFERENCES_MAX));
  let sum = 0;
  let count = 0;
  for (let t = values.length - 1; t >= distance; t -= stride) {
    const difference = Math.abs(values[t]! - values[t - distance]!);
    if (Number.isNaN(difference)) continue;
    sum += difference;
    count++;
  }
  return count === 0 ? undefined : sum / count;
}
