/**
 * Workloads that are made, not recorded: what each policy does is easier to follow where one thing happens at a time.
 * Numbers of events are drawn (Poisson), never interpolated. The past is drawn by steps, since it is only learned from.
 */
import { type Random, seededRandom } from '../../kernel/index.ts';
import { ANNOUNCED_WORKLOADS, announcedSurges } from './announced-surges.ts';
import { CountedRows } from './counted-rows.ts';
import { poisson } from './poisson.ts';

export { poisson } from './poisson.ts';

import { STEP_MINUTES, type Workload, workloadOf } from './workload.ts';

export const MADE_WORKLOADS = [
  'steady',
  'hot-key',
  'random-hot-key',
  'too-hot-key',
  'flash-crowd',
  'growth',
  'host-death',
  ...ANNOUNCED_WORKLOADS,
] as const;
export type MadeWorkload = (typeof MADE_WORKLOADS)[number];

const KEYS = 400;
const DAY = 1_440;
const PAST_DAYS = 14;
/** events a minute of all keys together, on average; the noise of a host's minute is about 2 % then */
const RATE = 20_000;
const SKEW = 0.8;
const SHARES = zipf(KEYS, SKEW);

export function madeWorkload(kind: MadeWorkload, seed: number, testDays: number): Workload {
  if (kind === 'announced-surge' || kind === 'announced-surge-control')
    return announcedSurges(seed, testDays, kind === 'announced-surge-control');
  const random = seededRandom(seed);
  const testFrom = PAST_DAYS * DAY;
  const factor = factorOf(kind, random, testDays);
  const rows = new CountedRows();
  for (let minute = 0; minute < testFrom + testDays * DAY; minute += minute < testFrom ? STEP_MINUTES : 1)
    for (let key = 0; key < KEYS; key++) {
      const width = minute < testFrom ? STEP_MINUTES : 1;
      const count = poisson(random, width * RATE * SHARES[key]! * factor(minute, key));
      if (count > 0) rows.add(minute, key, count);
    }
  const hostDiesAt = kind === 'host-death' ? Math.floor(testDays * DAY * DEATH_AT) : undefined;
  return workloadOf(rows, { name: kind, keyCount: KEYS, testFrom, minutes: testDays * DAY, hostDiesAt });
}

type Factor = (minute: number, key: number) => number;

/** From 18:00 to 20:00 one key of the middle is hot: about half of one of eight hosts. */
const HOT_KEY = 100;
const HOT_RATE = 1_700;
/** more than one of eight hosts takes: no placement helps */
const TOO_HOT_RATE = 5_000;
const HOT_FROM = 18 * 60;
const HOT_MINUTES = 120;
/** a crowd comes to forty keys within ten minutes, and leaves in two hours */
const CROWD_MINUTES = 10;
const CROWD_FADES = 60;
/** into the test part; before the peak of the last day but one */
const DEATH_AT = 0.45;
/** of the keys, one in ten grows to so many times its load, evenly over the test part */
const GROWN = 4;

function factorOf(
  kind: Exclude<MadeWorkload, (typeof ANNOUNCED_WORKLOADS)[number]>,
  random: Random,
  testDays: number,
): Factor {
  const daily = (minute: number) => 1 - 0.4 * Math.cos((2 * Math.PI * (minute % DAY)) / DAY);
  const testFrom = PAST_DAYS * DAY;
  switch (kind) {
    case 'steady':
      return () => 1;
    case 'hot-key':
    case 'too-hot-key': {
      const extra = (kind === 'hot-key' ? HOT_RATE : TOO_HOT_RATE) / (RATE * SHARES[HOT_KEY]!);
      return (minute, key) => daily(minute) + (key === HOT_KEY && isHotHour(minute) ? extra : 0);
    }
    case 'random-hot-key': {
      // another key at another time every day, in the past as well
      const days = Array.from({ length: PAST_DAYS + testDays }, () => ({
        key: Math.floor(20 + random.next() * (KEYS - 20)),
        from: Math.floor(random.next() * (DAY - HOT_MINUTES)),
      }));
      return (minute, key) => {
        const hot = days[Math.floor(minute / DAY)]!;
        const since = (minute % DAY) - hot.from;
        const isHot = key === hot.key && since >= 0 && since < HOT_MINUTES;
        return daily(minute) + (isHot ? HOT_RATE / (RATE * SHARES[key]!) : 0);
      };
    }
    case 'flash-crowd': {
      const at = testFrom + Math.min(1, testDays - 1) * DAY + DAY / 2;
      return (minute, key) => daily(minute) * (1 + (key % 10 === 3 ? 5 * crowdAt(minute - at) : 0));
    }
    case 'growth':
      return (minute, key) => {
        const part = Math.max(0, minute - testFrom) / (testDays * DAY);
        return daily(minute) * (key % 10 === 3 ? 1 + (GROWN - 1) * part : 1);
      };
    case 'host-death':
      return daily;
  }
}

function isHotHour(minute: number): boolean {
  const since = (minute % DAY) - HOT_FROM;
  return since >= 0 && since < HOT_MINUTES;
}

function crowdAt(since: number): number {
  if (since < 0) return 0;
  return since < CROWD_MINUTES ? since / CROWD_MINUTES : Math.exp(-(since - CROWD_MINUTES) / CROWD_FADES);
}

function zipf(count: number, exponent: number): Float64Array {
  const weights = Float64Array.from({ length: count }, (_, rank) => (rank + 1) ** -exponent);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}
