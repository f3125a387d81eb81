/**
 * Keeps coverage while a model serves. Each band of steps ahead and each level has a correction, in expected
 * spreads, that is moved after every measurement: up when the quantile was passed, down when it was not, in the
 * proportion of the level (adaptive conformal inference as quantile tracking; see calibration.ts). The stride is
 * the size of recent errors, so that after a level shift the quantiles travel as far as the errors did.
 */
import type { Quantiles } from './calibration.ts';
import type { Forecast } from './forecaster.ts';
import { bandCount, bandOf } from './horizon-bands.ts';

/** strides per missed level: a quantile crosses a typical error in about ten measurements */
const RATE = 0.15;
/** memory of the size of errors, as the weight of the newest */
const SIZE_RATE = 0.015;
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

interface Band {
  readonly corrections: Float64Array;
  /** share of late measurements above the quantile, by level */
  readonly passed: Float64Array;
  size: number;
}

/** What it has learned, as plain numbers: by band, the size of errors, the corrections, how often they were passed. */
export type CalibrationState = readonly {
  readonly size: number;
  readonly corrections: readonly number[];
  readonly passed?: readonly number[];
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
      const asAsked = Float64Array.from(levels, (level) => 1 - level);
      return known?.corrections.length === levels.length
        ? {
            corrections: Float64Array.from(known.corrections),
            passed: known.passed === undefined ? asAsked : Float64Array.from(known.passed),
            size: known.size,
          }
        : { corrections: new Float64Array(levels.length), passed: asAsked, size: 1 };
    });
  }

  get state(): CalibrationState {
    return this.bands.map(({ size, corrections, passed }) => ({
      size,
      corrections: [...corrections],
      passed: [...passed],
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
    this.levels.forEach((level, i) => {
      const passed = error > table.at(level, stepAhead) + band.corrections[i]!;
      band.passed[i]! += (PASSED_RATE / sharing) * (Number(passed) - band.passed[i]!);
      const moved =
        band.corrections[i]! +
        stride * hurry(band.passed[i]!, level, HURRY / sharing) * (passed ? level : level - 1);
      band.corrections[i] = Math.min(most, Math.max(-most, moved));
    });
  }
}

function hurry(passed: number, level: number, perShare: number): number {
  const off = Math.abs(passed - (1 - level)) / Math.min(level, 1 - level);
  return Math.min(HURRY_MAX, 1 + perShare * off);
}
