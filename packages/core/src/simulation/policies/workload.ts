/**
 * A recorded load as the policies are judged by it: the past in steps, which forecasts learn from, and the test part
 * minute by minute and key by key, of which a policy sees nothing before it has happened.
 */
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
}

export interface Counted {
  /** from the beginning of the trace */
  readonly minute: number;
  readonly key: number;
  readonly count: number;
}

/** keys that get a forecast of their own; the rest share what is left of the total */
const HEAVY_KEYS = 16;
export const STEP_MINUTES = 10;
const DAY_MINUTES = 1_440;

/** REQUIRES: `testFrom` and the length are whole steps. `rows` may come in any order. */
export function workloadOf(
  name: string,
  rows: readonly Counted[],
  keyCount: number,
  testFrom: number,
  minutes: number,
): Workload {
  const steps = Math.floor(testFrom / STEP_MINUTES);
  const pastTotal = new Float64Array(steps);
  const pastKey = new Float64Array(keyCount);
  const pastShare = new Float64Array(keyCount);
  for (const { minute, key, count } of rows) {
    if (minute >= testFrom) continue;
    pastTotal[Math.floor(minute / STEP_MINUTES)]! += count;
    pastKey[key]! += count;
    if (minute >= testFrom - DAY_MINUTES) pastShare[key]! += count;
  }
  const heavy = heaviest(pastKey);
  const place = new Map(heavy.map((key, i) => [key, i]));
  const pastHeavy = heavy.map(() => new Float64Array(steps));
  for (const { minute, key, count } of rows) {
    const i = place.get(key);
    if (i !== undefined && minute < testFrom) pastHeavy[i]![Math.floor(minute / STEP_MINUTES)]! += count;
  }
  const sum = pastShare.reduce((total, share) => total + share, 0);
  const shares = pastShare.map((share) => (sum > 0 ? share / sum : 1 / keyCount));
  const common = {
    name,
    keyCount,
    stepMinutes: STEP_MINUTES,
    pastTotal,
    heavy,
    pastHeavy,
    pastShare: shares,
    minutes,
  };
  return { ...common, ...byMinute(rows, testFrom, minutes) };
}

function heaviest(sums: Float64Array): number[] {
  return [...sums.keys()]
    .filter((key) => sums[key]! > 0)
    .sort((a, b) => sums[b]! - sums[a]! || a - b)
    .slice(0, HEAVY_KEYS);
}

function byMinute(rows: readonly Counted[], testFrom: number, minutes: number) {
  const start = new Int32Array(minutes + 1);
  const test = rows.filter(({ minute }) => minute >= testFrom && minute < testFrom + minutes);
  for (const { minute } of test) start[minute - testFrom + 1]!++;
  for (let minute = 0; minute < minutes; minute++) start[minute + 1]! += start[minute]!;
  const next = start.slice(0, minutes);
  const key = new Int32Array(test.length);
  const count = new Float32Array(test.length);
  for (const row of test) {
    const at = next[row.minute - testFrom]!++;
    key[at] = row.key;
    count[at] = row.count;
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
