import { slices, WHOLE } from '@foreshard/core/keyspace';
import type { Heat } from '@foreshard/core/telemetry';
import { expect, test } from 'vitest';
import { knownUntil, withForecast } from './forecast-half.ts';

const MINUTE_MS = 60_000;
const NONE = Number.NaN;

/** Columns of `columnMs` from 0 on; every row of a column has its rate. */
function heat(columnMs: number, rates: readonly number[], rowCount = 2): Heat {
  const rows = slices(WHOLE, rowCount).map((range) => ({ ...range, segments: 1 }));
  return {
    ...{
      metric: 'events',
      unit: 'events/s',
      level: 'minute',
      fromMs: 0,
      columnMs,
      columns: rates.length,
      rows,
    },
    values: Float32Array.from(
      { length: rates.length * rowCount },
      (_, i) => rates[Math.floor(i / rowCount)]!,
    ),
    ...{ stepsPerColumn: 1, segmentsPerRow: 1 },
  };
}

function forecastOf(answer: Heat | undefined) {
  return { forecastHeat: async () => answer };
}

const EVENTS = { metric: 'events', toMs: 6 * MINUTE_MS } as const;

test('the forecast begins where the known load ends, also when the newest minute is not told yet', () => {
  const picture = heat(MINUTE_MS, [1, 2, 3, NONE, NONE, NONE]);
  expect(knownUntil(picture, 3.5 * MINUTE_MS)).toBe(3);
  expect(knownUntil(picture, 3 * MINUTE_MS)).toBe(3);
});

test('a gap of more than some minutes before now is no part of the forecast', () => {
  const silent = heat(MINUTE_MS, [1, ...Array<number>(11).fill(NONE)]);
  expect(knownUntil(silent, 10 * MINUTE_MS)).toBe(10);
});

test('coarser columns and rows of the forecast are laid over those of the picture', async () => {
  const observed = heat(MINUTE_MS, [4, 4, NONE, NONE, NONE, NONE], 4);
  // two rows of 6 events/s each: every row of the picture is half of one
  const forecast = heat(5 * MINUTE_MS, [6], 2);
  const half = await withForecast(forecastOf(forecast), EVENTS, 1, observed, 2 * MINUTE_MS);
  expect(half?.firstColumn).toBe(2);
  expect([...half!.values.subarray(0, 8)]).toEqual(Array(8).fill(4));
  expect([...half!.values.subarray(8, 20)]).toEqual(Array(12).fill(3));
  // beyond the five minutes nothing is forecast
  expect([...half!.values.subarray(20)].every(Number.isNaN)).toBe(true);
});

test('what ends before now, is of something else, or was never forecast has no such half', async () => {
  const observed = heat(MINUTE_MS, [1, 1, 1, 1, 1, 1]);
  const picture = forecastOf(heat(MINUTE_MS, [1]));
  expect(await withForecast(picture, EVENTS, 1, observed, 6 * MINUTE_MS)).toBeUndefined();
  expect(await withForecast(picture, { ...EVENTS, metric: 'bytes' }, 1, observed, 0)).toBeUndefined();
  expect(await withForecast(forecastOf(undefined), EVENTS, 1, observed, 2 * MINUTE_MS)).toBeUndefined();
});
