/**
 * npm run bench -- forecast-tick: what a tick of the forecasts takes for one stream of so many shardlets, without the
 * database: from loads to packed rows, with quantiles corrected by what came in. In most ticks the fits of before are
 * asked; every half hour (steps of five minutes) or six hours (steps of an hour) the whole is fitted again, and at
 * steps of an hour four of the sixteen heaviest shardlets beside it. An expensive champion's answer is there before the tick.
 */
import { AUTO_MODELS } from '@foreshard/core/forecast-models';
import {
  CalibrationBook,
  type PredictionInput,
  packForecast,
  RESOLUTIONS,
  type Resolution,
  StreamPredictor,
} from '@foreshard/core/forecast-service';
import { seededRandom } from '@foreshard/core/kernel';
import type { BenchOptions, BenchResult } from './bench.ts';
import { spread } from './measure/interleave.ts';

const HEAVY = 16;
const SHARE_STEPS = 48;
const DAY_MS = 86_400_000;
const END_MS = Date.UTC(2026, 0, 31);

export async function run({ rounds, shardlets }: BenchOptions): Promise<BenchResult> {
  const times: Record<string, number[]> = {};
  let packedBytes = 0;
  for (let round = 0; round < rounds; round++)
    for (const resolution of ['5m', '1h'] as const) {
      const predictor = new StreamPredictor(1, resolution);
      const book = new CalibrationBook(resolution, undefined);
      const { stepMs } = RESOLUTIONS[resolution];
      for (const [tick, name] of ['with fits', 'asked only', 'expensive champion'].entries()) {
        const usual = inputOf(resolution, shardlets, END_MS + tick * stepMs);
        const input = name === 'expensive champion' ? { ...usual, ...answered(usual) } : usual;
        const cpu = process.cpuUsage();
        const { whole, shares } = packForecast(predictor.predict(input, book));
        const { user, system } = process.cpuUsage(cpu);
        packedBytes = whole.length + shares.length;
        (times[`${resolution} ${name} (ms of processor)`] ??= []).push((user + system) / 1_000);
      }
    }
  return {
    mode: {
      shardlets,
      'heavy shardlets': HEAVY,
      'row in bytes': packedBytes,
      'resident MB': Math.round(process.memoryUsage().rss / 1e6),
    },
    ratios: Object.fromEntries(Object.entries(times).map(([name, ms]) => [name, spread(ms)])),
  };
}

/** As if an expensive model had answered the last value. */
function answered({ total }: PredictionInput): Pick<PredictionInput, 'champion' | 'answer'> {
  const point = new Float64Array(RESOLUTIONS['1h'].horizon).fill(total.values.at(-1)!);
  const measured = { mae: 1, rmse: 1, mase: 1, wape: 1, pinball: 1, coverage: 0.9, fitMs: 1, origins: 1 };
  return {
    answer: { point, spread: point.map((value) => value / 10) },
    champion: {
      ...measured,
      naiveMae: 1,
      id: 1,
      streamId: 1,
      resolution: '1h',
      name: 'lstm',
      members: ['lstm'],
      windowFromMs: 0,
      windowToMs: END_MS,
      parameters: { isExpensive: true },
      run: 1,
      createdMs: END_MS,
    },
  };
}

function inputOf(resolution: Resolution, count: number, originMs: number): PredictionInput {
  const { stepMs, pastMs } = RESOLUTIONS[resolution];
  const steps = Math.round(pastMs / stepMs);
  const firstMs = originMs - steps * stepMs;
  const random = seededRandom(1);
  const loadAt = (t: number) => {
    const day = ((firstMs + t * stepMs) % DAY_MS) / DAY_MS;
    return 1e6 * (1 + 0.5 * Math.sin(2 * Math.PI * day)) * (0.95 + 0.1 * random.next());
  };
  const values = Float64Array.from({ length: steps }, (_, t) => loadAt(t));
  const total = { values, stepSeconds: stepMs / 1_000, seasons: [], firstMs };
  const shares = Array.from({ length: count }, (_, i) => (i < HEAVY ? 0.5 / HEAVY : 0.5 / (count - HEAVY)));
  const tail = values.slice(-SHARE_STEPS);
  return {
    originMs,
    total,
    shardlets: shares.map((share, i) => ({
      id: i + 1,
      width: 1 / count,
      loads: tail.map((value) => value * share * (0.9 + 0.2 * random.next())),
    })),
    heavy:
      resolution === '5m'
        ? []
        : shares.slice(0, HEAVY).map((share, i) => ({
            id: i + 1,
            series: { ...total, values: values.map((value) => value * share) },
            models: AUTO_MODELS,
          })),
    models: AUTO_MODELS,
    champion: undefined,
  };
}
