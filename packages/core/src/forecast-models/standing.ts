/**
 * How each member of a combination stands today: its errors at the origins of the trial and at those that came
 * after it, forgotten by halves. So a member that loses lately loses its say without a new fit, and the weights
 * depend on nothing but the past. Errors are measured by what was hard for everybody at their origin: else one odd day,
 * when all were far off, would have as much say as the weeks around it.
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
 * After a season or a horizon, whichever is longer, and after so many steps at least, an error counts half. As no day
 * counts for more than another, a short memory is enough: with twice as much, forecasts of seasons that die out were
 * 4 % worse.
 */
const HALF_LIFE_STEPS_MIN = 24;
/** origins tried again per horizon */
const ORIGINS_PER_HORIZON = 4;
/** half lives after which nothing is remembered */
const REMEMBERED = 4;
/** how much worse than the best naive method the combination may be lately; it hears that method too */
const WORSE_BY = 0.1;
/** the member at this part of the order says what was hard at an origin: the best alone may have been lucky */
const HARD_AT = 0.25;
/** a few steps say little about that: it is drawn to the usual as if that had been seen so many steps */
const USUAL_STEPS = 12;
/** a naive method this much worse than the best member is not what the combination loses to */
const FAR_WORSE = 1.3;

/** by band of steps ahead, forgotten by halves */
interface BandErrors {
  readonly sums: Float64Array;
  readonly weights: Float64Array;
}

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
    this.halfLife = Math.max(HALF_LIFE_STEPS_MIN, scope.season, scope.horizon);
    this.evidence = [...trial];
  }

  /** `[candidate][band of steps ahead]`, at the end of `values`. */
  weights(values: Float64Array): Float64Array[] {
    const evidence = this.before(values);
    const each = evidence.map(({ origin, forecasts }) =>
      forecasts.map((forecast) => this.errorsAt(values, origin, forecast?.point)),
    );
    const units = this.unitsOf(evidence, each);
    const errors = this.candidates.map((_, i) =>
      this.meanErrors(
        each.map((own) => own[i]!),
        units,
      ),
    );
    const weights = weightsFromBands(errors);
    const best = errors
      .map((error, i) => ({ i, mean: meanOf(error) }))
      .filter(({ i }) => this.candidates[i]!.simple)
      .sort((a, b) => a.mean - b.mean)[0];
    if (best === undefined || best.mean > FAR_WORSE * Math.min(...errors.map(meanOf))) return weights;
    const combined = this.meanErrors(
      evidence.map((one) => this.errorsAt(values, one.origin, this.combined(one, weights))),
      units,
    );
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

  private errorsAt(values: Float64Array, origin: number, point: Float64Array | undefined): BandErrors {
    const sums = new Float64Array(bandCount(this.scope.horizon));
    const weights = new Float64Array(sums.length);
    const fresher = 2 ** (1 / this.halfLife);
    let weight = 0.5 ** ((values.length - origin) / this.halfLife);
    const known = Math.min(point?.length ?? 0, values.length - origin);
    for (let h = 1; h <= known; h++) {
      weight *= fresher;
      const error = Math.abs(values[origin + h - 1]! - point![h - 1]!);
      if (Number.isNaN(error)) continue;
      sums[bandOf(h)]! += weight * error;
      weights[bandOf(h)]! += weight;
    }
    return { sums, weights };
  }

  /**
   * `[origin][band]`: what an error is measured by there; `each` is `[origin][candidate]`. Forecasts of a few steps share
   * what was hard within a season around them: of a single step it says next to nothing.
   */
  private unitsOf(evidence: readonly Evidence[], each: readonly (readonly BandErrors[])[]): Float64Array[] {
    const { season, horizon } = this.scope;
    const hard = each.map(hardAt);
    const usual = this.meanErrors(hard);
    const drawn = USUAL_STEPS / Math.max(season, horizon);
    return around(hard, evidence, Math.max(0, season - horizon) / 2).map(({ sums, weights }) =>
      sums.map((sum, band) => sum / weights[band]! + drawn * usual[band]! || 1),
    );
  }

  /** Mean absolute error by band, in units where there are any; NaN where nothing is known. */
  private meanErrors(errors: readonly BandErrors[], units?: readonly Float64Array[]): Float64Array {
    const sums = new Float64Array(bandCount(this.scope.horizon));
    const weights = new Float64Array(sums.length);
    errors.forEach((one, i) => {
      for (let band = 0; band < sums.length; band++) {
        if (one.weights[band] === 0) continue;
        sums[band]! += one.sums[band]! / (units === undefined ? 1 : units[i]![band]!);
        weights[band]! += one.weights[band]!;
      }
    });
    return sums.map((sum, band) => (weights[band]! > 0 ? sum / weights[band]! : Number.NaN));
  }
}

/** The errors of the member at `HARD_AT` of the order, band by band. */
function hardAt(errors: readonly BandErrors[]): BandErrors {
  const bands = errors[0]?.sums.length ?? 0;
  const sums = new Float64Array(bands);
  const weights = new Float64Array(bands);
  for (let band = 0; band < bands; band++) {
    const order = errors
      .filter((one) => one.weights[band]! > 0)
      .sort((a, b) => a.sums[band]! / a.weights[band]! - b.sums[band]! / b.weights[band]!);
    const one = order[Math.floor(HARD_AT * order.length)];
    sums[band] = one?.sums[band] ?? 0;
    weights[band] = one?.weights[band] ?? 0;
  }
  return { sums, weights };
}

/** The sums over all origins at most `reach` steps away, for each. */
function around(errors: readonly BandErrors[], evidence: readonly Evidence[], reach: number): BandErrors[] {
  const bands = errors[0]?.sums.length ?? 0;
  const sums = new Float64Array(bands);
  const weights = new Float64Array(bands);
  const add = (one: BandErrors, sign: number) => {
    for (let band = 0; band < bands; band++) {
      sums[band]! += sign * one.sums[band]!;
      weights[band]! += sign * one.weights[band]!;
    }
  };
  let from = 0;
  let to = 0;
  return evidence.map(({ origin }) => {
    for (; to < evidence.length && evidence[to]!.origin <= origin + reach; to++) add(errors[to]!, 1);
    for (; evidence[from]!.origin < origin - reach; from++) add(errors[from]!, -1);
    return { sums: sums.slice(), weights: weights.slice() };
  });
}

function meanOf(values: Float64Array): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}
