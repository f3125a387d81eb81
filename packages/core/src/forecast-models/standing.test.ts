import { expect, it } from 'vitest';
import type { Fitted } from './forecaster.ts';
import { Standing } from './standing.ts';

const SCOPE = { fittedUntil: 100, horizon: 4, season: 24 };

function answering(value: () => number): Fitted {
  return {
    parameters: {},
    forecast: (_, horizon) => ({
      point: new Float64Array(horizon).fill(value()),
      spread: new Float64Array(horizon).fill(1),
    }),
  };
}

/** Misses a load of 10 by what `error` says of the step. */
function missingBy(error: (t: number) => number) {
  const fitted: Fitted = {
    parameters: {},
    forecast: (history, horizon) => ({
      point: Float64Array.from({ length: horizon }, (_, h) => 10 + error(history.length + h)),
      spread: new Float64Array(horizon).fill(1),
    }),
  };
  return { fitted, simple: false };
}

const always = (value: number, simple = false) => ({ fitted: answering(() => value), simple });
const seen = (values: readonly number[]) => Float64Array.from(values);
const past = new Array<number>(100).fill(10);

it('hears a member less that loses after the fit, without a new fit', () => {
  const candidates = [always(10), always(19)];
  const standing = new Standing(candidates, [], SCOPE);
  const [first] = standing.weights(seen([...past, 11, 11, 11, 11, 11]));
  expect(first![0]).toBe(1);
  const [, second] = standing.weights(seen([...past, ...new Array<number>(400).fill(19)]));
  expect(second![0]).toBe(1);
});

it('falls back on a naive method while the combination loses to it', () => {
  const standing = new Standing([always(12), always(8), always(10, true)], [], SCOPE);
  // the naive one is right, and so it is alone
  const weights = standing.weights(seen([...past, 10, 10, 10, 10, 10]));
  expect(weights.map((own) => own[0])).toEqual([0, 0, 1]);
});

it('answers the same for the same past, whatever was asked before', () => {
  const values = seen([...past, ...Array.from({ length: 60 }, (_, t) => 10 + (t % 7))]);
  const asked = new Standing([always(10), always(14)], [], SCOPE);
  for (let length = 101; length < 160; length += 13) asked.weights(values.subarray(0, length));
  const fresh = new Standing([always(10), always(14)], [], SCOPE);
  expect(asked.weights(values)).toEqual(fresh.weights(values));
});

it('passes over a member that answers nonsense', () => {
  const standing = new Standing([always(Number.NaN), always(12)], [], SCOPE);
  expect(standing.weights(seen([...past, 11, 12, 13])).map((own) => own[0])).toEqual([0, 1]);
});

it('gives an odd day, when all were far off, no more say than the days around it', () => {
  const isOdd = (t: number) => t >= 172 && t < 196;
  const usuallyBetter = missingBy((t) => (isOdd(t) ? 10 : 1));
  const betterOnce = missingBy((t) => (isOdd(t) ? 6 : 2));
  const standing = new Standing([usuallyBetter, betterOnce], [], { ...SCOPE, horizon: 24 });
  const weights = standing.weights(new Float64Array(220).fill(10)).map((own) => own[0]!);
  expect(weights[0]).toBeGreaterThan(weights[1]!);
});

it.each([
  { lucky: 1, usualError: 2 },
  { lucky: 2, usualError: 3 },
])('lets $lucky of five not win by a day on which they were right by luck', ({ lucky, usualError }) => {
  const isLucky = (t: number) => t >= 172 && t < 196;
  const candidates = Array.from({ length: 5 }, (_, i) =>
    missingBy((t) => (i >= lucky ? 4 : isLucky(t) ? 0.001 : usualError)),
  );
  candidates[4] = missingBy(() => 1);
  const standing = new Standing(candidates, [], { ...SCOPE, horizon: 24 });
  const weights = standing.weights(new Float64Array(220).fill(10)).map((own) => own[0]!);
  expect(weights[4]).toBeGreaterThan(weights[0]!);
});

it('judges forecasts of a single step by the errors of a whole day', () => {
  const isPeak = (t: number) => t % 24 < 4;
  const goodAtNight = missingBy((t) => (isPeak(t) ? 20 : 1));
  const goodAtPeaks = missingBy((t) => (isPeak(t) ? 10 : 2));
  const standing = new Standing([goodAtNight, goodAtPeaks], [], { ...SCOPE, horizon: 1 });
  const weights = standing.weights(new Float64Array(340).fill(10)).map((own) => own[0]!);
  expect(weights[1]).toBeGreaterThan(weights[0]!);
});
