/**
 * The one classifier of load: what is said of a range on the heat map, of a shardlet among the hot ones, and of one on
 * the page Health comes from here, so that no two of them disagree about the same figures. Thresholds are of shape only
 * (shares and ratios), never of an absolute load. Unknown figures are left out, and what cannot be told without them is
 * `unknown`, never `even`.
 */

/** Below so many times the average of its stream a shardlet is like the others: there is nothing to take away. */
export const STANDS_OUT_TIMES = 2;
/** One key has most of its shardlet: a split beside it does not help. */
const HOT_KEY_SHARE_MIN = 0.5;
/** Together eight keys at most, as many as are counted, have nearly all: a split between them helps. */
const FEW_KEYS_SHARE_MIN = 0.8;

/** How a load stands among its like; `hot`: it stands out, and its keys are not known */
export type LoadPlace = 'hotKey' | 'fewKeys' | 'hotRange' | 'hot' | 'even' | 'unknown';

export interface PlaceFacts {
  /** against the average of its like; undefined: not known, or it does not add up */
  readonly times: number | undefined;
  /** of its load, 0 to 1: of its heaviest key; undefined: no key is known */
  readonly topKeyShare: number | undefined;
  /** of all its counted keys together */
  readonly countedKeysShare?: number | undefined;
}

export function loadPlace({ times, topKeyShare, countedKeysShare }: PlaceFacts): LoadPlace {
  if (times === undefined || Number.isNaN(times)) return 'unknown';
  if (times < STANDS_OUT_TIMES) return 'even';
  if (topKeyShare === undefined || Number.isNaN(topKeyShare)) return 'hot';
  if (topKeyShare >= HOT_KEY_SHARE_MIN) return 'hotKey';
  return (countedKeysShare ?? 0) >= FEW_KEYS_SHARE_MIN ? 'fewKeys' : 'hotRange';
}

/** Fewer known steps tell nothing about time. */
export const STEPS_MIN = 8;
/** Above this many times the median step, for this small a part of the time. */
const BURST_TIMES_MIN = 4;
const BURST_WIDTH_MAX = 0.1;
/** Autocorrelation of the load at the period. */
const PERIODIC_CORRELATION_MIN = 0.5;
const PERIODS_MIN = 2;
const NEARLY_AS_GOOD = 0.85;
/** and how far it must have fallen before: what only declines slowly has no period */
const PERIODIC_RISE_MIN = 0.3;
/** How well a line must follow the load, and how much higher it must end than it starts. */
const GROWING_CORRELATION_MIN = 0.8;
const GROWING_TIMES_MIN = 1.5;

/** How a load goes on in time; the most urgent first where several hold. */
interface LoadCourse {
  readonly burst?: { readonly first: number; readonly last: number; readonly times: number };
  /** steps until it comes back */
  readonly period?: number;
  /** how much higher its end lies than its start, along a line */
  readonly growth?: number;
}

/** One value a step; NaN where nothing is known. */
export function loadCourse(steps: Float64Array): LoadCourse {
  const known = steps.filter((value) => !Number.isNaN(value));
  if (known.length < STEPS_MIN) return {};
  const [burst, period] = [burstOf(steps, known), periodOf(steps)];
  // a rise within a period is the period
  const growth = period === undefined ? growthOf(steps) : undefined;
  return {
    ...(burst === undefined ? {} : { burst }),
    ...(period === undefined ? {} : { period }),
    ...(growth === undefined ? {} : { growth }),
  };
}

function burstOf(steps: Float64Array, known: Float64Array): LoadCourse['burst'] {
  const usual = known.toSorted()[Math.floor(known.length / 2)]!;
  const peak = indexOfMax(steps);
  const times = steps[peak]! / usual;
  if (usual === 0 || times < BURST_TIMES_MIN) return undefined;
  let [first, last] = [peak, peak];
  const isHigh = (step: number) => steps[step]! > (usual * BURST_TIMES_MIN) / 2;
  while (isHigh(first - 1)) first--;
  while (isHigh(last + 1)) last++;
  return (last - first + 1) / steps.length > BURST_WIDTH_MAX ? undefined : { first, last, times };
}

/** The lag of a high autocorrelation after a valley, if at least two periods are there. */
function periodOf(steps: Float64Array): number | undefined {
  const level = withoutTrend(steps);
  const lagMax = Math.floor(level.length / PERIODS_MIN);
  const peaks: { readonly lag: number; readonly value: number }[] = [];
  let valley = 1;
  for (let lag = 1; lag <= lagMax; lag++) {
    const value = autocorrelation(level, lag);
    valley = Math.min(valley, value);
    if (value - valley >= PERIODIC_RISE_MIN && value >= PERIODIC_CORRELATION_MIN) peaks.push({ lag, value });
  }
  if (peaks.length === 0) return undefined;
  // a week repeats days: the shortest period that is nearly as good is the one to name
  const good = Math.max(...peaks.map((peak) => peak.value)) * NEARLY_AS_GOOD;
  const first = peaks.find((peak) => peak.value >= good)!;
  let best = first;
  for (const peak of peaks) if (peak.lag < 1.5 * first.lag && peak.value > best.value) best = peak;
  return best.lag;
}

function growthOf(steps: Float64Array): number | undefined {
  const { slope, level, middle, known } = lineOf(steps);
  const values = known.map((i) => steps[i]!);
  if (correlation(known, values) < GROWING_CORRELATION_MIN) return undefined;
  const at = (i: number) => level + slope * (i - middle);
  const start = Math.max(at(known[0]!), level / LINE_MAX);
  const times = at(known.at(-1)!) / start;
  return times < GROWING_TIMES_MIN ? undefined : times;
}

/** A line that starts below zero says no number of times; so many is enough. */
const LINE_MAX = 100;

/** The line through all of it, least squares. */
function lineOf(values: Float64Array) {
  const known = [...values.keys()].filter((i) => !Number.isNaN(values[i]!));
  const middle = mean(known);
  const level = mean(known.map((i) => values[i]!));
  const rise = known.reduce((sum, i) => sum + (i - middle) * (values[i]! - level), 0);
  return { slope: rise / known.reduce((sum, i) => sum + (i - middle) ** 2, 0), level, middle, known };
}

/** Growth is similar to itself at every lag: it is taken off. */
function withoutTrend(values: Float64Array): Float64Array {
  const { slope, middle } = lineOf(values);
  return values.map((value, i) => value - slope * (i - middle));
}

function autocorrelation(values: Float64Array, lag: number): number {
  const now: number[] = [];
  const before: number[] = [];
  for (let i = lag; i < values.length; i++) {
    if (Number.isNaN(values[i]!) || Number.isNaN(values[i - lag]!)) continue;
    now.push(values[i]!);
    before.push(values[i - lag]!);
  }
  return now.length < STEPS_MIN ? 0 : correlation(now, before);
}

/** Pearson; 0 where one side does not vary. */
export function correlation(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]! - meanA, b[i]! - meanB];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The first of the highest; NaN counts as nothing. */
export function indexOfMax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > (values[best]! || 0)) best = i;
  return best;
}
