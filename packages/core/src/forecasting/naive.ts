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
      const tail = bridged(history.subarray(Math.max(0, history.length - 2 * lag)), lag === 1 ? [] : [lag]);
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
    // a whole season back the distance, and so the error, is the same
    spread[h - 1] =
      h > 1 && distance === Math.ceil((h - 1) / lag) * lag
        ? spread[h - 2]!
        : meanAbsoluteDifference(values, distance);
    // farther than the past reaches: at least as uncertain as the step before
    if (distance >= values.length && h > 1) spread[h - 1] = spread[h - 2]! * Math.sqrt(h / (h - 1));
  }
  return spread;
}

const DIFFERENCES_MAX = 2_000;

export function meanAbsoluteDifference(values: Float64Array, distance: number): number {
  const stride = Math.max(1, Math.floor((values.length - distance) / DIFFERENCES_MAX));
  let sum = 0;
  let count = 0;
  for (let t = values.length - 1; t >= distance; t -= stride) {
    const difference = Math.abs(values[t]! - values[t - distance]!);
    if (Number.isNaN(difference)) continue;
    sum += difference;
    count++;
  }
  return count === 0 ? 0 : sum / count;
}
