import { expect, it } from 'vitest';
import { surgeFactor } from './surge.ts';

const surge = { commonDoubt: 0.3, distances: 2, room: 1_000 };

it('takes all to grow together by the doubt about the total', () => {
  expect(surgeFactor(400, surge)).toBeCloseTo(1.6);
  expect(surgeFactor(400, { ...surge, commonDoubt: 0 })).toBe(1);
});

it('stops where the cluster is full as a whole, and takes nothing away where it is fuller', () => {
  expect(surgeFactor(800, surge)).toBeCloseTo(1.25);
  expect(surgeFactor(1_200, surge)).toBe(1);
  expect(surgeFactor(0, surge)).toBe(1);
});
