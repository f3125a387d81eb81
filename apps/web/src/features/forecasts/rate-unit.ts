/**
 * One unit for all rates of a page, chosen by the largest of them: an axis from 0 to 60 events an hour says what one from 0
 * to <0.1 a second does not, and rates in two units cannot be compared at a glance. A page keeps the larger unit: once
 * something has an event a second, all is told by the second.
 */
import { formatRate } from '../../formatting/numbers.ts';
import type { ForecastPicture } from '../../server/forecasts/forecast-picture.ts';

export type RateUnit = 'second' | 'hour';

/** below so many events a second at the highest */
const BY_THE_HOUR_BELOW = 1;
const SECONDS: Readonly<Record<RateUnit, number>> = { second: 1, hour: 3_600 };
export const SHORT_UNIT: Readonly<Record<RateUnit, string>> = { second: '/s', hour: '/h' };

/** @param before the unit of the page until now */
export function unitFor(largestPerSecond: number, before: RateUnit | undefined): RateUnit {
  return before === 'second' || largestPerSecond >= BY_THE_HOUR_BELOW ? 'second' : 'hour';
}

export function largestOf({ points }: Pick<ForecastPicture, 'points'>): number {
  return points.reduce(
    (most, { actual, forecast, band }) => Math.max(most, actual ?? 0, forecast ?? 0, band?.[1] ?? 0),
    0,
  );
}

export function inUnit(perSecond: number, unit: RateUnit): number {
  return perSecond * SECONDS[unit];
}

/** 1,300/s, 0.042/s, 60/h: of a small part of a large load two digits are told, not "<0.1". */
export function rateText(perSecond: number, unit: RateUnit): string {
  return `${rateNumber(inUnit(perSecond, unit))}${SHORT_UNIT[unit]}`;
}

/** Residuals lie on both sides of zero. */
export function rateNumber(value: number): string {
  const size = Math.abs(value);
  const text = size > 0 && size < 0.1 ? smallNumber(size) : formatRate(size);
  return value < 0 ? `−${text}` : text;
}

const LEAST_TOLD = 0.001;

function smallNumber(size: number): string {
  return size < LEAST_TOLD ? `<${LEAST_TOLD}` : String(Number(size.toPrecision(2)));
}
