/**
 * Names the shape of a heat map, so that a person need not read it from colours: what it is, where and when,
 * and how strong. Thresholds are of shape only (shares and ratios), never of an absolute load, so the same
 * cluster at a tenth of its load gets the same name. Several may hold at once; the one whose remedy is most
 * urgent comes first.
 */
import type { Heat } from './heat.ts';

export const PATTERNS = ['sequential', 'hotKey', 'hotRange', 'burst', 'periodic', 'even'] as const;

export interface Stretch {
  readonly first: number;
  readonly last: number;
}

export interface LoadPattern {
  readonly kind: (typeof PATTERNS)[number];
  /** what it is about: these rows of the picture, both included */
  readonly rows?: Stretch;
  /** and these columns */
  readonly columns?: Stretch;
  /** of all load in the picture, 0 to 1: what lies in those rows (or columns) */
  readonly share?: number;
  /** how often it comes back */
  readonly periodMs?: number;
  /** how many times the even (or usual) load it is */
  readonly times?: number;
}

export interface PatternHints {
  /** largest share of one key in the load of a shardlet of the hottest row, 0 to 1; undefined: not known */
  readonly topKeyShare?: number;
  /** the hottest shardlet: a picture in which it stands out is not even, however small it is drawn */
  readonly hottest?: { readonly rows: Stretch; readonly share: number; readonly times: number };
}

/** Below so many times the average of its stream a shardlet is like the others: there is nothing to take away. */
export const STANDS_OUT_TIMES = 2;

/** Fewer columns tell nothing about time, fewer rows nothing about place. */
const COLUMNS_MIN = 8;
const ROWS_MIN = 4;
/** A range this narrow with this much more than its even share is hot. */
const HOT_WIDTH_MAX = 0.1;
const HOT_SHARE_MIN = 0.35;
const HOT_TIMES_MIN = 4;
/** One key has most of its shardlet: a split beside it does not help. */
export const HOT_KEY_SHARE_MIN = 0.5;
/** How well the place of the hottest row must follow time, and how far it must come. */
const SEQUENTIAL_CORRELATION_MIN = 0.9;
const SEQUENTIAL_WAY_MIN = 0.25;
const SEQUENTIAL_SHARE_MIN = 0.3;
/** Above this many times the median column, for this small a part of the time. */
const BURST_TIMES_MIN = 4;
const BURST_WIDTH_MAX = 0.1;
/** Autocorrelation of the total at the period. */
const PERIODIC_CORRELATION_MIN = 0.5;
const PERIODS_MIN = 2;
const NEARLY_AS_GOOD = 0.85;
/** and how far it must have fallen before: what only declines slowly has no period */
const PERIODIC_RISE_MIN = 0.3;

/** Most urgent first; empty when there is no load, or too little of a picture. */
export function patternsOf(heat: Heat, hints: PatternHints = {}): LoadPattern[] {
  const { columns, rows } = heat;
  const { byColumn, byRow, total } = totalsOf(heat);
  if (total === 0 || rows.length < ROWS_MIN || columns < COLUMNS_MIN) return [];
  const hot = hotRange(byRow, total) ?? outlier(hints);
  const sequential = sequentialOf(heat, byColumn);
  const found = [
    sequential,
    sequential === undefined ? nameHot(hot, hints) : undefined,
    burstOf(byColumn),
    periodicOf(byColumn, heat.columnMs),
  ].filter((pattern) => pattern !== undefined);
  return found.length > 0 ? found : [{ kind: 'even' }];
}

interface Totals {
  /** NaN where nothing was observed */
  readonly byColumn: Float64Array;
  readonly byRow: Float64Array;
  readonly total: number;
}

function totalsOf({ columns, rows, values }: Heat): Totals {
  const byColumn = new Float64Array(columns).fill(Number.NaN);
  const byRow = new Float64Array(rows.length);
  let total = 0;
  for (let c = 0; c < columns; c++)
    for (let r = 0; r < rows.length; r++) {
      const value = values[c * rows.length + r]!;
      if (Number.isNaN(value)) continue;
      byColumn[c] = (Number.isNaN(byColumn[c]!) ? 0 : byColumn[c]!) + value;
      byRow[r]! += value;
      total += value;
    }
  return { byColumn, byRow, total };
}

/** The narrowest run of rows that has its share: grown from the hottest row to the heavier neighbour. */
function hotRange(byRow: Float64Array, total: number): Omit<LoadPattern, 'kind'> | undefined {
  let first = indexOfMax(byRow);
  let last = first;
  let sum = byRow[first]!;
  const widthMax = Math.max(1, Math.floor(byRow.length * HOT_WIDTH_MAX));
  while (sum / total < HOT_SHARE_MIN && last - first + 1 < widthMax) {
    const [below, above] = [byRow[first - 1] ?? -1, byRow[last + 1] ?? -1];
    if (Math.max(below, above) < 0) break;
    sum += below > above ? byRow[--first]! : byRow[++last]!;
  }
  const share = sum / total;
  const times = share / ((last - first + 1) / byRow.length);
  if (share < HOT_SHARE_MIN || times < HOT_TIMES_MIN) return undefined;
  return { rows: { first, last }, share, times };
}

function outlier({ hottest }: PatternHints): Omit<LoadPattern, 'kind'> | undefined {
  return hottest !== undefined && hottest.times >= STANDS_OUT_TIMES ? hottest : undefined;
}

function nameHot(
  hot: Omit<LoadPattern, 'kind'> | undefined,
  { topKeyShare = 0 }: PatternHints,
): LoadPattern | undefined {
  if (hot === undefined) return undefined;
  return { kind: topKeyShare >= HOT_KEY_SHARE_MIN ? 'hotKey' : 'hotRange', ...hot };
}

/** The hottest place moves through the key space as time goes on: keys that count up. */
function sequentialOf(heat: Heat, byColumn: Float64Array): LoadPattern | undefined {
  const { columns, rows, values } = heat;
  const times: number[] = [];
  const places: number[] = [];
  for (let c = 0; c < columns; c++) {
    const column = values.subarray(c * rows.length, (c + 1) * rows.length);
    const hottest = indexOfMax(column);
    if (!(column[hottest]! / byColumn[c]! >= SEQUENTIAL_SHARE_MIN)) continue;
    times.push(c);
    places.push(hottest);
  }
  if (times.length < Math.max(COLUMNS_MIN, columns / 2)) return undefined;
  const [first, last] = [Math.min(...places), Math.max(...places)];
  if ((last - first) / rows.length < SEQUENTIAL_WAY_MIN) return undefined;
  if (Math.abs(correlation(times, places)) < SEQUENTIAL_CORRELATION_MIN) return undefined;
  return { kind: 'sequential', rows: { first, last } };
}

function burstOf(byColumn: Float64Array): LoadPattern | undefined {
  const known = byColumn.filter((value) => !Number.isNaN(value));
  const usual = known.toSorted()[Math.floor(known.length / 2)]!;
  const peak = indexOfMax(byColumn);
  const times = byColumn[peak]! / usual;
  if (usual === 0 || times < BURST_TIMES_MIN) return undefined;
  let [first, last] = [peak, peak];
  const isHigh = (c: number) => byColumn[c]! > (usual * BURST_TIMES_MIN) / 2;
  while (isHigh(first - 1)) first--;
  while (isHigh(last + 1)) last++;
  if ((last - first + 1) / byColumn.length > BURST_WIDTH_MAX) return undefined;
  return { kind: 'burst', columns: { first, last }, times };
}

/** The lag of a high autocorrelation after a valley, if at least two periods are in the picture. */
function periodicOf(byColumn: Float64Array, columnMs: number): LoadPattern | undefined {
  const level = withoutTrend(byColumn);
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
  return { kind: 'periodic', periodMs: best.lag * columnMs };
}

/** A line through all of it, taken off: growth is similar to itself at every lag. */
function withoutTrend(values: Float64Array): Float64Array {
  const known = [...values.keys()].filter((i) => !Number.isNaN(values[i]!));
  const middle = mean(known);
  const level = mean(known.map((i) => values[i]!));
  const rise = known.reduce((sum, i) => sum + (i - middle) * (values[i]! - level), 0);
  const slope = rise / known.reduce((sum, i) => sum + (i - middle) ** 2, 0);
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
  return now.length < COLUMNS_MIN ? 0 : correlation(now, before);
}

/** Pearson; 0 where one side does not vary. */
function correlation(a: readonly number[], b: readonly number[]): number {
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
function indexOfMax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > (values[best]! || 0)) best = i;
  return best;
}
