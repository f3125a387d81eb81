/** `npm run simulate -- --seeds N [--from SEED] [--coverage] [--trace] [--json]` */
import { parseArgs } from 'node:util';
import { Coverage } from '@foreshard/core/simulation';
import { gapsIn, planOf, transitionsIn } from './plan.ts';
import { type RunResult, runPlan } from './run-seed.ts';
import { SET_BACK_COUNTS } from './set-backs.ts';
import { installVirtualTime } from './virtual-process.ts';

const USAGE = `npm run simulate -- [options]

Runs a whole cluster on virtual time, with faults drawn from a seed, and checks what protocol.md promises.

  --seeds N      runs, each with a seed of its own (100)
  --from SEED    the first seed (1)
  --coverage     prints how often each fault met each transition; a pair that never met is a failure
  --trace        prints all that happened, of every run
  --set-back     hosts also go back to older states, and a person accepts what they lost
  --stop         ends at the first seed that fails
  --json         one JSON document on standard output
  --help         this text

A seed that fails is printed with its history. The same seed gives the same run:
  npm run simulate -- --from SEED --seeds 1 --trace
`;
const FAILED_SHOWN_MAX = 3;
const LINES_SHOWN_MAX = 150;
const SAID_EVERY_MS = 5_000;

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const options = optionsOf(args);
  if (typeof options === 'string') {
    process.stderr.write(`simulate: ${options}\n\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  return simulate(options);
}

interface Options {
  readonly seeds: number;
  readonly from: number;
  readonly coverage: boolean;
  readonly trace: boolean;
  readonly json: boolean;
  readonly stop: boolean;
  readonly 'set-back': boolean;
  readonly help: boolean;
}

function optionsOf(args: string[]): Options | string {
  try {
    const flag = { type: 'boolean', default: false } as const;
    const { values } = parseArgs({
      args,
      options: {
        seeds: { type: 'string', default: '100' },
        from: { type: 'string', default: '1' },
        ...{ coverage: flag, trace: flag, json: flag, stop: flag, help: flag, 'set-back': flag },
      },
    });
    const [seeds, from] = [Number(values.seeds), Number(values.from)];
    if (!Number.isSafeInteger(seeds) || seeds < 1)
      return `--seeds takes a number from 1 on, not "${values.seeds}"`;
    if (!Number.isSafeInteger(from) || from < 0)
      return `--from takes a number from 0 on, not "${values.from}"`;
    return { ...values, seeds, from } as Options;
  } catch (error) {
    return (error as Error).message;
  }
}

async function simulate(options: Options): Promise<number> {
  const { seeds, from, trace, json } = options;
  const setsBack = options['set-back'];
  const uninstall = installVirtualTime();
  if (!trace) Error.stackTraceLimit = 0;
  const coverage = new Coverage();
  const failed: RunResult[] = [];
  let operations = 0;
  const startedMs = performance.now();
  let saidMs = startedMs;
  for (let seed = from; seed < from + seeds && !(options.stop && failed.length > 0); seed++) {
    const result = await runPlan(planOf(seed, setsBack), coverage, trace);
    operations += result.requests;
    if (trace && !json) process.stdout.write(`${result.history().join('\n')}\n`);
    if (hasFailed(result)) {
      failed.push(result);
      if (!json && failed.length <= FAILED_SHOWN_MAX) await reportSeed(seed, setsBack);
    }
    if (performance.now() - saidMs < SAID_EVERY_MS || json) continue;
    saidMs = performance.now();
    process.stderr.write(`${seed - from + 1} of ${seeds} seeds, ${failed.length} failed\n`);
  }
  uninstall();
  const seconds = (performance.now() - startedMs) / 1_000;
  const gaps = options.coverage ? gapsIn(coverage, setsBack) : [];
  if (json) printSummary({ options, failed, operations, seconds, gaps, coverage });
  else printText({ options, failed, operations, seconds, gaps, coverage });
  return failed.length > 0 || gaps.length > 0 ? 1 : 0;
}

interface Summary {
  readonly options: Options;
  readonly failed: readonly RunResult[];
  readonly operations: number;
  readonly seconds: number;
  readonly gaps: readonly string[];
  readonly coverage: Coverage;
}

function hasFailed({ violations, defects }: RunResult): boolean {
  return violations.length + defects.length > 0;
}

/** Runs it once more, this time with its history. */
async function reportSeed(seed: number, setsBack: boolean): Promise<void> {
  const result = await runPlan(planOf(seed, setsBack), new Coverage(), true);
  const { violations, defects } = result;
  const about = new Set<number | string>(violations.flatMap((v) => [...v.shardlets, ...v.events]));
  const lines = result.history(about.size > 0 ? about : undefined);
  const shown = lines.slice(-LINES_SHOWN_MAX);
  const left = lines.length - shown.length;
  process.stdout.write(
    [
      `seed ${seed} fails:`,
      ...violations.slice(0, 5).map((v) => `  ${v.invariant}: ${v.detail}`),
      ...defects.slice(0, 2).map((defect) => `  defect: ${defect}`),
      `its history, as far as it concerns this${left > 0 ? ` (${left} earlier lines left out)` : ''}:`,
      ...shown.map((line) => `  ${line}`),
      `all of it: npm run simulate -- --from ${seed} --seeds 1${setsBack ? ' --set-back' : ''} --trace`,
      '',
    ].join('\n'),
  );
}

function printText({ options, failed, operations, seconds, gaps, coverage }: Summary): void {
  const lines: string[] = [];
  if (options.coverage)
    lines.push(coverage.table(transitionsIn(options['set-back'])), '', setBacksIn(coverage), '');
  if (gaps.length > 0) lines.push(`never met: ${gaps.join(', ')}`);
  if (failed.length > 0) lines.push(`failed: ${failed.map((each) => each.seed).join(' ')}`);
  lines.push(
    `${options.seeds} seeds from ${options.from}, ${operations} requests, ${failed.length} failed, ${seconds.toFixed(1)} s`,
  );
  process.stdout.write(`${lines.join('\n')}\n`);
}

function setBacksIn(coverage: Coverage): string {
  const counts = SET_BACK_COUNTS.map((what) => `${what} ${coverage.count(what, 'done')}`);
  return `hosts in an older state: ${counts.join(', ')}`;
}

function printSummary({ options, failed, operations, seconds, gaps, coverage }: Summary): void {
  const failures = failed.map(({ seed, violations, defects }) => ({ seed, violations, defects }));
  const { seeds, from } = options;
  const document = { seeds, from, requests: operations, seconds, failed: failures };
  const covered = options.coverage ? { coverage: coverage.toJson(), gaps } : {};
  process.stdout.write(`${JSON.stringify({ ...document, ...covered })}\n`);
}
