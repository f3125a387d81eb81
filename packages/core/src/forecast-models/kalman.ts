/**
 * Local level, and local level with a damped trend, as a Kalman filter in steady form: a missing measurement
 * widens the filter's doubt and is passed over. The ratio of level noise to measurement noise is the one with the
 * highest likelihood on the past (Durbin and Koopman, Time Series Analysis by State Space Methods, chapter 2).
 */
import type { Fitted, Forecaster } from './forecaster.ts';

/** level noise over measurement noise, from "almost constant" to "the last value is the level" */
const RATIOS = [0.001, 0.01, 0.05, 0.2, 1, 5, 100] as const;
const DAMPINGS = [0, 0.9, 0.98] as const;
/** the trend moves slower than the level */
const TREND_SHARE = 0.05;
/** steps the likelihood reads: the recent past says how the level moves now */
const LIKELIHOOD_STEPS_MAX = 2_000;
const SHORTEST = 8;

interface Noise {
  readonly ratio: number;
  readonly damping: number;
}

interface State {
  level: number;
  trend: number;
  /** variance of the level, in units of the measurement noise */
  doubt: number;
}

export const kalman: Forecaster = {
  name: 'kalman',
  cost: 'cheap',
  shortest: () => SHORTEST,
  fit: (series) => fitLevel(series.values),
};

export function fitLevel(values: Float64Array): Fitted {
  const recent = values.subarray(Math.max(0, values.length - LIKELIHOOD_STEPS_MAX));
  let best = { noise: { ratio: 1, damping: 0 } as Noise, cost: Number.POSITIVE_INFINITY, variance: 0 };
  for (const damping of DAMPINGS)
    for (const ratio of RATIOS) {
      const tried = likelihood(recent, { ratio, damping });
      if (tried.cost < best.cost) best = { noise: { ratio, damping }, ...tried };
    }
  const { noise, variance } = best;
  return {
    parameters: { ...noise, measurementDeviation: Math.sqrt(variance) },
    forecast: (history, horizon) => {
      const state = stateAfter(history.subarray(Math.max(0, history.length - LIKELIHOOD_STEPS_MAX)), noise);
      return ahead(state, noise, Math.sqrt(variance), horizon);
    },
  };
}

/** Minus twice the concentrated log-likelihood per measurement. */
function likelihood(values: Float64Array, noise: Noise): { cost: number; variance: number } {
  const state = startOf(values);
  let squares = 0;
  let logs = 0;
  let count = 0;
  for (const value of values) {
    const predicted = state.level + noise.damping * state.trend;
    const variance = step(state, value, noise);
    if (Number.isNaN(value)) continue;
    squares += (value - predicted) ** 2 / variance;
    logs += Math.log(variance);
    count++;
  }
  if (count === 0) return { cost: 0, variance: 0 };
  const variance = squares / count;
  return { cost: Math.log(variance + Number.MIN_VALUE) + logs / count, variance };
}

function stateAfter(values: Float64Array, noise: Noise): State {
  const state = startOf(values);
  for (const value of values) step(state, value, noise);
  return state;
}

function startOf(values: Float64Array): State {
  return { level: values.find((value) => !Number.isNaN(value)) ?? 0, trend: 0, doubt: 1 };
}

/** Returns the variance of the prediction, in units of the measurement noise. */
function step(state: State, value: number, { ratio, damping }: Noise): number {
  state.trend *= damping;
  state.level += state.trend;
  state.doubt += ratio;
  const variance = state.doubt + 1;
  if (Number.isNaN(value)) return variance;
  const gain = state.doubt / variance;
  const surprise = value - state.level;
  state.level += gain * surprise;
  if (damping > 0) state.trend += TREND_SHARE * gain * surprise;
  state.doubt *= 1 - gain;
  return variance;
}

/** mean absolute deviation of a normal variable */
const ABSOLUTE_SHARE = Math.sqrt(2 / Math.PI);

function ahead(state: State, { ratio, damping }: Noise, deviation: number, horizon: number) {
  const point = new Float64Array(horizon);
  const spread = new Float64Array(horizon);
  let level = state.level;
  let trend = state.trend;
  for (let h = 0; h < horizon; h++) {
    trend *= damping;
    level += trend;
    point[h] = level;
    spread[h] = ABSOLUTE_SHARE * deviation * Math.sqrt(state.doubt + ratio * (h + 1) + 1);
  }
  return { point, spread };
}
