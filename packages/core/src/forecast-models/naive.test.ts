import { expect, it } from 'vitest';
import { naive, seasonalDay } from './naive.ts';

const UNKNOWN = Number.NaN;

function forecastOf(model: typeof naive, values: readonly number[], season = 3) {
  const known = Float64Array.from(values);
  const series = { values: known, stepSeconds: 3_600, seasons: [season] };
  const { point, spread } = model.fit(series, 2).forecast(known, 2);
  return { point: [...point], spread: [...spread] };
}

it('is as unsure of what was seen once as it is large, whatever is missing beside it', () => {
  const once = { point: [100, 100], spread: [100, 100 * Math.SQRT2] };
  expect(forecastOf(naive, [100])).toEqual(once);
  expect(forecastOf(naive, [UNKNOWN, 100])).toEqual(once);
});

it('is sure of a constant', () => {
  expect(forecastOf(naive, [5, 5, 5])).toEqual({ point: [5, 5], spread: [0, 0] });
});

it('goes on with what was known last after a gap of any length', () => {
  expect(forecastOf(naive, [80, 100, UNKNOWN, UNKNOWN, UNKNOWN]).point).toEqual([100, 100]);
  const gap = new Array<number>(6).fill(UNKNOWN);
  expect(forecastOf(seasonalDay, [80, 90, 100, ...gap]).point).toEqual([100, 100]);
});
