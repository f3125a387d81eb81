/**
 * The correlation engine: how often it is right beside plain Markov chains, on recorded and made logs, and what an event costs it
 * beside a Markov chain of order 2. Times are of the processor, as the machine is shared.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Evaluation, NextEventModel, PrequentialEvaluation } from '@foreshard/core/correlation';
import type { BenchOptions, BenchResult } from './bench.ts';
import { type EventLog, flights, orders, recordedLogs, unrelated } from './correlate/logs.ts';
import { MarkovOfOrder2 } from './correlate/markov-of-order-2.ts';
import { interleave, ratio, spread } from './measure/interleave.ts';

const BESIDE_CHECKOUT = join(import.meta.dirname, '../../../shared/data');
const FLIGHTS = 100_000;
/** the months that nothing was chosen on */
const FLIGHTS_FROM = 2_400_000;
const TIMED_ORDERS = 5_000;
const MODEL_SIZE = { keysMax: 65_536, typesMax: 65_528, contextsMax: 1 << 18, wideContextsMax: 1 << 15 };
const TYPES = 1_000_000;
const MIB = 1 << 20;

export async function run(options: BenchOptions): Promise<BenchResult> {
  const memory = memoryOfManyTypes();
  const logs = await logsOf(options);
  const mode: Record<string, string> = {};
  for (const log of logs) {
    process.stderr.write(`  ${log.name}: ${log.events.length} events\n`);
    mode[`${log.name}${log.wasTunedOn ? ' (tuned on)' : ''}`] = summary(evaluated(log));
  }
  const timed = orders(TIMED_ORDERS, 300);
  const results = await interleave(
    [
      { name: 'model, us an event', measure: async () => micros(timed, model(timed)) },
      { name: 'Markov of order 2, us an event', measure: async () => micros(timed, new MarkovOfOrder2()) },
    ],
    options.rounds,
  );
  return {
    mode: { ...mode, 'memory after a million types': `${memory} MiB` },
    ratios: {
      ...Object.fromEntries([...results].map(([name, values]) => [name, spread(values)])),
      'model / Markov of order 2': ratio(results, 'model, us an event', 'Markov of order 2, us an event'),
    },
    marks: { 'model, us an event': '<= 3' },
  };
}

async function logsOf({ data, only = [] }: BenchOptions): Promise<EventLog[]> {
  const folder = data ?? BESIDE_CHECKOUT;
  const absent = (file: string) => process.stderr.write(`  absent: ${file}\n`);
  const made = [210, 211].flatMap((seed) => [orders(800, seed), unrelated(6_000, seed)]);
  const recorded = existsSync(folder) ? recordedLogs(folder, absent) : [];
  const departures = await Promise.all(
    (['origin', 'destination'] as const).map((by) => flights(FLIGHTS, FLIGHTS_FROM, by)),
  );
  const all = [...recorded, ...departures, ...made];
  return all.filter(({ name }) => only.length === 0 || only.some((part) => name.includes(part)));
}

function evaluated({ attributes, events }: EventLog): Evaluation {
  const keysMax = new Set(events.map(({ key }) => key)).size;
  const evaluation = new PrequentialEvaluation({ attributes, keysMax });
  for (const event of events) evaluation.observe(event);
  return evaluation.result();
}

function summary({ hits, baselines, logLoss, features }: Evaluation): string {
  const { mostFrequent, ...chains } = baselines;
  const best = ([1, 3, 5] as const).map((depth) => Math.max(...Object.values(chains).map((of) => of[depth])));
  const own = [hits[1], hits[3], hits[5]];
  const gains = own.map((share, i) => signed(share - best[i]!)).join(' ');
  const said = features.map(
    ({ name, information, nullLimit, isInformative }) =>
      `${name} ${information.toFixed(3)} (chance ${nullLimit.toFixed(3)}) ${isInformative ? 'informative' : '-'}`,
  );
  return [
    `hit@1/3/5 ${own.map((share) => share.toFixed(4)).join(' ')}`,
    `over the best Markov order ${gains}`,
    `most frequent ${mostFrequent![1].toFixed(4)}`,
    `log loss ${logLoss.toFixed(3)}`,
    ...said,
  ].join('; ');
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(4)}`;
}

interface Learner {
  predict(key: string): unknown;
  learn(event: EventLog['events'][number]): void;
}

function model({ attributes }: EventLog): NextEventModel {
  return new NextEventModel({ attributes, ...MODEL_SIZE });
}

function micros({ events }: EventLog, learner: Learner): number {
  const before = process.cpuUsage();
  for (const event of events) {
    learner.predict(event.key);
    learner.learn(event);
  }
  return process.cpuUsage(before).user / events.length;
}

/** Of a model with default sizes that has seen a million types, each once, over as many keys. */
function memoryOfManyTypes(): string {
  globalThis.gc?.();
  const before = process.memoryUsage();
  const learner = new NextEventModel({ attributes: ['attribute'], ...MODEL_SIZE });
  for (let i = 0; i < TYPES; i++) {
    learner.predict(`key-${i}`);
    learner.learn({ key: `key-${i}`, type: `com.example.type-${i}`, timeMs: i, attributes: [`value-${i}`] });
  }
  globalThis.gc?.();
  const after = process.memoryUsage();
  const grown = after.heapUsed + after.external - before.heapUsed - before.external;
  return (grown / MIB).toFixed(1);
}
