/** foreshard simulate: how policies would have fared with a recorded load, in virtual time. */
import {
  COSTS,
  fittingCapacity,
  MADE_WORKLOADS,
  POLICY_NAMES,
  type PolicyName,
  Replay,
  type Score,
} from '@foreshard/core/simulation';
import type { Command } from 'commander';
import { badInput } from '../failure.ts';
import { wholeNumber } from '../forecast/options.ts';
import { print } from '../output.ts';
import { tableOf } from '../table.ts';
import { loadOf } from './load-of-trace.ts';

interface Flags {
  readonly trace: string;
  readonly hosts: string;
  readonly capacity: string;
  readonly policy: string;
  readonly seed: string;
  readonly days: string;
  readonly json: boolean;
}

const HOSTS_MAX = 10_000;
const SEED_MAX = 2 ** 31;
const DAYS_MAX = 366;
const BAD_ROWS_SHOWN = 5;
const SECONDS = 60;

export function register(program: Command): void {
  program
    .command('simulate')
    .description('replay a recorded load against policies in virtual time; needs no server')
    .requiredOption(
      '--trace <FILE>',
      `flights, ${MADE_WORKLOADS.join(', ')}, FILE.csv (timestamp,key or timestamp,value) or FILE.i32be.gz`,
    )
    .option('--hosts <N>', 'hosts of the cluster', '8')
    .option(
      '--capacity <EVENTS/S>',
      'what one host takes; auto: all together at 0.9 at the 99.9th percentile',
      'auto',
    )
    .option(
      '--policy <NAMES>',
      `${POLICY_NAMES.join(', ')}; several with commas, or all`,
      'static,reactive,predictive',
    )
    .option('--seed <N>', 'where keys lie, and what is drawn', '1')
    .option('--days <N>', 'days at the end that are replayed; what lies before is learned from', '3')
    .option('--json', 'one JSON document', false)
    .addHelpText(
      'after',
      '\nExample: foreshard simulate --trace flights --hosts 8 --policy reactive+keys,predictive+keys\ndocs/planning.md states what moves cost and how overload is counted.',
    )
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const names = namesIn(flags.policy);
  const hosts = wholeNumber(flags.hosts, '--hosts', 1, HOSTS_MAX);
  const seed = wholeNumber(flags.seed, '--seed', 0, SEED_MAX);
  const given = capacityIn(flags.capacity);
  const bad: string[] = [];
  const days = wholeNumber(flags.days, '--days', 1, DAYS_MAX);
  tell('reading the trace');
  const workload = await loadOf({ trace: flags.trace, seed, testDays: days }, (line, reason) =>
    bad.push(`line ${line}: ${reason}`),
  );
  for (const line of bad.slice(0, BAD_ROWS_SHOWN)) process.stderr.write(`foreshard: left out, ${line}\n`);
  if (bad.length > BAD_ROWS_SHOWN) process.stderr.write(`foreshard: ${bad.length} rows were left out\n`);
  const capacity = given === undefined ? fittingCapacity(workload, hosts) : given * SECONDS;
  if (capacity <= 0)
    throw badInput('nothing happens in the part that is replayed: give a --capacity, or fewer --days');
  const replay = new Replay(workload, { hosts, capacity, seed });
  const results = names.map((policy) => {
    tell(policy);
    return { policy, ...replay.run(policy) };
  });
  const setting = { trace: workload.name, keys: workload.keyCount, minutes: workload.minutes, hosts, seed };
  const document = { ...setting, capacityPerSecond: capacity / SECONDS, costs: COSTS, results };
  if (flags.json) await print(`${JSON.stringify(document)}\n`);
  else
    await print(
      `${workload.name}: ${workload.minutes} minutes, ${workload.keyCount} keys, ${hosts} hosts of ${round(capacity / SECONDS)} events/s, seed ${seed}\n${tableOf(results.map(rowOf))}\n`,
    );
}

function namesIn(text: string): PolicyName[] {
  if (text === 'all') return [...POLICY_NAMES];
  return text.split(',').map((name) => {
    const known = POLICY_NAMES.find((one) => one === name.trim());
    if (known === undefined)
      throw badInput(`there is no policy "${name}"; there are ${POLICY_NAMES.join(', ')}, all`);
    return known;
  });
}

function capacityIn(text: string): number | undefined {
  if (text === 'auto') return undefined;
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw badInput(`--capacity takes events a second above 0, or auto, not "${text}"`);
}

function rowOf({ policy, ...score }: Score & { policy: string }) {
  return {
    policy,
    'overload min': score.overloadMinutes,
    'excess %': round(100 * score.excessShare),
    'p99 ms': round(score.p99Ms),
    moves: score.moves,
    reversals: score.reversals,
    'MB moved': round(score.megabytesMoved),
    splits: score.splits,
    'max/mean': round(score.maxOverMean),
    'host h': round(score.hostHours),
  };
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}

function tell(what: string): void {
  if (process.stderr.isTTY) process.stderr.write(`foreshard: ${what} ...\n`);
}
