/**
 * npm run bench -- forecast --data DIR: how good the forecasts are on public traces, beside the naive methods,
 * SPAR and MSTL in the same run. Split by time only: the first 60 % are learned from, the next 20 % are where
 * choices were made, the last 20 % are tested. Every hour an hour is forecast, every six hours a day.
 */
import { EXPENSIVE_MODEL_NAMES } from '@foreshard/core/adapters/models';
import {
  AUTO_MODELS,
  autoContestant,
  type BacktestRow,
  backtest,
  CHEAP_MODELS,
  contestantOf,
} from '@foreshard/core/forecast-models';
import { seededRandom } from '@foreshard/core/kernel';
import { etth1Rows } from './forecast/etth1.ts';
import { expensiveRow } from './forecast/expensive-row.ts';
import { m4Rows } from './forecast/m4.ts';
import { type LoadTrace, traces } from './forecast/traces.ts';

export interface ForecastBenchOptions {
  readonly data: string;
  readonly part: 'tune' | 'test';
  /** every n-th series of M4 */
  readonly stride: number;
  readonly json: boolean;
  readonly only: readonly string[];
  /** expensive models to run beside the cheap ones */
  readonly expensive: readonly string[];
}

const HOUR_SECONDS = 3_600;
const DAY_HOURS = 24;
const TEST_FROM = 0.8;
const TUNE_FROM = 0.6;
const ORIGINS_MIN = 200;
const FITS = 8;
const RESAMPLES = 1_000;
/** an expensive model is fitted at every origin it is asked at: it is asked at so many of them at most */
const EXPENSIVE_ORIGINS_MAX = 200;

export async function run(options: ForecastBenchOptions): Promise<void> {
  const rows: Record<string, unknown>[] = [];
  for (const trace of traces(options.data)) {
    if (options.only.length > 0 && !options.only.includes(trace.name)) continue;
    for (const hours of [1, DAY_HOURS]) rows.push(...(await traceRows(trace, hours, options)));
    if (!options.json) console.table(rows.filter((row) => row.trace === trace.name));
  }
  if (options.only.length === 0 || options.only.includes('etth1-96')) {
    const etth1 = etth1Rows(options.data, options.part);
    if (!options.json) console.table(etth1);
    rows.push(...etth1);
  }
  if (options.only.length === 0 || options.only.includes('m4')) {
    const m4 = await m4Rows(options.data, options.stride, expensiveOnes(options));
    if (!options.json) console.table(m4);
    rows.push(...m4);
  }
  if (options.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
}

async function traceRows(trace: LoadTrace, hours: number, options: ForecastBenchOptions) {
  const series =
    options.part === 'test'
      ? trace.series
      : {
          ...trace.series,
          values: trace.series.values.subarray(0, Math.floor(trace.series.values.length * TEST_FROM)),
        };
  const horizon = Math.max(1, Math.round((hours * HOUR_SECONDS) / series.stepSeconds));
  const from = Math.floor(trace.series.values.length * (options.part === 'test' ? TEST_FROM : TUNE_FROM));
  const origins = originsOf(series.values.length, horizon, from, hours, series.stepSeconds);
  const plan = { horizon, origins, originsPerFit: Math.ceil(origins.length / FITS) };
  const contestants = [autoContestant(AUTO_MODELS), ...CHEAP_MODELS.map(contestantOf)];
  const { rows } = backtest(contestants, series, plan, () => performance.now());
  const every = Math.ceil(origins.length / EXPENSIVE_ORIGINS_MAX);
  const all = rows.map((row) => ({ row, every: 1 }));
  for (const name of expensiveOnes(options)) {
    const row = await expensiveRow(name, series, { ...plan, origins: thinned(origins, every) });
    if (row !== undefined) all.push({ row, every });
  }
  const auto = rows[0]!;
  return all
    .sort((a, b) => a.row.score.mae - b.row.score.mae)
    .map((one) => ({
      trace: trace.name,
      ahead: `${hours} h`,
      origins: one.row.byOrigin.length,
      ...shown(one.row),
      ...(one.row === auto ? {} : comparedTo(thinned(auto.byOrigin, one.every), one.row.byOrigin)),
    }));
}

function expensiveOnes({ expensive }: ForecastBenchOptions) {
  return EXPENSIVE_MODEL_NAMES.filter((name) => expensive.includes(name));
}

function thinned(values: ArrayLike<number>, every: number): number[] {
  return Array.from(values).filter((_, i) => i % every === 0);
}

/** Every hour for an hour ahead, every six for a day; closer where the test part has fewer than 200 of them. */
function originsOf(
  length: number,
  horizon: number,
  from: number,
  hours: number,
  stepSeconds: number,
): number[] {
  const last = length - horizon;
  const usual = Math.max(1, Math.round(((hours === 1 ? 1 : 6) * HOUR_SECONDS) / stepSeconds));
  const distance = Math.max(1, Math.min(usual, Math.floor((last - from) / ORIGINS_MIN)));
  const origins: number[] = [];
  for (let origin = from; origin <= last; origin += distance) origins.push(origin);
  return origins;
}

function shown({ model, score, pinball, coverage, fitMs }: BacktestRow) {
  return {
    model,
    'WAPE %': round(100 * score.wape),
    MAE: round(score.mae),
    RMSE: round(score.rmse),
    'sMAPE %': round(score.smape),
    MASE: round(score.mase),
    ...Object.fromEntries(Object.entries(pinball).map(([level, value]) => [`pb ${level}`, round(value)])),
    ...Object.fromEntries(Object.entries(coverage).map(([level, value]) => [`cover ${level}`, round(value)])),
    'fit ms': round(fitMs),
  };
}

/** Paired bootstrap over origins, in blocks because neighbouring origins share their truth. */
function comparedTo(auto: readonly number[], other: Float64Array) {
  const random = seededRandom(1);
  const count = auto.length;
  const block = Math.max(1, Math.round(Math.sqrt(count)));
  const ratios: number[] = [];
  for (let i = 0; i < RESAMPLES; i++) {
    let own = 0;
    let others = 0;
    for (let drawn = 0; drawn < count; drawn += block) {
      const start = Math.floor(random.next() * count);
      for (let k = 0; k < block; k++) {
        own += auto[(start + k) % count]!;
        others += other[(start + k) % count]!;
      }
    }
    ratios.push(own / others);
  }
  ratios.sort((a, b) => a - b);
  return { 'auto / it': `${round(ratios[25]!)}..${round(ratios[974]!)}` };
}

function round(value: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(4)) : value;
}
