/**
 * A recorded load as the policies are judged by it: the past in steps, which forecasts learn from, and the test part
 * minute by minute and key by key, of which a policy sees nothing before it has happened.
 */
import type { CountedRows } from './counted-rows.ts';

export interface Workload {
  readonly name: string;
  readonly keyCount: number;
  readonly stepMinutes: number;
  /** all events of the past, a value per step */
  readonly pastTotal: Float64Array;
  /** the keys with most events in the past; [i] belongs to heavy[i] */
  readonly heavy: readonly number[];
  readonly pastHeavy: readonly Float64Array[];
  /** share of each key in the last day of the past */
  readonly pastShare: Float64Array;
  readonly minutes: number;
  /** [minute]: where its rows begin; a row is a key and how many events it had */
  readonly start: Int32Array;
  readonly key: Int32Array;
  readonly count: Float32Array;
  /** host 1 dies at this minute of the test part */
  readonly hostDiesAt?: number | undefined;
  /** of each key, in [0, 1); left out: it is drawn where the keys are laid out */
  readonly position?: Float64Array;
  /** events of kinds that may announce something, in order; below 0 in the past */
  readonly marks?: readonly Mark[];
  /** [minute of the past * keyCount + key] */
  readonly pastByKey?: Float32Array;
}

export interface Mark {
  readonly minute: number;
  readonly type: string;
  readonly position: number;
}

/** keys that get a forecast of their own; the rest share what is left of the total */
const HEAVY_KEYS = 120;
export const STEP_MINUTES = 10;
const DAY_MINUTES = 1_440;

export interface WorkloadParts {
  readonly name: string;
  readonly keyCount: number;
  /** whole steps; what lies before is learned from */
  readonly testFrom: number;
  /** whole steps */
  readonly minutes: number;
  readonly hostDiesAt?: number | undefined;
}

export function workloadOf(rows: CountedRows, parts: WorkloadParts): Workload {
  const { keyCount, testFrom, minutes } = parts;
  const steps = Math.floor(testFrom / STEP_MINUTES);
  const pastTotal = new Float64Array(steps);
  const pastKey = new Float64Array(keyCount);
  const pastShare = new Float64Array(keyCount);
  for (let i = 0; i < rows.length; i++) {
    const minute = rows.minute[i]!;
    if (minute >= testFrom) continue;
    pastTotal[Math.floor(minute / STEP_MINUTES)]! += rows.count[i]!;
    pastKey[rows.key[i]!]! += rows.count[i]!;
    if (minute >= testFrom - DAY_MINUTES) pastShare[rows.key[i]!]! += rows.count[i]!;
  }
  const heavy = heaviest(pastKey);
  const place = new Int32Array(keyCount).fill(-1);
  for (const [i, key] of heavy.entries()) place[key] = i;
  const pastHeavy = heavy.map(() => new Float64Array(steps));
  for (let i = 0; i < rows.length; i++) {
    const own = place[rows.key[i]!]!;
    if (own >= 0 && rows.minute[i]! < testFrom)
      pastHeavy[own]![Math.floor(rows.minute[i]! / STEP_MINUTES)]! += rows.count[i]!;
  }
  const sum = pastShare.reduce((total, share) => total + share, 0);
  return {
    name: parts.name,
    keyCount,
    minutes,
    hostDiesAt: parts.hostDiesAt,
    stepMinutes: STEP_MINUTES,
    pastTotal,
    heavy,
    pastHeavy,
    pastShare: pastShare.map((share) => (sum > 0 ? share / sum : 1 / keyCount)),
    ...byMinute(rows, testFrom, minutes),
  };
}

function heaviest(sums: Float64Array): number[] {
  return [...sums.keys()]
    .filter((key) => sums[key]! > 0)
    .sort((a, b) => sums[b]! - sums[a]! || a - b)
    .slice(0, HEAVY_KEYS);
}

function byMinute(rows: CountedRows, testFrom: number, minutes: number) {
  const start = new Int32Array(minutes + 1);
  const isTest = (i: number) => rows.minute[i]! >= testFrom && rows.minute[i]! < testFrom + minutes;
  for (let i = 0; i < rows.length; i++) if (isTest(i)) start[rows.minute[i]! - testFrom + 1]!++;
  for (let minute = 0; minute < minutes; minute++) start[minute + 1]! += start[minute]!;
  const next = start.slice(0, minutes);
  const key = new Int32Array(start[minutes]!);
  const count = new Float32Array(start[minutes]!);
  for (let i = 0; i < rows.length; i++) {
    if (!isTest(i)) continue;
    const at = next[rows.minute[i]! - testFrom]!++;
    key[at] = rows.key[i]!;
    count[at] = rows.count[i]!;
  }
  return { start, key, count };
}

/** Events of the test part in each minute. */
export function totalOf({ minutes, start, count }: Workload): Float64Array {
  const total = new Float64Array(minutes);
  for (let minute = 0; minute < minutes; minute++)
    for (let at = start[minute]!; at < start[minute + 1]!; at++) total[minute]! += count[at]!;
  return total;
}
