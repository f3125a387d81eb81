/** Prophet (Taylor and Letham 2018): augurs with the Stan model in WASM. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { initSync, Prophet } from '@bsull/augurs/prophet';
import { optimizer } from '@bsull/augurs-prophet-wasmstan';
import type { Forecast } from '../../forecast-models/index.ts';
import type { ModelTask } from './model-task.ts';
import { recentOf, spreadFrom } from './recent.ts';

initSync({
  module: readFileSync(
    fileURLToPath(new URL('prophet_bg.wasm', import.meta.resolve('@bsull/augurs/prophet'))),
  ),
});

const STEPS_MAX = 1_500;
const LEVEL = 0.8;
const LEVEL_QUANTILE = 1.2816;
/** series without times are put somewhere: only weekday and hour relative to each other matter */
const SOME_MONDAY = Date.UTC(2024, 0, 1) / 1_000;

export async function forecast(task: ModelTask): Promise<Forecast> {
  const values = recentOf(task, STEPS_MAX);
  const start =
    (task.firstMs === undefined ? SOME_MONDAY : task.firstMs / 1_000) +
    (task.values.length - values.length) * task.stepSeconds;
  const times = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => start + (from + i) * task.stepSeconds);
  const prophet = new Prophet({ optimizer, intervalWidth: LEVEL });
  try {
    prophet.fit({ ds: times(0, values.length), y: [...values] });
    const { yhat } = prophet.predict({ ds: times(values.length, task.horizon) });
    const spread = yhat.point.map((value, h) =>
      spreadFrom((yhat.intervals?.upper[h] ?? value) - value, LEVEL_QUANTILE),
    );
    return { point: Float64Array.from(yhat.point), spread: Float64Array.from(spread) };
  } finally {
    prophet.free();
  }
}
