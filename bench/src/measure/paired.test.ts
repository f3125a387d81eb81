import { expect, it } from 'vitest';
import { compared, inPairs } from './paired.ts';

it('gives the geometric mean and the interval of Student for the logarithms', () => {
  // logs ln 2, ln 1, ln 1/2: mean 0, standard deviation ln 2, half width 4.303 ln 2 / sqrt 3
  const { mean, low, high, pairs } = compared([2, 1, 0.5]);
  expect(mean).toBeCloseTo(1, 12);
  expect(high).toBeCloseTo(2 ** (4.303 / Math.sqrt(3)), 6);
  expect(low * high).toBeCloseTo(1, 9);
  expect(pairs).toBe(3);
});

it('narrows with more pairs', () => {
  const width = (n: number) => {
    const { low, high } = compared(Array.from({ length: n }, (_, i) => (i % 2 === 0 ? 1.1 : 0.9)));
    return high - low;
  };
  expect(width(20)).toBeLessThan(width(10));
  expect(width(40)).toBeLessThan(width(20));
});

it('runs the sides in turn, each first in every second pair', async () => {
  const order: string[] = [];
  const side = (name: string) => async () => order.push(name);
  const [first, second] = await inPairs([side('a'), side('b')], 4);
  expect(order.join('')).toBe('abbaabba');
  expect(first).toEqual([1, 4, 5, 8]);
  expect(second).toEqual([2, 3, 6, 7]);
});
