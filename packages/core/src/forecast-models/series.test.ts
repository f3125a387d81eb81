import { expect, it } from 'vitest';
import { bridged } from './series.ts';

const missing = Number.NaN;

it('bridges what is missing by the same slot of the longest season there is, else by the last value', () => {
  // two steps a day, three days a week
  const values = Float64Array.of(1, missing, 3, 4, 5, 6, missing, missing, 9, missing);
  expect([...bridged(values, [2, 6])]).toEqual([1, 1, 3, 4, 5, 6, 1, 1, 9, 4]);
  expect([...bridged(values, [2])]).toEqual([1, 1, 3, 4, 5, 6, 5, 6, 9, 6]);
  expect([...bridged(values, [])]).toEqual([1, 1, 3, 4, 5, 6, 6, 6, 9, 9]);
});
