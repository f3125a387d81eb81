/**
 * Workloads that are made, not recorded: what each policy does is easier to follow where one thing happens at a time.
 * Numbers of events are drawn (Poisson), never interpolated.
 */
import { type Random, seededRandom } from '../../kernel/index.ts';
import { type Counted, type Workload, workloadOf } from './workload.ts';

export const MADE_WORKLOADS = ['steady', 'flash-crowd', 'hot-key'] as const;
export type MadeWorkload = (typeof MADE_WORKLOADS)[number];

const KEYS = 400;
const DAY = 1_440;
const PAST_DAYS = 14;
/** events a minute of all keys together, on average */
const RATE = 3_000;

export function madeWorkload(kind: MadeWorkload, seed: number, testDays: number): Workload {
  const random = seededRandom(seed);
  const share = zipf(KEYS, 0.8);
  const rows: Counted[] = [];
  const days = PAST_DAYS + testDays;
  for (let minute = 0; minute < days * DAY; minute++)
    for (let key = 0; key < KEYS; key++) {
      const count = poisson(random, RATE * share[key]! * factorOf(kind, minute, key));
      if (count > 0) rows.push({ minute, key, count });
    }
  return workloadOf(kind, rows, KEYS, PAST_DAYS * DAY, testDays * DAY);
}

/** From 18:00 to 20:00 one key of the middle gets about a quarter of all load, every day. */
const HOT_KEY = 100;
const HOT_RATE = 1_200;
/** at noon of the second test day a crowd comes to forty keys within ten minutes, and leaves in two hours */
const CROWD_AT = (PAST_DAYS + 1) * DAY + 720;

function factorOf(kind: MadeWorkload, minute: number, key: number): number {
  const daily = 1 - 0.4 * Math.cos((2 * Math.PI * (minute % DAY)) / DAY);
  if (kind === 'steady') return 1;
  if (kind === 'hot-key') {
    const hour = (minute % DAY) / 60;
    return daily + (key === HOT_KEY && hour >= 18 && hour < 20 ? HOT_RATE / (RATE * zipfShare) : 0);
  }
  const since = minute - CROWD_AT;
  const crowd = since < 0 || key % 10 !== 3 ? 0 : since < 10 ? since / 10 : Math.exp(-(since - 10) / 60);
  return daily * (1 + 5 * crowd);
}

function zipf(count: number, exponent: number): Float64Array {
  const weights = Float64Array.from({ length: count }, (_, rank) => (rank + 1) ** -exponent);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}
const zipfShare = zipf(KEYS, 0.8)[HOT_KEY]!;

/** Knuth's product below 30, the normal limit above. */
export function poisson(random: Random, mean: number): number {
  if (mean <= 0) return 0;
  if (mean > 30) {
    const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * radius * Math.cos(2 * Math.PI * random.next())));
  }
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random.next(); product > limit; product *= random.next()) count++;
  return count;
}
