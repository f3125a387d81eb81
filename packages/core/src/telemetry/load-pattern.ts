/**
 * Names the shape of a heat map, so that a person need not read it from colours: what it is, where and when,
 * and how strong. Thresholds are of shape only (shares and ratios), never of an absolute load, so the same
 * cluster at a tenth of its load gets the same name. Several may hold at once; the one whose remedy is most
 * urgent comes first.
 */
import type { Heat } from './heat.ts';
import { correlation, indexOfMax, loadCourse, loadPlace, STANDS_OUT_TIMES, STEPS_MIN } from './load-class.ts';

export const PATTERNS = ['sequential', 'hotKey', 'hotRange', 'burst', 'growing', 'periodic', 'even'] as const;

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

/** Fewer rows tell nothing about place. */
const ROWS_MIN = 4;
/** A range this narrow with this much more than its even share is hot. */
const HOT_WIDTH_MAX = 0.1;
const HOT_SHARE_MIN = 0.35;
const HOT_TIMES_MIN = 4;
/** How well the place of the hottest row must follow time, and how far it must come. */
const SEQUENTIAL_CORRELATION_MIN = 0.9;
const SEQUENTIAL_WAY_MIN = 0.25;
const SEQUENTIAL_SHARE_MIN = 0.3;
/** Most urgent first; empty when there is no load, or too little of a picture. */
export function patternsOf(heat: Heat, hints: PatternHints = {}): LoadPattern[] {
  const { columns, rows } = heat;
  const { byColumn, byRow, total } = totalsOf(heat);
  if (total === 0 || rows.length < ROWS_MIN || columns < STEPS_MIN) return [];
  const hot = hotRange(byRow, total) ?? outlier(hints);
  const sequential = sequentialOf(heat, byColumn);
  const found = [
    sequential,
    sequential === undefined ? nameHot(hot, hints) : undefined,
    ...courseOf(byColumn, heat.columnMs),
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
  { topKeyShare }: PatternHints,
): LoadPattern | undefined {
  if (hot === undefined) return undefined;
  return { kind: loadPlace({ times: hot.times, topKeyShare }) === 'hotKey' ? 'hotKey' : 'hotRange', ...hot };
}

function courseOf(byColumn: Float64Array, columnMs: number): LoadPattern[] {
  const { burst, growth, period } = loadCourse(byColumn);
  return [
    ...(burst === undefined
      ? []
      : [{ kind: 'burst' as const, columns: { first: burst.first, last: burst.last }, times: burst.times }]),
    ...(growth === undefined ? [] : [{ kind: 'growing' as const, times: growth }]),
    ...(period === undefined ? [] : [{ kind: 'periodic' as const, periodMs: period * columnMs }]),
  ];
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
  if (times.length < Math.max(STEPS_MIN, columns / 2)) return undefined;
  const [first, last] = [Math.min(...places), Math.max(...places)];
  if ((last - first) / rows.length < SEQUENTIAL_WAY_MIN) return undefined;
  if (Math.abs(correlation(times, places)) < SEQUENTIAL_CORRELATION_MIN) return undefined;
  return { kind: 'sequential', rows: { first, last } };
}
