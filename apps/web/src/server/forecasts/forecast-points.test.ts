import { describe, expect, it } from 'vitest';
import { DAY_MS, type ForecastPoint, pointOf, scoresOf, thinned } from './forecast-points.ts';

const NONE = Number.NaN;
const step = (forecast: number, low: number, high: number) => ({ forecast, low, high, baseline: forecast });

describe('a point', () => {
  it('has rates a second, what was missed, and no baseline where hints changed nothing', () => {
    expect(pointOf(5, 30, step(20, 10, 40), 0.1)).toEqual({
      ...{ ms: 5, actual: 3, forecast: 2, baseline: null, band: [1, 4], residual: 1 },
    });
  });

  it('has a baseline where hints changed the forecast', () => {
    expect(pointOf(5, NONE, { ...step(20, 10, 40), baseline: 5 }, 0.1)).toMatchObject({
      ...{ actual: null, baseline: 0.5, residual: null },
    });
  });

  it('has only what came where nothing was forecast', () => {
    expect(pointOf(5, 0, undefined, 0.1)).toEqual({
      ...{ ms: 5, actual: 0, forecast: null, baseline: null, band: null, residual: null },
    });
  });
});

describe('scores', () => {
  const perSecond = 0.5;
  const points = [
    pointOf(DAY_MS, 10, step(10, 10, 10), perSecond), // on both bounds
    pointOf(DAY_MS + 1, 18, step(10, 4, 12), perSecond), // 4/s above
    pointOf(DAY_MS + 2, 4, step(10, 6, 12), perSecond), // 3/s below
    pointOf(DAY_MS + 3, 10, step(10, 4, 12), perSecond), // inside
    pointOf(DAY_MS + 4, NONE, step(10, 4, 12), perSecond),
  ];

  it('are of the steps that are known, bounds of the interval inside', () => {
    const { covered, mae, rmse } = scoresOf(points, new Map(), perSecond);
    expect(covered).toBeCloseTo(2 / 4, 9);
    expect(mae).toBeCloseTo(7 / 4, 9);
    expect(rmse).toBeCloseTo(Math.sqrt(25 / 4), 9);
  });

  it('compare with the same step of the day before, where that is known', () => {
    const before = new Map([
      [0, 4],
      [1, 18],
      [4, 100],
    ]);
    expect(scoresOf(points, before, perSecond).naiveMae).toBeCloseTo(1.5, 9);
    expect(scoresOf(points, new Map(), perSecond).naiveMae).toBeNull();
  });

  it('are unknown without a known step', () => {
    expect(scoresOf(points.slice(4), new Map(), perSecond)).toEqual({
      ...{ covered: null, mae: null, rmse: null, naiveMae: null },
    });
  });
});

describe('points of a chart', () => {
  const pointsOf = (count: number): ForecastPoint[] =>
    Array.from({ length: count }, (_, i) => pointOf(i, i, undefined, 1));

  it('are all of six hundred, and every so many-th of more, with the last', () => {
    expect(thinned(pointsOf(600))).toHaveLength(600);
    const shown = thinned(pointsOf(602)).map(({ ms }) => ms);
    expect(shown.slice(0, 3)).toEqual([0, 2, 4]);
    expect(shown.slice(-2)).toEqual([600, 601]);
    expect(shown).toHaveLength(302);
  });

  it('are none of none', () => {
    expect(thinned([])).toEqual([]);
  });
});
