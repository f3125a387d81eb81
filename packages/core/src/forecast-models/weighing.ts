/**
 * How much each model of a combination is heard, per band of steps ahead, by its errors in the rolling back-test.
 * The combination is the weighted median: one model that goes astray then moves nothing.
 */
import type { Forecast } from './forecaster.ts';
import { bandCount, bandOf } from './horizon-bands.ts';

/** how fast a worse model loses its say: twice the error, a sixteenth of the weight */
const SHARPNESS = 4;
/** a model this much worse than the best is not heard */
const WORST_RATIO = 2;
/** errors of a band are mixed with those of all bands, because one band has few */
const OWN_SHARE = 0.2;

/** `errors[model][h-1]`: mean absolute error. Returns `[model][band]`, each band summing to 1. */
export function weightsOf(errors: readonly Float64Array[], horizon: number): Float64Array[] {
  return weightsFromBands(errors.map((error) => bandMeans(error, horizon)));
}

/** `byBand[model][band]`: mean absolute error; a band without any is judged by the others. */
export function weightsFromBands(byBand: readonly Float64Array[]): Float64Array[] {
  const bands = byBand[0]?.length ?? 0;
  const relative = byBand.map(() => new Float64Array(bands));
  for (let band = 0; band < bands; band++) {
    const best = Math.min(...byBand.map((means) => means[band]!).filter((mean) => !Number.isNaN(mean)));
    byBand.forEach((means, model) => {
      relative[model]![band] = Number.isNaN(means[band]!)
        ? means.every(Number.isNaN)
          ? Number.POSITIVE_INFINITY
          : 1
        : best > 0
          ? means[band]! / best
          : means[band]! > 0
            ? Number.POSITIVE_INFINITY
            : 1;
    });
  }
  return normalised(relative.map((ratios) => mixed(ratios)));
}

function mixed(ratios: Float64Array): Float64Array {
  const overall = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
  return ratios.map((ratio) => weightFor(ratio ** OWN_SHARE * overall ** (1 - OWN_SHARE)));
}

function weightFor(ratio: number): number {
  return Number.isFinite(ratio) ? ratio ** -SHARPNESS : 0;
}

function normalised(weights: Float64Array[]): Float64Array[] {
  const bands = weights[0]?.length ?? 0;
  for (let band = 0; band < bands; band++) {
    const top = Math.max(...weights.map((own) => own[band]!));
    for (const own of weights) if (own[band]! < top * WORST_RATIO ** -SHARPNESS) own[band] = 0;
    const sum = weights.reduce((total, own) => total + own[band]!, 0);
    for (const own of weights) own[band] = sum > 0 ? own[band]! / sum : 1 / weights.length;
  }
  return weights;
}

function bandMeans(error: Float64Array, horizon: number): Float64Array {
  const sums = new Float64Array(bandCount(horizon));
  const counts = new Float64Array(sums.length);
  error.forEach((value, h) => {
    if (Number.isNaN(value)) return;
    sums[bandOf(h + 1)]! += value;
    counts[bandOf(h + 1)]!++;
  });
  return sums.map((sum, band) => (counts[band] === 0 ? Number.NaN : sum / counts[band]!));
}

/** The value with half of the weight on either side, between its two neighbours where it falls between them. */
export function weightedMedian(values: readonly number[], weights: readonly number[]): number {
  const order = values.map((_, i) => i).filter((i) => weights[i]! > 0);
  if (order.length === 0) return values[0] ?? Number.NaN;
  order.sort((a, b) => values[a]! - values[b]!);
  let passed = 0;
  let previous: { value: number; middle: number } | undefined;
  for (const i of order) {
    const middle = passed + weights[i]! / 2;
    if (middle >= 0.5) {
      if (previous === undefined) return values[i]!;
      const share = (0.5 - previous.middle) / (middle - previous.middle);
      return previous.value + share * (values[i]! - previous.value);
    }
    previous = { value: values[i]!, middle };
    passed += weights[i]!;
  }
  return previous!.value;
}

/**
 * The weighted median of the points. Where the members disagree nobody is sure: to the spread that they expect comes
 * how far they lie from their median.
 */
export function combine(
  forecasts: readonly Forecast[],
  weights: readonly Float64Array[],
  horizon: number,
): Forecast {
  const point = new Float64Array(horizon);
  const spread = new Float64Array(horizon);
  for (let h = 0; h < horizon; h++) {
    const heard = weights.map((own) => own[Math.min(bandOf(h + 1), own.length - 1)]!);
    const values = forecasts.map((forecast) => forecast.point[h]!);
    const median = weightedMedian(values, heard);
    const expected = weightedMedian(
      forecasts.map((forecast) => forecast.spread[h]!),
      heard,
    );
    point[h] = median;
    spread[h] = Math.hypot(expected, disagreement(values, heard, median));
  }
  return { point, spread };
}

/** Weighted mean distance from the median; the weights sum to 1. */
function disagreement(values: readonly number[], weights: readonly number[], median: number): number {
  return values.reduce(
    (sum, value, i) => (weights[i]! > 0 ? sum + weights[i]! * Math.abs(value - median) : sum),
    0,
  );
}
