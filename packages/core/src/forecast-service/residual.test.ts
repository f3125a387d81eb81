import { expect, test } from 'vitest';
import { slices, WHOLE } from '../keyspace/index.ts';
import type { Heat } from '../telemetry/index.ts';
import { residualOf } from './residual.ts';

const MINUTE_MS = 60_000;
const NONE = Number.NaN;

/** A rate for each column, the same in all rows. */
function heat(fromMs: number, columnMs: number, rowCount: number, rates: readonly number[]): Heat {
  const rows = slices(WHOLE, rowCount).map((range) => ({ ...range, segments: 1 }));
  const values = Float32Array.from(
    { length: rates.length * rowCount },
    (_, i) => rates[Math.floor(i / rowCount)]!,
  );
  const merging = { stepsPerColumn: 1, segmentsPerRow: 1 };
  return {
    ...{ metric: 'events', unit: 'events/s', level: 'minute', fromMs, columnMs, columns: rates.length },
    ...{ rows, values, ...merging },
  } as Heat;
}

test('minutes that came are laid over steps and rows of the forecast', () => {
  const forecast = heat(0, 5 * MINUTE_MS, 2, [10, 10]);
  // four rows of 3, then of 7 events a second: two of them are one row of the forecast
  const actual = heat(0, MINUTE_MS, 4, [3, 3, 3, 3, 3, 7, 7, 7, 7, 7]);
  expect([...residualOf(forecast, actual).values]).toEqual([-4, -4, 4, 4]);
});

test('a step of which a minute is not known has no residual, nor has one ahead of now', () => {
  const forecast = heat(0, 5 * MINUTE_MS, 1, [10, 10, 10]);
  const actual = heat(-MINUTE_MS, MINUTE_MS, 1, [1, 12, 12, NONE, 12, 12, 12, 12, 12, 12, 12]);
  const { values } = residualOf(forecast, actual);
  expect([...values]).toEqual([NONE, 2, NONE]);
});

test('what came in longer steps than were forecast is not compared', () => {
  const values = residualOf(heat(0, 5 * MINUTE_MS, 1, [1]), heat(0, 60 * MINUTE_MS, 1, [9])).values;
  expect([...values]).toEqual([NONE]);
});
