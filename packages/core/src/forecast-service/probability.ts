/** How probable it is: that a load lies below a value, that there is an event at all, that a key is accessed. */
import type { PlaceForecast } from './place-forecast.ts';
import { LEVELS } from './stream-forecast.ts';

/** hours of the day's own rate that weigh as much as the rate of late */
const RECENT_HOURS = 24;

/** Between the quantiles in a straight line; beyond them half of what is left. */
export function probabilityBelow(value: number, point: number, spread: number, table: Float64Array): number {
  const quantiles = Array.from(table, (z) => point + spread * z);
  if (value <= quantiles[0]!) return LEVELS[0] / 2;
  for (let i = 1; i < LEVELS.length; i++) {
    if (value > quantiles[i]!) continue;
    const share = (value - quantiles[i - 1]!) / Math.max(Number.MIN_VALUE, quantiles[i]! - quantiles[i - 1]!);
    return LEVELS[i - 1]! + share * (LEVELS[i]! - LEVELS[i - 1]!);
  }
  return (1 + LEVELS.at(-1)!) / 2;
}

/** Over the levels, so that an uncertain rate counts as the uncertain thing it is. */
export function fromForecast({ point, quantiles, stepMs }: PlaceForecast, horizonMs: number) {
  const steps = Math.min(point.length, horizonMs / stepMs);
  const within = (values: Float64Array) =>
    values.reduce((sum, value, h) => sum + value * Math.max(0, Math.min(1, steps - h)), 0);
  const none = quantiles.map((values) => Math.exp(-within(values)));
  const probability = 1 - none.reduce((sum, value) => sum + value, 0) / none.length;
  return { probability, expected: within(point) };
}

export function expectedAccesses(values: Float64Array, hours: number): number {
  const recent = values.subarray(-RECENT_HOURS);
  const late = recent.reduce((sum, value) => sum + value, 0) / recent.length;
  let expected = 0;
  for (let h = 0; h < hours; h++) {
    const same: number[] = [];
    for (let t = values.length + h - 24; t >= 0; t -= 24) if (t < values.length) same.push(values[t]!);
    const own = same.reduce((sum, value) => sum + value, 0);
    const rate = (own * 24 + late * RECENT_HOURS) / (same.length * 24 + RECENT_HOURS);
    expected += rate * Math.min(1, hours - h);
  }
  return expected;
}
