/** Accuracy as the field measures it; where the truth is missing nothing is scored. */

export interface Score {
  readonly mae: number;
  readonly rmse: number;
  /** sum of absolute errors over the sum of the truth */
  readonly wape: number;
  /** the 200 form of the M competitions, percent */
  readonly smape: number;
  /** mean absolute error over that of the seasonal naive method in the training part */
  readonly mase: number;
  readonly count: number;
}

export class PointErrors {
  private absolute = 0;
  private squares = 0;
  private truth = 0;
  private symmetric = 0;
  private count = 0;

  add(truth: number, point: number): void {
    if (Number.isNaN(truth)) return;
    const error = Math.abs(truth - point);
    const size = Math.abs(truth) + Math.abs(point);
    this.absolute += error;
    this.squares += error * error;
    this.truth += Math.abs(truth);
    this.symmetric += size === 0 ? 0 : (200 * error) / size;
    this.count++;
  }

  score(naiveError: number): Score {
    const { count } = this;
    const mae = this.absolute / count;
    return {
      mae,
      rmse: Math.sqrt(this.squares / count),
      wape: this.absolute / this.truth,
      smape: this.symmetric / count,
      mase: mae / naiveError,
      count,
    };
  }
}

/** Koenker's check function: its mean is least for the true quantile. */
export function pinball(truth: number, quantile: number, level: number): number {
  return truth >= quantile ? level * (truth - quantile) : (1 - level) * (quantile - truth);
}

/** Interval score of the M4 competition, not yet divided by the naive error. */
export function intervalScore(truth: number, lower: number, upper: number, level: number): number {
  const missed = truth < lower ? lower - truth : truth > upper ? truth - upper : 0;
  return upper - lower + (2 / (1 - level)) * missed;
}

/** Mean absolute difference to one season before: what MASE is relative to. */
export function seasonalNaiveError(values: Float64Array, season: number): number {
  let sum = 0;
  let count = 0;
  for (let t = season; t < values.length; t++) {
    const difference = Math.abs(values[t]! - values[t - season]!);
    if (Number.isNaN(difference)) continue;
    sum += difference;
    count++;
  }
  return count === 0 ? Number.NaN : sum / count;
}
