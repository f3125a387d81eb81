/**
 * npm run bench -- policy [--data DIR] [--only NAME,...] [--rounds SEEDS]: all policies side by side on the made
 * workloads, on the sample, and on the traces in DIR that are there. Every run is `foreshard simulate`, so what is
 * measured here is what anybody can repeat on a trace of their own. Ratios are given only above 20 overload-minutes.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Spread, spread } from './measure/interleave.ts';

export interface PolicyBenchOptions {
  readonly data: string;
  readonly only: readonly string[];
  readonly seeds: number;
  readonly json: boolean;
}

interface Row {
  readonly policy: string;
  readonly overloadMinutes: number;
  readonly megabytesMoved: number;
  readonly reversals: number;
  readonly [name: string]: string | number;
}

const SHIPPED = ['flights', 'hot-key', 'flash-crowd', 'steady'];
const OF_DATA = ['load/nab_elb_request_count_8c0756.csv', 'load/nab_nyc_taxi.csv', 'keys/orm-busy.i32be.gz'];
/** below it a ratio is noise */
const MINUTES_MIN = 20;
const COMMAND = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url));

export async function run({ data, only, seeds, json }: PolicyBenchOptions): Promise<void> {
  const found = data === '' ? [] : OF_DATA.map((file) => join(data, file)).filter((path) => existsSync(path));
  const traces = [...SHIPPED, ...found].filter(
    (trace) => only.length === 0 || only.some((name) => trace.includes(name)),
  );
  const all: Record<string, unknown>[] = [];
  const ratios: Record<string, Spread> = {};
  for (const trace of traces) {
    const runs: Row[][] = [];
    for (let seed = 1; seed <= seeds; seed++) runs.push(await simulated(trace, seed));
    all.push(...runs.flatMap((rows, i) => rows.map((row) => ({ trace, seed: i + 1, ...row }))));
    Object.assign(ratios, ratiosOf(trace, runs));
    if (!json) console.table(runs.flatMap((rows, i) => rows.map((row) => ({ trace, seed: i + 1, ...row }))));
  }
  if (json)
    process.stdout.write(`${JSON.stringify({ name: 'policy', mode: { seeds }, ratios, runs: all })}\n`);
  else console.table(ratios);
}

async function simulated(trace: string, seed: number): Promise<Row[]> {
  const options = ['simulate', '--trace', trace, '--policy', 'all', '--seed', String(seed), '--json'];
  const child = spawn(process.execPath, [COMMAND, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`simulate --trace ${trace} ended with ${code}`);
  return (JSON.parse(text) as { results: Row[] }).results;
}

const PAIRS = [
  ['predictive', 'reactive'],
  ['oracle', 'reactive'],
  ['predictive+keys', 'reactive+keys'],
  ['predictive', 'cockroachdb'],
  ['predictive', 'tikv-pd'],
  ['predictive', 'pulsar'],
] as const;

function ratiosOf(trace: string, runs: readonly Row[][]): Record<string, Spread> {
  const ratios: Record<string, Spread> = {};
  for (const [own, other] of PAIRS) {
    const both = runs.map((rows) => [own, other].map((name) => rows.find(({ policy }) => policy === name)!));
    if (both.some(([, b]) => b!.overloadMinutes < MINUTES_MIN)) continue;
    ratios[`${trace}: ${own} / ${other}`] = spread(
      both.map(([a, b]) => a!.overloadMinutes / b!.overloadMinutes),
    );
  }
  return ratios;
}
