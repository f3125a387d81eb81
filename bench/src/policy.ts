/**
 * npm run bench -- policy [--data DIR] [--only NAME,...] [--rounds SEEDS]: all policies side by side on the sample, on
 * the made workloads, and on the traces in DIR that are there; then the imbalance of key traces at 64 hosts. With
 * --tune, the search that found the settings (see policy/tuning.ts). Every run is `foreshard simulate`.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { inOrder, type Play, type Row, simulated } from './policy/simulated.ts';
import { summary, type TraceRuns } from './policy/summary.ts';
import { type BenchTrace, benchTraces, KEY_TRACES } from './policy/traces.ts';
import { TUNED } from './policy/tuned.ts';
import { tune } from './policy/tuning.ts';

export interface PolicyBenchOptions {
  readonly data: string;
  readonly only: readonly string[];
  readonly seeds: number;
  readonly tune: boolean;
  readonly json: boolean;
}

const SHIPPED = ['static', 'cockroachdb', 'tikv-pd', 'pulsar', 'reactive', 'predictive', 'oracle'];
const WITH_KEYS = ['reactive+keys', 'predictive+keys', 'oracle+keys'];
const WITH_HOSTS = ['p-store', 'reactive+hosts', 'predictive+hosts', 'oracle+hosts'];
const KEY_HOSTS = '64';
/** replayed, of which the first six hours do not count */
const DAYS = '2';

export async function run({ data, only, seeds, tune: isTuning, json }: PolicyBenchOptions): Promise<void> {
  if (isTuning) return tune(seeds, data, only);
  const absent = (file: string) => process.stderr.write(`not there, and so not in the means: ${file}\n`);
  const all: TraceRuns[] = [];
  for (const trace of benchTraces(data, only, absent)) all.push(await runsOf(trace, seeds, json));
  const figures = all.length > 0 ? summary(all) : {};
  const imbalance = only.length === 0 || only.includes('imbalance') ? await imbalances(data, absent) : [];
  if (json) process.stdout.write(`${JSON.stringify({ name: 'policy', seeds, figures, imbalance, all })}\n`);
  else {
    console.table(figures);
    console.table(imbalance);
  }
}

async function runsOf(trace: BenchTrace, seeds: number, json: boolean): Promise<TraceRuns> {
  const runs: (readonly Row[])[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const { results } = await simulated(
      ['--days', DAYS, ...trace.options, '--seed', String(seed)],
      playsFor(trace),
    );
    runs.push(results);
  }
  if (!json) {
    console.log(`${trace.name}: means over ${seeds} seeds; seconds of one seed with its forecasts`);
    console.table(meansOf(runs));
  }
  return { trace: trace.name, runs };
}

function playsFor({ scales }: BenchTrace): Play[] {
  const names = [...SHIPPED, ...WITH_KEYS, ...(scales ? WITH_HOSTS : [])];
  const tuned = Object.entries(TUNED).map(([policy, settings]) => ({
    policy,
    as: `${policy} tuned`,
    settings,
  }));
  return [...names.map((policy) => ({ policy })), ...tuned];
}

function meansOf(runs: readonly (readonly Row[])[]): Record<string, Record<string, number>> {
  const table: Record<string, Record<string, number>> = {};
  for (const { policy } of runs[0] ?? []) {
    const rows = runs.map((one) => one.find((row) => row.policy === policy)!);
    const mean = (of: (row: Row) => number, digits: number) =>
      Number((rows.reduce((sum, row) => sum + of(row), 0) / rows.length).toPrecision(digits));
    table[policy] = {
      overload: mean((row) => row.overloadMinutes, 3),
      'excess %': mean((row) => 100 * row.excessShare, 2),
      'p99 ms': mean((row) => row.p99Ms, 3),
      moves: mean((row) => row.moves, 3),
      reversals: mean((row) => row.reversals, 2),
      MB: mean((row) => row.megabytesMoved, 3),
      'max/mean': mean((row) => row.maxOverMean, 3),
      'host h': mean((row) => row.hostHours, 3),
      seconds: mean((row) => row.seconds, 2),
    };
  }
  return table;
}

/** At 64 hosts, max/mean over windows in which chance alone makes the named floor. */
async function imbalances(data: string, absent: (file: string) => void): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  for (const { name, file, windowOperations, goal } of KEY_TRACES) {
    const path = join(data, file);
    if (data === '' || !existsSync(path)) {
      absent(file);
      continue;
    }
    const options = ['--trace', path, '--hosts', KEY_HOSTS, '--in-order', String(windowOperations)];
    rows.push({ trace: name, ...(await inOrder(options)), goal });
  }
  return rows;
}
