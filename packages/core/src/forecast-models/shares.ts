/**
 * Ten thousand shardlets in a tick. Most of them have too little past for a model of their own, and all of them
 * follow their shard: so the shard is forecast, and each shardlet gets its share of it. A shardlet's share is
 * drawn from its own last loads towards the share its part of the positions had, the less it has been seen the
 * more (empirical Bayes; the child of a split so starts from its parent's share). Where its own forecast has
 * proven better, the two are mixed by their errors.
 */
import type { Forecast } from './forecaster.ts';

export interface ShareInput {
  /** the last loads of the shardlet, aligned with those of its shard at the end; NaN: missing */
  readonly loads: Float64Array;
  /** what it starts from: the parent's share times the part of its positions */
  readonly priorShare: number;
}

/** memory of a share, in steps */
const HALF_LIFE_STEPS = 48;
/** steps of the shard that weigh as much as the prior share */
const PRIOR_STEPS = 6;

/** The share of the shard's next load, in [0, 1]. */
export function shareOf({ loads, priorShare }: ShareInput, shard: Float64Array): number {
  const decay = 0.5 ** (1 / HALF_LIFE_STEPS);
  let own = 0;
  let all = 0;
  let weights = 0;
  let weight = 1;
  for (let back = 1; back <= Math.min(loads.length, shard.length) && weight > 1e-3; back++) {
    const load = loads[loads.length - back]!;
    const total = shard[shard.length - back]!;
    if (!Number.isNaN(load) && !Number.isNaN(total)) {
      own += weight * load;
      all += weight * total;
      weights += weight;
    }
    weight *= decay;
  }
  const prior = Math.min(1, Math.max(0, priorShare));
  if (all <= 0) return prior;
  return (own / all) * (weights / (weights + PRIOR_STEPS)) + prior * (PRIOR_STEPS / (weights + PRIOR_STEPS));
}

/** Shares of siblings made to sum to one, as their loads do. */
export function normalisedShares(shares: readonly number[]): number[] {
  const sum = shares.reduce((total, share) => total + share, 0);
  return shares.map((share) => (sum > 0 ? share / sum : 1 / shares.length));
}

/** The shardlet's part of the shard's forecast; a small part is relatively more uncertain (Poisson). */
export function partOf(forecast: Forecast, share: number): Forecast {
  const point = forecast.point.map((value) => value * share);
  return {
    point,
    spread: forecast.spread.map((value, h) =>
      Math.sqrt((value * share) ** 2 + Math.max(0, point[h]!) * (1 - share) * (2 / Math.PI)),
    ),
  };
}

/** Mixes the shardlet's own forecast with its part of the shard's, by their past mean absolute errors. */
export function mixed(own: Forecast, part: Forecast, ownError: number, partError: number): Forecast {
  const sum = ownError ** 2 + partError ** 2;
  const trust = sum > 0 ? partError ** 2 / sum : 0.5;
  const mix = (a: Float64Array, b: Float64Array) => a.map((value, h) => trust * value + (1 - trust) * b[h]!);
  return { point: mix(own.point, part.point), spread: mix(own.spread, part.spread) };
}
