/**
 * How each member of a combination stands today: its errors at the origins of the trial and at those that came
 * after it, forgotten by halves. So a member that loses lately loses its say without a new fit, and the weights
 * depend on nothing but the past.
 */
import type { Fitted, Forecast } from './forecaster.ts';
import { bandCount, bandOf } from './horizon-bands.ts';
import { forecastOrReason } from './trial.ts';
import { combine, weightsFromBands } from './weighing.ts';

export interface Evidence {
  /** steps known when the forecasts were made */
  readonly origin: number;
  /** of each member; undefined where it had none to give */
  readonly forecasts: readonly (Forecast | undefined)[];
}

interface Candidate {
  readonly fitted: Fitted;
  /** one of the naive methods, which serve alone where the combination loses to them */
  readonly simple: boolean;
}

interface Scope {
  /** steps the members were fitted on */
  readonly fittedUntil: number;
  readonly horizon: number;
  /** the first season, in steps */
  readonly season: number;
}

/**
 * After so many first seasons, and at least so many steps, an error counts half; chosen on tuning parts among 1, 2,
 * 4, 7: on the real ones little changes, where a season dies out the shortest loses least to the naive method.
 */
const HALF_LIFE_SEASONS = 1;
const HALF_LIFE_STEPS_MIN = 48;
/** what is forgotten sooner leaves too few whole forecasts to judge by: on training series of M4 it cost up to 3 % */
const HALF_LIFE_HORIZONS = 2;
/** origins tried again per horizon */
const ORIGINS_PER_HORIZON = 4;
/** half lives after which nothing is remembered */
const REMEMBERED = 4;
/** how much worse than the best naive method the combination may be lately; it hears that method too */
const WORSE_BY = 0.1;
/** a naive method this much worse than the best member is not what the combination loses to */
const FAR_WORSE = 1.3;

export class Standing {
  private readonly candidates: readonly Candidate[];
  private readonly scope: Scope;
  private readonly stride: number;
  private readonly halfLife: number;
  private readonly evidence: Evidence[];

  constructor(candidates: readonly Candidate[], trial: readonly Evidence[], scope: Scope) {
    this.candidates = candidates;
    this.scope = scope;
    this.stride = Math.max(1, Math.floor(scope.horizon / ORIGINS_PER_HORIZON));
    this.halfLife = Math.max(
      HALF_LIFE_STEPS_MIN,
      HALF_LIFE_SEASONS * scope.season,
      HALF_LIFE_HORIZONS * scope.horizon,
    );
    this.evidence = [...trial];
  }

  /** `[candidate][band of steps ahead]`, at the end of `values`. */
  weights(values: Float64Array): Float64Array[] {
    const evidence = this.before(values);
    const errors = this.candidates.map((_, i) =>
      this.meanErrors(values, evidence, ({ forecasts }) => forecasts[i]?.point),
    );
    const weights = weightsFromBands(errors);
    const best = errors
      .map((error, i) => ({ i, mean: meanOf(error) }))
      .filter(({ i }) => this.candidates[i]!.simple)
      .sort((a, b) => a.mean - b.mean)[0];
    if (best === undefined || best.mean > FAR_WORSE * Math.min(...errors.map(meanOf))) return weights;
    const combined = this.meanErrors(values, evidence, (one) => this.combined(one, weights));
    if (!(meanOf(combined) > (1 + WORSE_BY) * best.mean)) return weights;
    return weights.map((own, i) => own.map(() => (i === best.i ? 1 : 0)));
  }

  private combined({ forecasts }: Evidence, weights: readonly Float64Array[]): Float64Array {
    const heard = weights.flatMap((own, i) => {
      const forecast = forecasts[i];
      return forecast === undefined ? [] : [{ forecast, own }];
    });
    return combine(
      heard.map(({ forecast }) => forecast),
      heard.map(({ own }) => own),
      this.scope.horizon,
    ).point;
  }

  /** The forecasts made before the end of `values`, oldest first. */
  private before(values: Float64Array): readonly Evidence[] {
    const last = Math.max(this.evidence.at(-1)?.origin ?? 0, this.scope.fittedUntil - this.stride);
    const forgotten = values.length - REMEMBERED * this.halfLife;
    for (let origin = last + this.stride; origin < values.length; origin += this.stride)
      if (origin >= forgotten) this.evidence.push(this.asked(values, origin));
    return this.evidence.filter(({ origin }) => origin < values.length && origin >= forgotten);
  }

  private asked(values: Float64Array, origin: number): Evidence {
    const forecasts = this.candidates.map(({ fitted }) => {
      const forecast = forecastOrReason(fitted, values.subarray(0, origin), this.scope.horizon);
      return typeof forecast === 'string' ? undefined : forecast;
    });
    return { origin, forecasts };
  }

  /** Mean absolute error by band, forgotten by halves; NaN where nothing is known. */
  private meanErrors(
    values: Float64Array,
    evidence: readonly Evidence[],
    pointOf: (one: Evidence) => Float64Array | undefined,
  ): Float64Array {
    const sums = new Float64Array(bandCount(this.scope.horizon));
    const weights = new Float64Array(sums.length);
    const fresher = 2 ** (1 / this.halfLife);
    for (const one of evidence) {
      const point = pointOf(one);
      if (point === undefined) continue;
      let weight = 0.5 ** ((values.length - one.origin) / this.halfLife);
      for (let h = 1; h <= point.length && one.origin + h <= values.length; h++) {
        weight *= fresher;
        const error = Math.abs(values[one.origin + h - 1]! - point[h - 1]!);
        if (Number.isNaN(error)) continue;
        sums[bandOf(h)]! += weight * error;
        weights[bandOf(h)]! += weight;
      }
    }
    return sums.map((sum, band) => (weights[band]! > 0 ? sum / weights[band]! : Number.NaN));
  }
}

function meanOf(values: Float64Array): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}
