import { expect, test } from 'vitest';
import type { ForecastPicture } from '../../server/forecasts/forecast-picture.ts';
import { inReadableUnit } from './rate-unit.ts';

function pictureOf(perSecond: number) {
  const point = { ms: 0, actual: null, forecast: perSecond, baseline: null, band: null, residual: null };
  return { points: [point], mae: perSecond, rmse: null, naiveMae: null } as unknown as ForecastPicture;
}

test('a load below one event a second is told by the hour, with its errors', () => {
  const { picture, unit } = inReadableUnit(pictureOf(0.02));
  expect([unit, picture.points[0]!.forecast, picture.mae, picture.rmse]).toEqual(['hour', 72, 72, null]);
});

test('more is told by the second', () => {
  const { picture, unit } = inReadableUnit(pictureOf(20));
  expect([unit, picture.points[0]!.forecast]).toEqual(['second', 20]);
});
