import { expect, it } from 'vitest';
import type { RemoteForecaster } from '../forecast-models/index.ts';
import { askToServe, expensiveContestants, servedFrom } from './expensive-models.ts';

const STEP_MS = 300_000;
const series = {
  values: Float64Array.from({ length: 600 }, (_, t) => t),
  stepSeconds: 300,
  seasons: [],
  firstMs: Date.UTC(2026, 0, 5),
};
const budget = { ms: 1_000, limitMs: 1_000, stopwatch: () => 0 };

/** Says how much it was shown, and how far ahead each step lies. */
const answering: RemoteForecaster = {
  name: 'telling',
  cost: 'expensive',
  shortest: () => 10,
  forecast: async ({ values }, horizon) => ({
    point: Float64Array.from({ length: horizon }, (_, h) => values.length + h),
    spread: Float64Array.from({ length: horizon }, (_, h) => h + 1),
  }),
};

it('is measured at every age an answer is served at, and never shown what it is judged by', async () => {
  const origins = [500, 510, 520, 530, 540, 550, 560];
  const { contestants, unfit } = await expensiveContestants([answering], series, '5m', origins, budget);
  expect(unfit).toEqual([]);
  const asked = contestants[0]!.fit(series, 25);
  if (typeof asked === 'string') throw new Error(asked);
  const answers = origins.map((origin) => asked.forecast(series.values.subarray(0, origin)));
  expect(answers.map(({ point }) => point[0])).toEqual(origins);
  expect(answers.map(({ point }) => point.length)).toEqual(origins.map(() => 25));
  // the first step of an answer that is n steps old was n + 1 steps ahead
  expect(answers.map(({ spread }) => spread[0])).toEqual([2, 3, 4, 5, 6, 7, 2]);
});

it('goes on from where time has come to, until its answer is too old', async () => {
  const answer = await askToServe(answering, series, '5m', 1_000);
  if (typeof answer === 'string') throw new Error(answer);
  const at = (steps: number) => servedFrom(answer, '5m', answer.originMs + steps * STEP_MS);
  expect(answer.originMs).toBe(series.firstMs + 600 * STEP_MS);
  expect(at(0)!.point[0]).toBe(600);
  expect([at(12)!.point[0], at(12)!.point.length]).toEqual([612, 25]);
  expect(at(13)).toBeUndefined();
  expect(at(-1)).toBeUndefined();
});

it('says why there is nothing to serve', async () => {
  const astray = { ...answering, forecast: async (_: object, horizon: number) => wild(horizon) };
  expect(await askToServe(astray, series, '5m', 1_000)).toMatch('went astray');
  const short = { ...series, values: series.values.subarray(0, 5) };
  expect(await askToServe(answering, short, '5m', 1_000)).toBe('needs 10 steps, the series has 5');
});

function wild(horizon: number) {
  return { point: new Float64Array(horizon).fill(1e9), spread: new Float64Array(horizon) };
}
