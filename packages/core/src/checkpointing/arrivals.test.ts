import fc from 'fast-check';
import { expect, it } from 'vitest';
import { arrivalsIn, type ExpectedArrivals } from './arrivals.ts';
import { FIRST_FORECAST_TRUST, learnStep } from './forecast-trust.ts';

const MINUTE = 60_000;
/** 600, 1,200, 300 events in steps of five minutes: 2, 4, 1 a second */
const EXPECTED: ExpectedArrivals = {
  forecast: { fromMs: 10 * MINUTE, stepMs: 5 * MINUTE, eventsPerStep: [600, 1_200, 300] },
  trust: FIRST_FORECAST_TRUST,
  measuredPerSecond: undefined,
  horizonMs: 60 * MINUTE,
};

it.each([
  ['a part of the first step', 10, 2, 240],
  ['the end of one step and the start of the next', 13, 4, 240 + 480],
  ['the whole forecast', 10, 15, 2_100],
  ['past its last step, which goes on', 24, 3, 60 + 120],
  ['before its first step, which counts for it', 8, 4, 480],
])('reads %s', (_, fromMinute, minutes, events) => {
  expect(arrivalsIn(EXPECTED, fromMinute * MINUTE, minutes * MINUTE)).toBeCloseTo(events, 6);
});

it('goes on beyond the horizon at the mean rate up to there', () => {
  const expected = { ...EXPECTED, horizonMs: 10 * MINUTE };
  expect(arrivalsIn(expected, 10 * MINUTE, 10 * MINUTE)).toBeCloseTo(1_800, 6);
  expect(arrivalsIn(expected, 10 * MINUTE, 20 * MINUTE)).toBeCloseTo(3_600, 6);
});

it('takes the measured rate for the step that runs, the more the older the forecast is', () => {
  const expected = { ...EXPECTED, measuredPerSecond: 10 };
  // just made: the forecast alone
  expect(arrivalsIn(expected, 10 * MINUTE, MINUTE)).toBeCloseTo(120, 6);
  expect(arrivalsIn(expected, 11 * MINUTE, MINUTE)).toBeCloseTo((120 + 600) / 2, 6);
  expect(arrivalsIn(expected, 12 * MINUTE, MINUTE)).toBeCloseTo(600, 6);
  // the next step is the forecast's again
  expect(arrivalsIn(expected, 14 * MINUTE, 2 * MINUTE)).toBeCloseTo(600 + 240, 6);
});

it('expects no negative load', () => {
  const forecast = { ...EXPECTED.forecast, eventsPerStep: [-600, 300] };
  expect(arrivalsIn({ ...EXPECTED, forecast }, 10 * MINUTE, 10 * MINUTE)).toBeCloseTo(300, 6);
});

it('is drawn to the usual rate where forecasts are proven wrong', () => {
  let trust = FIRST_FORECAST_TRUST;
  // arrivals alternate between 500 and 2,000 a step, and every forecast says the opposite
  for (let step = 0; step < 600; step++) {
    const [events, forecastEvents] = step % 2 === 0 ? [500, 2_000] : [2_000, 500];
    trust = learnStep(trust, { stepMs: 5 * MINUTE, events, forecastEvents });
  }
  const usual = trust.usualPerSecond * 60;
  expect(arrivalsIn({ ...EXPECTED, trust }, 10 * MINUTE, MINUTE)).toBeCloseTo(usual, 6);
});

it('adds up: an interval has the events of its parts', () => {
  const loads = fc.array(fc.nat(100_000), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(
      loads,
      fc.nat(7_200_000),
      fc.integer({ min: 1, max: 3_600_000 }),
      fc.nat(100),
      (eventsPerStep, from, length, part) => {
        const expected = {
          ...EXPECTED,
          forecast: { fromMs: 0, stepMs: 300_000, eventsPerStep },
          horizonMs: 86_400_000,
        };
        const middle = Math.floor((length * part) / 100);
        const whole = arrivalsIn(expected, from, length);
        const parts =
          arrivalsIn(expected, from, middle) + arrivalsIn(expected, from + middle, length - middle);
        expect(parts).toBeCloseTo(whole, 3);
      },
    ),
  );
});
