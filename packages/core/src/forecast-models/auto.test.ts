import { describe, expect, it } from 'vitest';
import { seededRandom } from '../kernel/index.ts';
import { forecastFrom, quantileOf, select } from './auto.ts';
import { autoContestant, backtest, type Contestant, contestantOf, evenOrigins } from './backtest.ts';
import type { Forecaster } from './forecaster.ts';
import { hybrid } from './hybrid.ts';
import { AUTO_MODELS, CHEAP_MODELS } from './models.ts';
import { naive, seasonalDay, seasonalWeek } from './naive.ts';
import type { Series } from './series.ts';

const HORIZON = 24;
/** a back-test of two weeks on a busy machine */
const SLOW_MS = 30_000;
const random = seededRandom(5);

function loads(days: number, noise: number): Float64Array {
  return Float64Array.from({ length: days * 24 }, (_, t) => usual(t) + noise * (random.next() - 0.5));
}

function usual(t: number): number {
  return 200 + 100 * Math.sin((t / 24) * 2 * Math.PI) + 30 * Math.sin((t / 168) * 2 * Math.PI);
}

function hourly(values: Float64Array): Series {
  return { values, stepSeconds: 3_600, seasons: [24, 168] };
}

function planted(name: string, answer: (horizon: number) => Float64Array): Forecaster {
  return {
    name,
    cost: 'cheap',
    shortest: () => 1,
    fit: () => ({
      parameters: {},
      forecast: (_, horizon) => ({ point: answer(horizon), spread: new Float64Array(horizon).fill(1) }),
    }),
  };
}

describe('auto', () => {
  it('comes closer than the naive methods on a load with a day and a week', () => {
    const series = hourly(loads(28, 20));
    const { point } = forecastFrom(select(AUTO_MODELS, series, HORIZON), series.values, HORIZON);
    const error = (of: Float64Array) =>
      of.reduce((sum, value, h) => sum + Math.abs(value - usual(series.values.length + h)), 0) / HORIZON;
    const day = seasonalDay.fit(series, HORIZON).forecast(series.values, HORIZON).point;
    expect(error(point)).toBeLessThan(0.7 * error(day));
  });

  it.each([
    ['answers NaN', planted('bad', (horizon) => new Float64Array(horizon).fill(Number.NaN)), 'answered NaN'],
    ['answers too few steps', planted('bad', () => new Float64Array(1)), 'answered 1 steps instead of'],
    [
      'throws',
      planted('bad', () => {
        throw new Error('no');
      }),
      'failed: no',
    ],
  ])('leaves out and names a model that %s, and the others serve', (_, bad, reason) => {
    const series = hourly(loads(28, 20));
    const selection = select([bad, naive, seasonalDay], series, HORIZON);
    expect(selection.unfit).toEqual([{ model: 'bad', reason: expect.stringContaining(reason) }]);
    expect(forecastFrom(selection, series.values, HORIZON).point.every(Number.isFinite)).toBe(true);
  });

  it('serves the next best when a member starts to answer nonsense after it was chosen', () => {
    const series = hourly(loads(28, 20));
    let sick = false;
    const turning = planted('turning', (horizon) =>
      Float64Array.from({ length: horizon }, () => (sick ? Number.NaN : 200)),
    );
    const selection = select([turning, seasonalDay], series, HORIZON);
    sick = true;
    expect(forecastFrom(selection, series.values, HORIZON).point.every(Number.isFinite)).toBe(true);
  });

  it.each([
    ['two measurements', Float64Array.of(3, 4)],
    ['a constant', new Float64Array(400).fill(7)],
    ['only zeros', new Float64Array(400)],
    [
      'mostly missing',
      Float64Array.from({ length: 400 }, (_, t) => (t % 9 === 0 ? 5 + (t % 4) : Number.NaN)),
    ],
    ['negative values', Float64Array.from({ length: 400 }, (_, t) => Math.sin(t / 4) * 10)],
  ])('answers finite numbers in order for %s', (_, values) => {
    const series = hourly(values);
    const selection = select(AUTO_MODELS, series, HORIZON);
    const forecast = forecastFrom(selection, values, HORIZON);
    const lower = quantileOf(selection, forecast, 0.1);
    const upper = quantileOf(selection, forecast, 0.9);
    for (let h = 0; h < HORIZON; h++) {
      expect(Number.isFinite(forecast.point[h]!)).toBe(true);
      expect(lower[h]!).toBeLessThanOrEqual(forecast.point[h]! + 1e-9);
      expect(forecast.point[h]!).toBeLessThanOrEqual(upper[h]! + 1e-9);
    }
  });

  it('forecasts a constant as itself', () => {
    const values = new Float64Array(400).fill(7);
    const { point } = forecastFrom(select(AUTO_MODELS, hourly(values), HORIZON), values, HORIZON);
    expect(Math.max(...point.map((value) => Math.abs(value - 7)))).toBeLessThan(1e-6);
  });
});

describe('the rolling back-test', () => {
  it('shows no model what comes after the origin', () => {
    const values = loads(20, 20);
    const changed = values.slice();
    const origins = [300];
    changed.fill(1e6, 300 + HORIZON);
    const run = (of: Float64Array) =>
      backtest(
        [autoContestant(AUTO_MODELS), ...CHEAP_MODELS.map(contestantOf)],
        hourly(of),
        { horizon: HORIZON, origins, originsPerFit: 1 },
        () => 0,
      ).rows.map((row) => row.score.mae);
    expect(run(changed)).toEqual(run(values));
  });

  it(
    'keeps the 90 % quantile between 0.87 and 0.93 in the two weeks after the level doubles',
    () => {
      const values = loads(70, 60);
      for (let t = 56 * 24; t < values.length; t++) values[t]! *= 2;
      const origins = Array.from({ length: 14 * 24 - 1 }, (_, i) => 56 * 24 + i);
      const plan = { horizon: 1, origins, originsPerFit: 24 };
      const [row] = backtest([autoContestant([naive, seasonalDay])], hourly(values), plan, () => 0).rows;
      expect(row!.coverage['0.9']).toBeGreaterThanOrEqual(0.87);
      expect(row!.coverage['0.9']).toBeLessThanOrEqual(0.93);
    },
    SLOW_MS,
  );

  it.each([2, 0.5])(
    'keeps the upper quantile of a day ahead between 0.87 and 0.93 in the two weeks after the level times %d',
    (ratio) => {
      const values = loads(70, 60);
      for (let t = 56 * 24; t < values.length; t++) values[t]! *= ratio;
      const origins = Array.from({ length: 14 * 8 - 8 }, (_, i) => 56 * 24 + 3 * i);
      const plan = { horizon: HORIZON, origins, originsPerFit: 24 };
      const contestant = autoContestant([naive, seasonalDay, seasonalWeek, hybrid]);
      const [row] = backtest([contestant], hourly(values), plan, () => 0).rows;
      expect(row!.coverage['0.9']).toBeGreaterThanOrEqual(0.87);
      expect(row!.coverage['0.9']).toBeLessThanOrEqual(0.93);
    },
    SLOW_MS,
  );

  it('forgets what a change of level has taught when the forecasts know of it', () => {
    const [at, known] = [300, 324];
    const values = Float64Array.from({ length: 600 }, (_, t) => (t < at ? 10 : 20) + random.next());
    const following = (knowsAge: boolean): Contestant => ({
      name: 'following',
      fit: () => ({
        forecast: ({ length }) => ({
          point: new Float64Array(HORIZON).fill(length < known ? 10.5 : 20.5),
          spread: new Float64Array(HORIZON).fill(0.3),
          levelAge: knowsAge && length >= known ? length - at : undefined,
        }),
        quantiles: undefined,
      }),
    });
    const origins = Array.from({ length: 90 }, (_, i) => 200 + 4 * i);
    const plan = { horizon: HORIZON, origins, originsPerFit: 90 };
    const contestants = [following(true), following(false)];
    const [informed, uninformed] = backtest(contestants, hourly(values), plan, () => 0).rows;
    for (const level of ['0.9', '0.95'])
      expect(informed!.pinball[level]!).toBeLessThan(0.95 * uninformed!.pinball[level]!);
  });

  it('spreads origins evenly and keeps the whole horizon known', () => {
    expect(evenOrigins(100, 10, 3, 0.2)).toEqual([80, 85, 90]);
    expect(evenOrigins(12, 10, 50, 0.2)).toEqual([2]);
    expect(evenOrigins(10, 10, 5, 0.2)).toEqual([]);
  });
});
