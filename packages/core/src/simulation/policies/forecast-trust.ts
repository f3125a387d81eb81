/**
 * Bad forecasts are worse than none: every forecast is held against what the last measurement alone would have said.
 * Where it has been the worse of the two lately, the measurement takes its place, which makes the policy reactive for
 * this series until the forecasts are good again. Errors are absolute, so that quiet hours do not outvote busy ones.
 */
export interface Prediction {
  readonly point: Float64Array;
  /** to the 90 % quantile */
  readonly doubt: Float64Array;
}

/** memory of errors: about half a day of ten-minute steps */
const RATE = 1 / 72;
/** mean absolute error to the 90 % quantile of a normal distribution */
export const DOUBT_PER_ERROR = 1.6;

export class ForecastTrust {
  private readonly values: Float64Array;
  private readonly waiting: { readonly own: Prediction; readonly last: number; readonly at: number }[] = [];
  private ownError = 0;
  private lastError = 0;

  /** `values`: the whole series; only what lies before the asked length is looked at. */
  constructor(values: Float64Array) {
    this.values = values;
  }

  /** The prediction made when `length` values were known, or what is to be used in its place. */
  next(own: Prediction, length: number): Prediction {
    this.learn(length);
    const last = this.values[length - 1] ?? 0;
    this.waiting.push({ own, last, at: length });
    if (this.ownError <= this.lastError) return own;
    return {
      point: own.point.map(() => last),
      doubt: own.point.map(() => DOUBT_PER_ERROR * this.lastError),
    };
  }

  /** From predictions whose last step is known by now. */
  private learn(length: number): void {
    while (this.waiting.length > 0 && this.waiting[0]!.at + this.waiting[0]!.own.point.length <= length) {
      const { own, last, at } = this.waiting.shift()!;
      let ownSum = 0;
      let lastSum = 0;
      own.point.forEach((value, h) => {
        ownSum += Math.abs(this.values[at + h]! - value);
        lastSum += Math.abs(this.values[at + h]! - last);
      });
      this.ownError += RATE * (ownSum / own.point.length - this.ownError);
      this.lastError += RATE * (lastSum / own.point.length - this.lastError);
    }
  }
}
