/**
 * M4 hourly: the last 48 hours of each training series are held back and forecast, scored as the competition did
 * (sMAPE, MASE, and the interval score of 95 %). OWA is relative to the competition's Naive2 on its test part.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ExpensiveModelName, expensiveModel, MODEL_LIMIT_MS } from '@foreshard/core/adapters/models';
import {
  AUTO_MODELS,
  CHEAP_MODELS,
  type Forecast,
  fitOrReason,
  forecastFrom,
  intervalScore,
  PointErrors,
  quantileOf,
  type Series,
  seasonalNaiveError,
  select,
} from '@foreshard/core/forecast-models';

const FILE = 'm4_hourly_train.csv';
const HORIZON = 48;
const SEASONS = [24, 168];
const NAIVE2 = { smape: 18.383, mase: 2.395 };
const LEVEL = 0.95;

interface Totals {
  smape: number;
  mase: number;
  msis: number;
  covered: number;
  ms: number;
  count: number;
}

export async function m4Rows(
  data: string,
  stride: number,
  expensive: readonly ExpensiveModelName[],
): Promise<Record<string, unknown>[]> {
  const totals = new Map<string, Totals>();
  const all = allOf(data).filter((_, i) => i % stride === 0);
  for (const values of all) scoreSeries(values, totals);
  for (const name of expensive) await scoreExpensive(name, all, totals);
  return [...totals].map(([model, total]) => rowOf(model, total)).sort((a, b) => a.OWA - b.OWA);
}

/** What comes before the hours that are held back. */
export function m4Series(data: string): Series[] {
  return allOf(data).map((values) => heldBack(values).series);
}

function allOf(data: string): Float64Array[] {
  const path = join(data, FILE);
  if (!existsSync(path)) {
    process.stderr.write(`bench forecast: ${FILE} is not in ${data}, left out\n`);
    return [];
  }
  return readFileSync(path, 'utf8').trim().split('\n').slice(1).map(valuesIn);
}

function valuesIn(line: string): Float64Array {
  const cells = line
    .split(',')
    .slice(1)
    .map((cell) => cell.replaceAll('"', '').trim());
  return Float64Array.from(cells.filter((cell) => cell !== '').map(Number));
}

function scoreSeries(all: Float64Array, totals: Map<string, Totals>): void {
  const { series, truth } = heldBack(all);
  const { values } = series;
  const naiveError = seasonalNaiveError(values, SEASONS[0]!);
  const start = performance.now();
  const selection = select(AUTO_MODELS, series, HORIZON);
  const forecast = forecastFrom(selection, values, HORIZON);
  const lower = quantileOf(selection, forecast, (1 - LEVEL) / 2);
  const upper = quantileOf(selection, forecast, (1 + LEVEL) / 2);
  const ms = performance.now() - start;
  add(totals, 'auto', truth, forecast, naiveError, ms, { lower, upper });
  for (const model of CHEAP_MODELS) {
    const before = performance.now();
    const fitted = fitOrReason(model, series, HORIZON);
    // a series too short for a model counts as the seasonal naive forecast
    const own = typeof fitted === 'string' ? fallback(series) : fitted.forecast(values, HORIZON);
    add(totals, model.name, truth, own, naiveError, performance.now() - before);
  }
}

/** One fit a series, in its own thread. */
async function scoreExpensive(
  name: ExpensiveModelName,
  all: readonly Float64Array[],
  totals: Map<string, Totals>,
): Promise<void> {
  const model = expensiveModel(name);
  for (const whole of all) {
    const { series, truth } = heldBack(whole);
    const before = performance.now();
    const own = await model.forecast(series, HORIZON, MODEL_LIMIT_MS).catch(() => fallback(series));
    add(totals, name, truth, own, seasonalNaiveError(series.values, SEASONS[0]!), performance.now() - before);
  }
  await model.close();
}

function heldBack(all: Float64Array): { series: Series; truth: Float64Array } {
  const values = all.subarray(0, all.length - HORIZON);
  return {
    series: { values, stepSeconds: 3_600, seasons: SEASONS },
    truth: all.subarray(all.length - HORIZON),
  };
}

function fallback(series: Series): Forecast {
  const day = SEASONS[0]!;
  const point = Float64Array.from(
    { length: HORIZON },
    (_, h) => series.values[series.values.length - day + (h % day)]!,
  );
  return { point, spread: point.map(() => 0) };
}

function add(
  totals: Map<string, Totals>,
  model: string,
  truth: Float64Array,
  { point }: Forecast,
  naiveError: number,
  ms: number,
  interval?: { lower: Float64Array; upper: Float64Array },
): void {
  const total = totals.get(model) ?? { smape: 0, mase: 0, msis: 0, covered: 0, ms: 0, count: 0 };
  totals.set(model, total);
  const errors = new PointErrors();
  truth.forEach((value, h) => {
    errors.add(value, point[h]!);
    if (interval === undefined) return;
    const { lower, upper } = interval;
    total.msis += intervalScore(value, lower[h]!, upper[h]!, LEVEL) / naiveError / HORIZON;
    total.covered += value >= lower[h]! && value <= upper[h]! ? 1 / HORIZON : 0;
  });
  const score = errors.score(naiveError);
  total.smape += score.smape;
  total.mase += score.mase;
  total.ms += ms;
  total.count++;
}

function rowOf(model: string, { smape, mase, msis, covered, ms, count }: Totals) {
  const fixed = (value: number, digits: number) => Number((value / count).toFixed(digits));
  return {
    trace: 'm4_hourly',
    ahead: '48 h',
    series: count,
    model,
    OWA: Number(((smape / count / NAIVE2.smape + mase / count / NAIVE2.mase) / 2).toFixed(4)),
    'sMAPE %': fixed(smape, 2),
    MASE: fixed(mase, 3),
    ...(msis > 0 ? { MSIS: fixed(msis, 2), 'cover 95': fixed(covered, 3) } : {}),
    'ms a series': fixed(ms, 1),
  };
}
