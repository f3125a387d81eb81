import { expect, it } from 'vitest';
import { askedBefore } from './asked-before.ts';
import { forecastFrom, select } from './auto.ts';
import type { RemoteForecaster } from './forecaster.ts';
import { naive, seasonalDay } from './naive.ts';

const HORIZON = 12;
/** a rhythm of 17 steps, that no cheap model of these tests knows */
const usual = (t: number) => 100 + 40 * Math.sin((t / 17) * 2 * Math.PI);
const series = {
  values: Float64Array.from({ length: 400 }, (_, t) => usual(t)),
  stepSeconds: 3_600,
  seasons: [24],
};

function expensive(
  name: string,
  answer: (t: number) => number,
  msACall = 0,
): RemoteForecaster & { calls: number } {
  return {
    name,
    cost: 'expensive',
    calls: 0,
    shortest: () => 10,
    async forecast({ values }, horizon) {
      this.calls++;
      nowMs += msACall;
      const point = Float64Array.from({ length: horizon }, (_, h) => answer(values.length + h));
      return { point, spread: new Float64Array(horizon).fill(1) };
    },
  };
}

let nowMs = 0;
const budget = { ms: 1_000, limitMs: 1_000, stopwatch: () => nowMs };

it('lets an expensive model win the forecast where it pays, and none where it does not', async () => {
  const { models, unfit } = await askedBefore(
    [expensive('right', usual), expensive('poor', () => 190)],
    series,
    HORIZON,
    budget,
  );
  expect(unfit).toEqual([]);
  const selection = select([naive, seasonalDay, ...models], series, HORIZON);
  expect(selection.members.map(({ name }) => name)).toEqual(['naive', 'seasonal-day', 'right']);
  const { point } = forecastFrom(selection, series.values, HORIZON);
  expect(Math.max(...point.map((value, h) => Math.abs(value - usual(400 + h))))).toBeLessThan(1e-6);
});

it('stops a model that would not end its trial in its part of the budget, and tries the next', async () => {
  const slow = expensive('slow', usual, 100);
  const { models, unfit } = await askedBefore([slow, expensive('right', usual)], series, HORIZON, budget);
  expect(slow.calls).toBe(1);
  expect(unfit).toEqual([
    { model: 'slow', reason: expect.stringContaining('its part of the budget is 0.5 s') },
  ]);
  expect(models.map(({ name }) => name)).toEqual(['right']);
});

it('leaves out a model that fails, and says why', async () => {
  const broken = { ...expensive('broken', usual), forecast: () => Promise.reject(new Error('failed: no')) };
  const { models, unfit } = await askedBefore([broken], series, HORIZON, budget);
  expect([models, unfit]).toEqual([[], [{ model: 'broken', reason: 'failed: no' }]]);
});

it('leaves out a model that was right at every origin of the trial and goes astray at the end', async () => {
  const astray = expensive('astray', (t) => (t >= 400 ? -300 : usual(t)));
  const { models, unfit } = await askedBefore([astray], series, HORIZON, budget);
  expect(models).toEqual([]);
  expect(unfit).toEqual([{ model: 'astray', reason: 'went astray: -300.0 at the origin 400' }]);
});
