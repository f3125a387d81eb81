import { afterEach, describe, expect, it } from 'vitest';
import type { Series } from '../../forecast-models/index.ts';
import { expensiveModel } from './expensive-model.ts';
import { ThreadedModel } from './threaded-model.ts';

const HORIZON = 24;
const LIMIT_MS = 30_000;
const opened: ThreadedModel[] = [];

/** a day and a week, and some noise that repeats nowhere */
const series: Series = {
  values: Float64Array.from({ length: 24 * 21 }, (_, t) => loadAt(t) + ((t * 7919) % 13)),
  stepSeconds: 3_600,
  seasons: [24, 168],
};

afterEach(async () => {
  for (const model of opened.splice(0)) await model.close();
});

describe.each(['mstl', 'arima', 'prophet'] as const)('the model %s', (name) => {
  it('follows the day of a series with a day and a week', async () => {
    const model = keep(expensiveModel(name));
    const { point, spread } = await model.forecast(series, HORIZON, LIMIT_MS);
    const error = point.reduce(
      (sum, value, h) => sum + Math.abs(value - 6 - loadAt(series.values.length + h)),
      0,
    );
    expect(error / HORIZON).toBeLessThan(15);
    expect(spread.every((value) => value > 0)).toBe(true);
  });
});

it('ends a model that hangs at its limit, names it, and serves the next call', async () => {
  const model = keep(planted('hangs'));
  await expect(model.forecast(series, HORIZON, 500)).rejects.toThrow('longer than its limit of 500 ms');
  await expect(model.forecast(series, HORIZON, 500)).rejects.toThrow('longer than its limit');
});

it('answers one series after the other from the same thread', async () => {
  const model = keep(expensiveModel('mstl'));
  const first = await model.forecast(series, HORIZON, LIMIT_MS);
  expect(await model.forecast(series, HORIZON, LIMIT_MS)).toEqual(first);
});

it('refuses an answer that is no number', async () => {
  await expect(keep(planted('nan')).forecast(series, HORIZON, LIMIT_MS)).rejects.toThrow(
    'answered NaN for step 1',
  );
});

it('tells why a model failed', async () => {
  await expect(keep(planted('throws')).forecast(series, HORIZON, LIMIT_MS)).rejects.toThrow(
    'the data displease me',
  );
});

function planted(name: string): ThreadedModel {
  return new ThreadedModel(name, new URL(`./${name}.fixture.ts`, import.meta.url), 1);
}

function keep(model: ThreadedModel): ThreadedModel {
  opened.push(model);
  return model;
}

function loadAt(t: number): number {
  return 100 + 50 * Math.sin((t / 24) * 2 * Math.PI) + 10 * Math.sin((t / 168) * 2 * Math.PI);
}
