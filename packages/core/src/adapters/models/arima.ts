/**
 * Seasonal ARIMA by ctsa in WASM, order (2,0,1) on the differences to one season before. A fixed order: the
 * search takes seconds a series.
 */
import { createRequire } from 'node:module';
import type { Forecast } from '../../forecast-models/index.ts';
import type { ModelTask } from './model-task.ts';
import { recentOf, spreadFrom } from './recent.ts';

const ARIMA = createRequire(import.meta.url)('arima') as typeof import('arima');
const STEPS_MAX = 1_000;

export async function forecast(task: ModelTask): Promise<Forecast> {
  const values = recentOf(task, STEPS_MAX);
  const season = task.seasons[0] ?? 0;
  // the seasonal difference is taken here: in the library a season of hundreds of steps takes minutes
  const differences = [...values.subarray(season)].map((value, t) =>
    season === 0 ? value : value - values[t]!,
  );
  const model = new ARIMA({ p: 2, d: season === 0 ? 1 : 0, q: 1, verbose: false }).train(differences);
  const [ahead, variances] = model.predict(task.horizon);
  const point = new Float64Array(task.horizon);
  for (let h = 0; h < task.horizon; h++) {
    const before = season === 0 ? 0 : h < season ? values[values.length - season + h]! : point[h - season]!;
    point[h] = before + ahead[h]!;
  }
  return {
    point,
    spread: Float64Array.from(variances, (variance) => spreadFrom(Math.sqrt(Math.max(0, variance)), 1)),
  };
}
