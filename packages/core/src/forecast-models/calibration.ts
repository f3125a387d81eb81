/**
 * Intervals from errors that really happened. The errors of a rolling back-test, divided by the spread the models
 * expected, give quantiles (split conformal prediction); where they are few they are drawn towards a common shape.
 *
 * Afterwards every measurement moves them on (adaptive conformal inference, Gibbs and Candes 2021, in the form of
 * quantile tracking, Angelopoulos, Candes and Tibshirani 2023): a quantile that was passed rises, one that was not
 * falls, by amounts whose balance is the level asked for. So coverage comes back after a level shift whatever the
 * models do.
 */
import { bandCount, bandOf } from './horizon-bands.ts';

/** levels kept; others are interpolated between them */
const LEVELS = [0.005, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.995] as const;
/**
 * Origins that weigh as much as the common shape and the spread that the models expect. The trial's origins lie in the
 * same few days and say little about the next: on training series of M4 (the window that ends 192 hours before the
 * end) the interval score went from 8.3 to 7.8 with more of each, and to 6.8 with the spread of `combine`.
 */
const SHAPE_ORIGINS = 100;
const SCALE_ORIGINS = 40;
/** errors so many times larger or smaller than their spread say that the model knows its spread badly */
const FAR_OFF = 3;
/**
 * The levels between are the middle. A mean is made by a few spikes where there are any; it says where the tails are, but
 * would stretch the middle to where next to nothing ever comes.
 */
const MIDDLE = { from: 0.1, to: 0.9 };
/** the mean size is at most so many times that of the middle: nine of ten errors may be nothing at all */
const OVER_MIDDLE_MAX = 5;
/** The models were weighed by the same errors, so what comes later strays further: 95 % then covers .94 to .97 there. */
const BEYOND_THE_TRIAL = 1.1;

export interface NormalisedErrors {
  /** error over expected spread, of each origin and step ahead; NaN where the truth is missing */
  readonly origins: readonly Float64Array[];
}

export class Quantiles {
  /** [band][level index], in expected spreads */
  private readonly table: readonly Float64Array[];

  constructor(horizon: number, { origins }: NormalisedErrors) {
    const all = valuesOf(origins, 1, horizon);
    const overall = shaped(all, origins.length, 1);
    const scale = all.length === 0 ? 1 : meanSize(all);
    this.table = Array.from({ length: bandCount(horizon) }, (_, band) => {
      const own = valuesOf(origins, 2 ** band, Math.min(horizon, 2 ** (band + 1) - 1));
      if (own.length === 0) return overall;
      // the band's own scale, the shape of all bands
      const ownScale = drawn(meanSize(own), scale, origins.length);
      return overall.map((quantile) => (BEYOND_THE_TRIAL * quantile * ownScale) / Math.max(scale, 1e-12));
    });
  }

  /** REQUIRES: 0 < level < 1. */
  at(level: number, stepAhead: number): number {
    const quantiles = this.table[Math.min(bandOf(stepAhead), this.table.length - 1)]!;
    return interpolated(quantiles, level);
  }
}

function valuesOf(origins: readonly Float64Array[], first: number, last: number): Float64Array {
  const values: number[] = [];
  for (const errors of origins)
    for (let h = first; h <= last && h <= errors.length; h++)
      if (Number.isFinite(errors[h - 1]!)) values.push(errors[h - 1]!);
  return Float64Array.from(values).sort();
}

function shaped(sorted: Float64Array, origins: number, priorScale: number): Float64Array {
  const own = sorted.length === 0 ? priorScale : meanSize(sorted);
  const scale = drawn(own, priorScale, origins);
  const middle = sorted.length === 0 ? scale : drawn(sizeOfMiddle(sorted, own), priorScale, origins);
  const trust = sorted.length === 0 ? 0 : origins / (origins + SHAPE_ORIGINS);
  return Float64Array.from(LEVELS, (level) => {
    const isMiddle = level >= MIDDLE.from && level <= MIDDLE.to;
    const common = commonShape(level) * (isMiddle ? middle : scale);
    return trust === 0 ? common : trust * empirical(sorted, level) + (1 - trust) * common;
  });
}

/** A scale of a few origins, drawn to what was expected, unless that was far off. */
function drawn(own: number, expected: number, origins: number): number {
  const off = own > expected ? own / expected : expected / Math.max(own, Number.MIN_VALUE);
  const weight = SCALE_ORIGINS / Math.max(1, off / FAR_OFF) ** 4;
  return (origins * own + weight * expected) / (origins + weight);
}

export function empirical(sorted: Float64Array, level: number): number {
  const place = level * (sorted.length + 1) - 1;
  const below = Math.min(sorted.length - 1, Math.max(0, Math.floor(place)));
  const above = Math.min(sorted.length - 1, below + 1);
  const share = Math.min(1, Math.max(0, place - below));
  return sorted[below]! * (1 - share) + sorted[above]! * share;
}

/** Half-way between the normal and the Laplace distribution of mean absolute deviation 1. */
export function commonShape(level: number): number {
  const tail = Math.min(level, 1 - level);
  const laplace = -Math.log(2 * tail);
  const normal = Math.sqrt(Math.PI / 2) * normalUpper(tail);
  return (level < 0.5 ? -1 : 1) * 0.5 * (laplace + normal);
}

/** Abramowitz and Stegun 26.2.23: the normal quantile above which `tail` lies; error below 4.5e-4. */
function normalUpper(tail: number): number {
  const t = Math.sqrt(-2 * Math.log(tail));
  const top = 2.515517 + t * (0.802853 + t * 0.010328);
  const bottom = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308));
  return Math.max(0, t - top / bottom);
}

function interpolated(quantiles: Float64Array, level: number): number {
  const last = LEVELS.length - 1;
  // beyond the outermost level the tails go on as the common shape does
  if (level <= LEVELS[0]) return quantiles[0]! * (commonShape(level) / commonShape(LEVELS[0]));
  if (level >= LEVELS[last]!) return quantiles[last]! * (commonShape(level) / commonShape(LEVELS[last]!));
  const above = LEVELS.findIndex((known) => known >= level);
  const span = commonShape(LEVELS[above]!) - commonShape(LEVELS[above - 1]!);
  const share = (commonShape(level) - commonShape(LEVELS[above - 1]!)) / span;
  return quantiles[above - 1]! * (1 - share) + quantiles[above]! * share;
}

function meanSize(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += Math.abs(value);
  return sum / values.length;
}

/** 1 for errors of the common shape whose mean size is 1; never above the mean. */
function sizeOfMiddle(sorted: Float64Array, mean: number): number {
  const width = Math.abs(empirical(sorted, MIDDLE.from)) + Math.abs(empirical(sorted, MIDDLE.to));
  return Math.min(mean, Math.max(mean / OVER_MIDDLE_MAX, width / 2 / commonShape(MIDDLE.to)));
}
