/**
 * Keeps coverage while a model serves. Each band of steps ahead and each level has a correction, in expected
 * spreads, that is moved after every measurement: up when the quantile was passed, down when it was not, in the
 * proportion of the level (adaptive conformal inference as quantile tracking; see calibration.ts). The stride is
 * the size of errors.
 *
 * Besides, a correction remembers where it settles, its mean over many measurements, and is drawn there: what one day
 * has moved wears off sooner than the quantile, hardly ever passed, would come back by itself. As the mean follows the
 * corrections, the balance stays that of the level. When the level of the load has changed and the forecasts know it,
 * what the errors of the change have taught is forgotten at once: they came from forecasts of another level.
 */
import type { Quantiles } from './calibration.ts';
import type { Forecast } from './forecaster.ts';
import { bandCount, bandOf } from './horizon-bands.ts';

/** strides per missed level: a quantile crosses a typical error in about ten measurements */
const RATE = 0.15;
/** memory of the size of errors, as the weight of the newest: longer than a day of steps, which would widen its own stride */
const SIZE_RATE = 0.005;
/** an error counts as at most so many typical ones: an outage, expected to go on, has errors of any size */
const ERROR_MAX = 5;
/** a correction is at most so many typical errors: what an outage has moved would else take weeks to come back */
const CORRECTION_MAX = 5;
/** memory of how often a quantile was passed, as the weight of the newest */
const PASSED_RATE = 0.04;
/**
 * A quantile that was passed too seldom or too often of late goes so many times faster per share it is off by, up to
 * the bound: one far out is hardly ever passed, and would come back at a tenth of the stride only. The truth of far
 * bands comes late, so they hurry less, or they would overshoot.
 */
const HURRY = 4;
const HURRY_MAX = 5;

/** part of the way to where it settles that a correction goes with each measurement */
const DRAWN = 0.02;
/** memory of where corrections settle, as the weight of the newest; the plain mean of fewer */
const SETTLED_RATE = 0.01;

interface Band {
  readonly corrections: Float64Array;
  /** mean of the corrections, by level */
  readonly settled: Float64Array;
  /** share of late measurements above the quantile, by level */
  readonly passed: Float64Array;
  size: number;
  observed: number;
}

/** What it has learned, as plain numbers: by band, the size of errors, the corrections, where they settle, how often they were passed. */
export type CalibrationState = readonly {
  readonly size: number;
  readonly corrections: readonly number[];
  readonly settled?: readonly number[];
  readonly passed?: readonly number[];
  readonly observed?: number;
}[];

/** Quantiles before corrections, in expected spreads. */
type Table = Pick<Quantiles, 'at'>;

export class OnlineCalibration {
  readonly levels: readonly number[];
  private readonly bands: Band[];

  /** `from`: of the same horizon and levels; anything else is forgotten. */
  constructor(horizon: number, levels: readonly number[], from: CalibrationState = []) {
    this.levels = levels;
    this.bands = Array.from({ length: bandCount(horizon) }, (_, band) => {
      const known = from[band];
      return known?.corrections.length === levels.length ? bandFrom(known, levels) : newBand(levels);
    });
  }

  get state(): CalibrationState {
    return this.bands.map(({ size, corrections, settled, passed, observed }) => ({
      size,
      corrections: [...corrections],
      settled: [...settled],
      passed: [...passed],
      observed,
    }));
  }

  /** What is added to the quantiles of a step ahead, in expected spreads, in the order of `levels`. */
  corrections(stepAhead: number): Float64Array {
    return this.bands[bandOf(stepAhead)]!.corrections;
  }

  /** Quantiles of each step ahead, in the order of `levels`, never crossing. */
  quantiles(forecast: Forecast, table: Table, stepAhead: number): Float64Array {
    const band = this.bands[bandOf(stepAhead)]!;
    const spread = forecast.spread[stepAhead - 1]!;
    const point = forecast.point[stepAhead - 1]!;
    return Float64Array.from(
      this.levels,
      (level, i) => point + spread * (table.at(level, stepAhead) + band.corrections[i]!),
    ).sort();
  }

  /** The truth of a step forecast earlier came in. */
  observe(truth: number, forecast: Forecast, table: Table, stepAhead: number): void {
    const spread = forecast.spread[stepAhead - 1]!;
    if (Number.isNaN(truth) || !(spread > 0)) return;
    const band = this.bands[bandOf(stepAhead)]!;
    const error = (truth - forecast.point[stepAhead - 1]!) / spread;
    band.size += SIZE_RATE * (Math.min(Math.abs(error), ERROR_MAX * band.size) - band.size);
    // several steps of one band share a correction
    const sharing = Math.max(1, 2 ** (bandOf(stepAhead) - 1));
    const stride = (RATE / sharing) * Math.max(band.size, Number.MIN_VALUE);
    const most = CORRECTION_MAX * band.size;
    const settling = Math.max(1 / ++band.observed, SETTLED_RATE / sharing);
    this.levels.forEach((level, i) => {
      const correction = band.corrections[i]!;
      const passed = error > table.at(level, stepAhead) + correction;
      band.passed[i]! += (PASSED_RATE / sharing) * (Number(passed) - band.passed[i]!);
      const drawn = correction + (DRAWN / sharing) * (band.settled[i]! - correction);
      band.settled[i]! += settling * (drawn - band.settled[i]!);
      const moved =
        drawn + stride * hurry(band.passed[i]!, level, HURRY / sharing) * (passed ? level : level - 1);
      band.corrections[i] = Math.min(most, Math.max(-most, moved));
    });
  }

  /** The forecasts follow a change of level from now on: back to where the corrections had settled. */
  settle(): void {
    for (const { corrections, settled, passed } of this.bands) {
      corrections.set(settled);
      passed.set(asAsked(this.levels));
    }
  }
}

function newBand(levels: readonly number[]): Band {
  return {
    corrections: new Float64Array(levels.length),
    settled: new Float64Array(levels.length),
    passed: asAsked(levels),
    size: 1,
    observed: 0,
  };
}

/** What was kept before there was a settled value settles where it is. */
function bandFrom(known: CalibrationState[number], levels: readonly number[]): Band {
  const { size, corrections, settled = corrections, passed = asAsked(levels), observed } = known;
  return {
    corrections: Float64Array.from(corrections),
    settled: Float64Array.from(settled),
    passed: Float64Array.from(passed),
    size,
    observed: observed ?? 1 / SETTLED_RATE,
  };
}

function asAsked(levels: readonly number[]): Float64Array {
  return Float64Array.from(levels, (level) => 1 - level);
}

function hurry(passed: number, level: number, perShare: number): number {
  const off = Math.abs(passed - (1 - level)) / Math.min(level, 1 - level);
  return Math.min(HURRY_MAX, 1 + perShare * off);
}
