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
const SIZE_RATE = 0.03;

interface Band {
  readonly corrections: Float64Array;
  size: number;
}

/** What it has learned, as plain numbers: by band, the size of errors and the corrections. */
export type CalibrationState = readonly { readonly size: number; readonly corrections: readonly number[] }[];

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
      return known?.corrections.length === levels.length
        ? { corrections: Float64Array.from(known.corrections), size: known.size }
        : { corrections: new Float64Array(levels.length), size: 1 };
    });
  }

  get state(): CalibrationState {
    return this.bands.map(({ size, corrections }) => ({ size, corrections: [...corrections] }));
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
    band.size += SIZE_RATE * (Math.abs(error) - band.size);
    // several steps of one band share a correction
    const rate = (RATE / Math.max(1, 2 ** (bandOf(stepAhead) - 1))) * Math.max(band.size, Number.MIN_VALUE);
    this.levels.forEach((level, i) => {
      const passed = error > table.at(level, stepAhead) + band.corrections[i]!;
      band.corrections[i]! += rate * (passed ? level : level - 1);
    });
  }
}
