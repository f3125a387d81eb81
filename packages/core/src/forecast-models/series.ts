/**
 * What every model is given: equally spaced measurements with their seasons. A missing measurement is NaN; it is
 * never made up for the score, only bridged where a model needs a number as input (see `bridged`).
 */
export interface Series {
  readonly values: Float64Array;
  readonly stepSeconds: number;
  /** season lengths in steps, ascending; empty when the series has none */
  readonly seasons: readonly number[];
  /** start of the first step, milliseconds since 1970; undefined when only the order is known */
  readonly firstMs?: number | undefined;
}

/** The same series as it was known `length` steps after its start. */
export function upTo(series: Series, length: number): Series {
  return { ...series, values: series.values.subarray(0, length) };
}

export function observed(values: Float64Array): Float64Array {
  return values.filter((value) => !Number.isNaN(value));
}

/**
 * Missing values bridged for use as a model's input: the same slot a season earlier, of the longest there is, so that
 * a missing Monday is filled by a Monday; else the last value before it. What is bridged is never a target and never
 * scored. `seasons` in steps, ascending.
 */
export function bridged(values: Float64Array, seasons: readonly number[]): Float64Array {
  if (!values.some(Number.isNaN)) return values;
  const result = values.slice();
  let last = values.find((value) => !Number.isNaN(value)) ?? 0;
  for (let t = 0; t < result.length; t++) {
    if (Number.isNaN(result[t]!)) {
      const season = seasons.findLast((steps) => steps <= t);
      result[t] = season === undefined ? last : result[t - season]!;
    }
    last = result[t]!;
  }
  return result;
}

/** Whole numbers below zero never occur in loads; a series that never was negative is not forecast negative. */
export function neverNegative(values: Float64Array): boolean {
  return !values.some((value) => value < 0);
}
