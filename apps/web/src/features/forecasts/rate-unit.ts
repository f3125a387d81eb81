/** Little load is told by the hour: an axis from 0 to 60 events an hour says what one from 0 to <0.1 a second does not. */
import type { ForecastPicture } from '../../server/forecasts/forecast-picture.ts';
import type { ForecastPoint } from '../../server/forecasts/forecast-points.ts';

export type RateUnit = 'second' | 'hour';

/** below so many events a second at the highest */
const BY_THE_HOUR_BELOW = 1;
const SECONDS_PER_HOUR = 3_600;

export function inReadableUnit<P extends ForecastPicture>(picture: P): { picture: P; unit: RateUnit } {
  const highest = picture.points.reduce(
    (most, { actual, forecast, band }) => Math.max(most, actual ?? 0, forecast ?? 0, band?.[1] ?? 0),
    0,
  );
  if (highest >= BY_THE_HOUR_BELOW) return { picture, unit: 'second' };
  const { points, mae, rmse, naiveMae } = picture;
  const scores = { mae: byTheHour(mae), rmse: byTheHour(rmse), naiveMae: byTheHour(naiveMae) };
  return { picture: { ...picture, points: points.map(pointByTheHour), ...scores }, unit: 'hour' };
}

function pointByTheHour({ ms, actual, forecast, baseline, band, residual }: ForecastPoint): ForecastPoint {
  return {
    ms,
    actual: byTheHour(actual),
    forecast: byTheHour(forecast),
    baseline: byTheHour(baseline),
    band: band === null ? null : [band[0] * SECONDS_PER_HOUR, band[1] * SECONDS_PER_HOUR],
    residual: byTheHour(residual),
  };
}

function byTheHour(value: number | null): number | null {
  return value === null ? null : value * SECONDS_PER_HOUR;
}
