import { describe, expect, it } from 'vitest';
import { axisTop, clockTicks } from './chart-axes.ts';

describe('axisTop', () => {
  it.each([
    [0, 4],
    [3, 4],
    [17, 20],
    [1_010, 1_200],
    [9_999, 10_000],
    [10_001, 12_000],
  ])('a peak of %d ends the axis at %d', (peak, top) => expect(axisTop(peak)).toBe(top));
});

describe('clockTicks', () => {
  it('falls on whole steps and never has more than seven', () => {
    expect(clockTicks(61, 661)).toEqual([120, 240, 360, 480, 600]);
    expect(clockTicks(0, 119)).toEqual([0, 30, 60, 90]);
    for (const span of [30, 120, 300, 600]) expect(clockTicks(7, 7 + span).length).toBeLessThanOrEqual(7);
  });
});
