/** MSTL (Bandara, Hyndman and Bergmeir 2021) with an exponential smoothing of the trend, by augurs in WASM. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { initSync, MSTL } from '@bsull/augurs/mstl';
import type { Forecast } from '../../forecast-models/index.ts';
import type { ModelTask } from './model-task.ts';
import { recentOf, spreadFrom } from './recent.ts';

// its own loader fetches, which Node does not do for files
initSync({
  module: readFileSync(fileURLToPath(new URL('mstl_bg.wasm', import.meta.resolve('@bsull/augurs/mstl')))),
});

const STEPS_MAX = 1_000;
const LEVEL = 0.8;
const LEVEL_QUANTILE = 1.2816;

export async function forecast(task: ModelTask): Promise<Forecast> {
  const values = recentOf(task, STEPS_MAX);
  const periods = task.seasons.filter((season) => 2 * season < values.length);
  const model = MSTL.ets(periods.length > 0 ? [...periods] : [2], { impute: false });
  try {
    model.fit(values);
    const { point, intervals } = model.predict(task.horizon, LEVEL);
    const spread = point.map((value, h) =>
      spreadFrom((intervals?.upper[h] ?? value) - value, LEVEL_QUANTILE),
    );
    return { point: Float64Array.from(point), spread: Float64Array.from(spread) };
  } finally {
    model.free();
  }
}
