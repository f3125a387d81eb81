import { expect, it } from 'vitest';
import { seededRandom } from '../kernel/index.ts';
import { lagRidge } from './lag-ridge.ts';
import type { Series } from './series.ts';

const HORIZON = 4;
const PERIOD = 60;
const OPTIONS = { name: 'ridge', scale: 'raw', rowsMax: 500 } as const;

const random = seededRandom(3);
const shape = Array.from({ length: PERIOD }, () => 100 * random.next());
const series: Series = {
  values: Float64Array.from({ length: 10 * PERIOD }, (_, t) => shape[t % PERIOD]!),
  stepSeconds: 60,
  seasons: [24],
};

function meanError(model: ReturnType<typeof lagRidge>): number {
  const { point } = model.fit(series, HORIZON).forecast(series.values, HORIZON);
  return point.reduce((sum, value, h) => sum + Math.abs(value - shape[h]!), 0) / HORIZON;
}

it('looks back a season, or as far as it is told', () => {
  const bounded = meanError(lagRidge({ ...OPTIONS, lagsMax: PERIOD, window: PERIOD }));
  expect(bounded).toBeLessThan(0.1 * meanError(lagRidge({ ...OPTIONS, lagsMax: PERIOD })));
});

it('averages lags in blocks where there are more than it may have', () => {
  const { parameters } = lagRidge({ ...OPTIONS, lagsMax: 42, window: PERIOD }).fit(series, HORIZON);
  expect(parameters).toMatchObject({ window: PERIOD, features: 42 });
});
