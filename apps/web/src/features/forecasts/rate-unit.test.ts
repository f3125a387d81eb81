import { expect, test } from 'vitest';
import { largestOf, rateNumber, rateText, unitFor } from './rate-unit.ts';

const point = { ms: 0, actual: null, forecast: null, baseline: null, band: null, residual: null };

test('the largest of a page is what came, what is forecast, or the end of a band', () => {
  const points = [
    { ...point, actual: 28 },
    { ...point, forecast: 30, band: [20, 1_300] as const },
  ];
  expect(largestOf({ points })).toBe(1_300);
});

test.each([
  [0.02, undefined, 'hour'],
  [0.02, 'hour', 'hour'],
  [20, 'hour', 'second'],
  [0.02, 'second', 'second'],
] as const)('%s a second on a page in %s is told by the %s', (largest, before, unit) => {
  expect(unitFor(largest, before)).toBe(unit);
});

test.each([
  [1_300, 'second', '1,300/s'],
  [42, 'second', '42/s'],
  [0.042, 'second', '0.042/s'],
  [0.00001, 'second', '<0.001/s'],
  [0, 'second', '0/s'],
  [0.02, 'hour', '72/h'],
] as const)('%s a second by the %s is %s', (perSecond, unit, text) => {
  expect(rateText(perSecond, unit)).toBe(text);
});

test('a residual keeps its sign', () => {
  expect([rateNumber(-12), rateNumber(-0.05), rateNumber(3)]).toEqual(['−12', '−0.05', '3']);
});
