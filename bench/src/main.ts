/**
 * npm run bench -- NAME [--json] [--rounds N] [NAME'S OWN OPTIONS]
 *
 * Every bench measures a ratio against a named yardstick in one interleaved run; no absolute figure here is
 * stable on a shared machine. With --json the result is one document on stdout:
 * { name, machine, mode, ratios: { NAME: { median, min, max, rounds } } }.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { BenchOptions, BenchResult } from './bench.ts';
import { machine } from './measure/machine.ts';

const BENCHES: Record<string, () => Promise<{ run(options: BenchOptions): Promise<BenchResult> }>> = {
  append: () => import('./append.ts'),
  'append-news': () => import('./append-news.ts'),
  'append-promises': () => import('./append-promises.ts'),
  lookup: () => import('./lookup.ts'),
  ingest: () => import('./ingest.ts'),
  latency: () => import('./latency.ts'),
  migrate: () => import('./migrate.ts'),
  profiler: () => import('./profiler.ts'),
  telemetry: () => import('./telemetry.ts'),
  parsing: () => import('./parsing.ts'),
  'slow-clients': () => import('./slow-clients.ts'),
  plan: () => import('./plan.ts'),
  heatmap: () => import('./heatmap.ts'),
  console: () => import('./console.ts'),
  live: () => import('./live.ts'),
  cache: () => import('./cache.ts'),
  'forecast-tick': () => import('./forecast-tick.ts'),
  consume: () => import('./consume.ts'),
  groups: () => import('./groups.ts'),
  'checkpoint-job': () => import('./checkpoint-job.ts'),
  correlate: () => import('./correlate.ts'),
  rehoming: () => import('./rehoming.ts'),
  prefetch: () => import('./prefetch.ts'),
};

/** where the traces are on the machines of this project */
const BESIDE_CHECKOUT = join(import.meta.dirname, '../../../shared/data');

const usage = `usage: npm run bench -- forecast --data DIR [--part tune|test] [--only nyc_taxi,m4] [--stride 1] [--expensive mstl,arima] [--json]
       npm run bench -- coverage --data DIR [--json]
       npm run bench -- checkpoint [--data DIR] [--only taxi,nasa] [--json]
       npm run bench -- assignment [--rounds SEEDS] [--json]
       npm run bench -- policy [--data DIR] [--only flights,hot-key] [--rounds SEEDS or, with --tune, tries] [--tune] [--json]
       npm run bench -- ${Object.keys(BENCHES).join('|')} [--json] [--rounds 5] [--seconds 5] [--ids 10000000] [--shardlets 10000] [--fsync-ms 0]
       npm run bench -- versions --against CHECKOUT [--only append,ingest,latency] [--rounds 20] [--seconds 3] [--json]
       npm run bench -- consume [--only latency-2048,idle,throughput,client,groups] [--quick] [--rounds 5] [--seconds 5] [--json]
       npm run bench -- live [--rounds 2] [--speed 20] [--minutes 90] [--peak-use 0.8] [--json]`;

function options() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        speed: { type: 'string', default: '20' },
        minutes: { type: 'string', default: '90' },
        'peak-use': { type: 'string', default: '0.8' },
        keep: { type: 'boolean', default: false },
        rounds: { type: 'string', default: '5' },
        seconds: { type: 'string', default: '5' },
        ids: { type: 'string', default: '10000000' },
        shardlets: { type: 'string', default: '10000' },
        'fsync-ms': { type: 'string', default: '0' },
        against: { type: 'string', default: '' },
        data: { type: 'string', default: process.env.FORESHARD_DATA ?? '' },
        part: { type: 'string', default: 'test' },
        only: { type: 'string', default: '' },
        stride: { type: 'string', default: '1' },
        expensive: { type: 'string', default: 'mstl' },
        tune: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return fail(`${(error as Error).message}\n${usage}`);
  }
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

function number(name: string, text: string): number {
  const value = Number(text);
  return Number.isFinite(value) && value >= 0 ? value : fail(`--${name} takes a number, not "${text}"`);
}

const { values, positionals } = options();
const name = positionals[0] ?? '';
if (name === 'forecast') await forecasts();
if (name === 'coverage') await coverages();
if (name === 'checkpoint') await checkpoints();
if (name === 'assignment') await assignments();
if (name === 'policy') await policies();
if (name === 'versions') await versions();
const bench = BENCHES[name] ?? fail(usage);
const result = await (await bench()).run({
  rounds: number('rounds', values.rounds),
  seconds: number('seconds', values.seconds),
  ids: number('ids', values.ids),
  shardlets: number('shardlets', values.shardlets),
  fsyncMs: number('fsync-ms', values['fsync-ms']),
  keep: values.keep,
  only: values.only === '' ? [] : values.only.split(','),
  isQuick: values.quick,
  ...(values.data === '' ? {} : { data: values.data }),
  speed: Math.max(1, number('speed', values.speed)),
  minutes: Math.max(1, number('minutes', values.minutes)),
  peakUse: Math.min(1, Math.max(0.1, number('peak-use', values['peak-use']))),
});
if (values.json) {
  process.stdout.write(
    `${JSON.stringify({ name, machine: machine(), mode: result.mode, ratios: result.ratios })}\n`,
  );
} else {
  console.log(`${name} on ${machine()}`);
  for (const [key, value] of Object.entries(result.mode)) console.log(`  ${key}: ${value}`);
  console.table(
    Object.fromEntries(
      Object.entries(result.ratios).map(([key, s]) => [key, { ...s, mark: result.marks?.[key] ?? '' }]),
    ),
  );
}
process.exit(0);

/** The one bench that needs no yardstick of its own: the naive methods run beside it. */
async function forecasts(): Promise<never> {
  const { run } = await import('./forecast.ts');
  const part =
    values.part === 'tune' || values.part === 'test' ? values.part : fail(`--part takes tune or test`);
  if (values.data === '') fail(`where are the traces? Give --data DIR or set FORESHARD_DATA\n${usage}`);
  const only = values.only === '' ? [] : values.only.split(',');
  const stride = Math.max(1, number('stride', values.stride));
  await run({
    data: values.data,
    part,
    only,
    stride,
    expensive: values.expensive.split(','),
    json: values.json,
  });
  process.exit(0);
}

/** The yardstick is the level that was asked for. */
async function coverages(): Promise<never> {
  const { run } = await import('./coverage.ts');
  if (values.data === '') fail(`where are the traces? Give --data DIR or set FORESHARD_DATA\n${usage}`);
  run({ data: values.data, json: values.json });
  process.exit(0);
}

/** The yardsticks are fixed intervals, fixed counts and the optimum. */
async function checkpoints(): Promise<never> {
  const { run } = await import('./checkpoint.ts');
  const { TRACE_NAMES } = await import('./checkpoint/arrival-traces.ts');
  const data = values.data === '' ? BESIDE_CHECKOUT : values.data;
  if (!existsSync(data)) fail(`no traces in ${data}: give --data DIR or set FORESHARD_DATA\n${usage}`);
  const only = values.only === '' ? [] : values.only.split(',');
  const unknown = only.find((trace) => !TRACE_NAMES.includes(trace));
  if (unknown !== undefined) fail(`--only takes ${TRACE_NAMES.join(', ')}, not "${unknown}"`);
  run({ data, only, json: values.json });
  process.exit(0);
}

/** The yardstick is assignment by count. The sample ships with the product, so --data is not needed. */
async function assignments(): Promise<never> {
  const { run } = await import('./assignment.ts');
  await run({ rounds: Math.max(1, number('rounds', values.rounds)), json: values.json });
  process.exit(0);
}

/** Virtual time needs no yardstick: the policies are each other's. */
async function policies(): Promise<never> {
  const { run } = await import('./policy.ts');
  const only = values.only === '' ? [] : values.only.split(',');
  const seeds = Math.max(1, number('rounds', values.rounds));
  await run({ data: values.data, only, seeds, tune: values.tune, json: values.json });
  process.exit(0);
}

/** This checkout against another one, by pairs. */
async function versions(): Promise<never> {
  const { run, verdict, VERSION_PARTS } = await import('./versions.ts');
  const only = values.only === '' ? [] : values.only.split(',');
  const unknown = only.find((part) => !(part in VERSION_PARTS));
  if (unknown !== undefined) fail(`--only takes ${Object.keys(VERSION_PARTS).join(', ')}, not "${unknown}"`);
  if (values.against === '') fail(`against which checkout? Give --against DIR\n${usage}`);
  const results = await run({
    against: resolve(values.against),
    only,
    rounds: Math.max(2, number('rounds', values.rounds)),
    seconds: number('seconds', values.seconds),
    ids: number('ids', values.ids),
    shardlets: number('shardlets', values.shardlets),
    fsyncMs: number('fsync-ms', values['fsync-ms']),
  });
  if (values.json) process.stdout.write(`${JSON.stringify({ name, machine: machine(), ratios: results })}\n`);
  else
    console.table(
      Object.fromEntries(
        Object.entries(results).map(([key, ratio]) => [
          key,
          {
            mean: ratio.mean.toFixed(3),
            low: ratio.low.toFixed(3),
            high: ratio.high.toFixed(3),
            pairs: ratio.pairs,
            verdict: verdict(ratio),
          },
        ]),
      ),
    );
  process.exit(0);
}
