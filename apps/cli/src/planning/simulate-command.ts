/** foreshard simulate: how policies would have fared with a recorded load, in virtual time. */
import {
  type Choices,
  COSTS,
  choicesOf,
  fittingCapacity,
  keysInOrder,
  MADE_WORKLOADS,
  POLICY_NAMES,
  type PolicyName,
  playSchema,
  Replay,
  type Score,
} from '@foreshard/core/simulation';
import type { Command } from 'commander';
import { z } from 'zod';
import { badInput } from '../failure.ts';
import { wholeNumber } from '../forecast-models/options.ts';
import { print, progressOutput, writeErr } from '../output.ts';
import { tableOf } from '../table.ts';
import { readAs } from './document.ts';
import { FLIGHTS_BY_ROUTE, keysOf, loadOf } from './load-of-trace.ts';

interface Flags {
  readonly trace: string;
  readonly hosts: string;
  readonly capacity: string;
  readonly policy: string;
  readonly seed: string;
  readonly days: string;
  readonly until?: string;
  readonly keys?: string;
  readonly settings?: string;
  readonly window: string;
  readonly warmUp?: string;
  readonly loseForecasts: string;
  readonly inOrder?: string;
  readonly json: boolean;
}

const HOSTS_MAX = 10_000;
const SEED_MAX = 2 ** 31;
const DAYS_MAX = 366;
const WARM_UP_MINUTES = 360;
const UNTIL_MAX = 100_000;
const WINDOW_MAX = 1_440;
const BAD_ROWS_SHOWN = 5;
const SECONDS = 60;
const CHANCE_WORTH_TELLING = 0.1;
/** What a policy may say of a host; numbers far above it are no longer counted exactly. */
const CAPACITY_MAX = 1e9;

export function register(program: Command): void {
  program
    .command('simulate')
    .description('replay a recorded load against policies in virtual time; needs no server')
    .requiredOption(
      '--trace <FILE>',
      `flights, ${FLIGHTS_BY_ROUTE}, ${MADE_WORKLOADS.join(', ')}, or a file: FILE.csv (timestamp,key or timestamp,value, a row of hours per tenant, or block accesses) or FILE.i32be.gz`,
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
    .option('--until <DAY>', 'the trace ends after so many days')
    .option('--keys <FILE>', 'of a load: its events have these keys, in their order')
    .option('--settings <FILE.json>', 'policies with settings of their own, instead of --policy')
    .option('--window <MINUTES>', 'max/mean is taken over so many minutes at a time', '1')
    .option(
      '--warm-up <MINUTES>',
      'policies act at the start, and nothing counts yet; left out: six hours, or a quarter of a shorter part',
    )
    .option('--lose-forecasts <SHARE>', 'part of all three-hour spans without a forecast', '0')
    .option(
      '--in-order <OPERATIONS>',
      'only the keys in their order: max/mean over windows of so many, with and without the fast lane for hot keys',
    )
    .option('--json', 'one JSON document', false)
    .addHelpText(
      'after',
      '\nExample: foreshard simulate --trace flights --hosts 8 --policy reactive+keys,predictive+keys\ndocs/planning.md states what moves cost and how overload is counted.',
    )
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const plays = flags.settings === undefined ? playsIn(flags.policy) : playsOf(flags.settings);
  const hosts = wholeNumber(flags.hosts, '--hosts', 1, HOSTS_MAX);
  const seed = wholeNumber(flags.seed, '--seed', 0, SEED_MAX);
  const given = capacityIn(flags.capacity);
  const bad: string[] = [];
  const days = wholeNumber(flags.days, '--days', 1, DAYS_MAX);
  showProgress('reading the trace');
  const request = {
    trace: flags.trace,
    seed,
    testDays: days,
    untilDay: flags.until === undefined ? undefined : wholeNumber(flags.until, '--until', 1, UNTIL_MAX),
    keys: flags.keys,
  };
  const windowMinutes = wholeNumber(flags.window, '--window', 1, WINDOW_MAX);
  const forecastsLost = shareIn(flags.loseForecasts);
  if (flags.inOrder !== undefined) return inOrder(flags.trace, flags.inOrder, hosts, seed, flags.json);
  const workload = await loadOf(request, (line, reason) => bad.push(`line ${line}: ${reason}`));
  for (const line of bad.slice(0, BAD_ROWS_SHOWN)) writeErr(`foreshard: left out, ${line}\n`);
  if (bad.length > BAD_ROWS_SHOWN) writeErr(`foreshard: ${bad.length} rows were left out\n`);
  const warmUpMinutes =
    flags.warmUp === undefined
      ? Math.min(WARM_UP_MINUTES, workload.minutes >> 2)
      : wholeNumber(flags.warmUp, '--warm-up', 0, UNTIL_MAX);
  if (warmUpMinutes >= workload.minutes)
    throw badInput(
      `${workload.minutes} minutes are replayed, and --warm-up ${warmUpMinutes} leaves none of them to count`,
    );
  const capacity = given === undefined ? fittingCapacity(workload, hosts) : given * SECONDS;
  if (capacity <= 0)
    throw badInput('nothing happens in the part that is replayed: give a --capacity, or fewer --days');
  if (!(capacity / SECONDS <= CAPACITY_MAX))
    throw badInput(
      `one host would take ${(capacity / SECONDS).toPrecision(3)} events/s, and ${CAPACITY_MAX} is the most that is replayed: look at the values of the trace, or give a --capacity`,
    );
  const replay = new Replay(workload, { hosts, capacity, seed, windowMinutes, warmUpMinutes, forecastsLost });
  const results = plays.map(({ name, policy, choices }) => {
    showProgress(name);
    const startedMs = performance.now();
    const score = replay.run(policy, choices);
    return { policy: name, ...score, seconds: round((performance.now() - startedMs) / 1_000) };
  });
  const setting = { trace: workload.name, keys: workload.keyCount, minutes: workload.minutes, hosts, seed };
  const document = { ...setting, capacityPerSecond: capacity / SECONDS, costs: COSTS, results };
  if (flags.json) await print(`${JSON.stringify(document)}\n`);
  else
    await print(
      `${workload.name}: ${workload.minutes} minutes, ${workload.keyCount} keys, ${hosts} hosts of ${round(capacity / SECONDS)} events/s, seed ${seed}\n${tableOf(results.map(rowOf))}\n${chanceNote(capacity)}`,
    );
}

interface NamedPlay {
  readonly name: string;
  readonly policy: PolicyName;
  readonly choices: Choices;
}

/** No capacity and no moves: what the fast lane alone does to the imbalance. */
async function inOrder(
  trace: string,
  window: string,
  hosts: number,
  seed: number,
  json: boolean,
): Promise<void> {
  const keys = await keysOf(trace);
  const windowOperations = wholeNumber(window, '--in-order', 1, keys.length);
  const result = keysInOrder(keys, { hosts, seed, windowOperations });
  const setting = { trace, operations: keys.length, hosts, seed, windowOperations };
  const rows = Object.entries(result).map(([what, value]) => ({ what, value: round(value) }));
  const text = json
    ? JSON.stringify({ ...setting, ...result })
    : `${trace}: ${keys.length} operations, ${hosts} hosts, windows of ${windowOperations}, seed ${seed}\n${tableOf(rows)}`;
  await print(`${text}\n`);
}

function playsIn(text: string): NamedPlay[] {
  const names = text === 'all' ? POLICY_NAMES : text.split(',').map((name) => name.trim());
  return names.map((name) => {
    const policy = POLICY_NAMES.find((one) => one === name);
    if (policy === undefined)
      throw badInput(`there is no policy "${name}"; there are ${POLICY_NAMES.join(', ')}, all`);
    return { name, policy, choices: {} };
  });
}

function playsOf(file: string): NamedPlay[] {
  return readAs(file, z.array(playSchema).min(1)).map((play) => {
    const choices = choicesOf(play);
    if (typeof choices === 'string') throw badInput(`${file}: ${choices}`);
    return { name: play.as ?? play.policy, policy: play.policy, choices };
  });
}

function capacityIn(text: string): number | undefined {
  if (text === 'auto') return undefined;
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw badInput(`--capacity takes events a second above 0, or auto, not "${text}"`);
}

function shareIn(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw badInput(`--lose-forecasts takes a part from 0 to 1, not "${text}"`);
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

/**
 * Events that come independently of each other vary from minute to minute by the root of their number (Poisson): a
 * policy that acts on that has acted on nothing.
 */
function chanceNote(capacityPerMinute: number): string {
  const share = 1 / Math.sqrt(capacityPerMinute);
  if (share < CHANCE_WORTH_TELLING) return '';
  return `A full host has ${round(capacityPerMinute)} events a minute, which chance alone changes by ${Math.round(100 * share)} % from one minute to the next: such overload nobody can foresee, and small differences between policies say nothing.\n`;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}

function showProgress(what: string): void {
  if (progressOutput.isTTY) writeErr(`foreshard: ${what} ...\n`);
}
