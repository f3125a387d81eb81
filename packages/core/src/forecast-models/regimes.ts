/**
 * What happened to a series that no season explains: an outage (nothing arrives for far longer than it ever did),
 * a flash crowd (a burst far above anything usual that passes), a level shift (a lasting change of the load).
 * Outages are masked before a fit, since nobody wants them forecast; shifts and crowds are told as they are.
 */
import { observed, type Series } from './series.ts';

export interface Regime {
  readonly kind: 'outage' | 'flash-crowd' | 'level-shift';
  /** steps [from, to) */
  readonly from: number;
  readonly to: number;
  /** load during it over the load before it */
  readonly ratio: number;
}

/** zeros this many times the longest common run are an outage, and at least so many steps */
const OUTAGE_STEPS_MIN = 4;
/** a series that is zero more often than this is sparse, not down */
const ZERO_SHARE_MAX = 0.1;
const CROWD_RATIO = 4;
const SHIFT_RATIO = 1.4;
/** a shift has lasted so many days (or seasons) on both sides */
const SHIFT_SEASONS = 3;

export function regimesOf(series: Series): Regime[] {
  const outages = outagesOf(series.values);
  const values = masked(series.values, outages);
  return [...outages, ...shiftsAndCrowds({ ...series, values })].sort((a, b) => a.from - b.from);
}

/**
 * The values with past outages as missing: what models are fitted on and forecast from. One that goes on at the end
 * is left as it is: nobody knows yet that it will pass.
 */
export function withoutOutages(values: Float64Array): Float64Array {
  return masked(
    values,
    outagesOf(values).filter((outage) => outage.to < values.length),
  );
}

function masked(values: Float64Array, outages: readonly Regime[]): Float64Array {
  if (outages.length === 0) return values;
  const result = values.slice();
  for (const { from, to } of outages) result.fill(Number.NaN, from, to);
  return result;
}

function outagesOf(values: Float64Array): Regime[] {
  const runs = zeroRuns(values);
  const zeros = runs.reduce((sum, run) => sum + run.to - run.from, 0);
  if (runs.length === 0 || zeros > ZERO_SHARE_MAX * values.length) return [];
  const lengths = runs.map((run) => run.to - run.from).sort((a, b) => a - b);
  const common = runs.length > 4 ? lengths[lengths.length >> 1]! : 1;
  return runs
    .filter((run) => run.to - run.from >= Math.max(OUTAGE_STEPS_MIN, 3 * common))
    .map((run) => ({ kind: 'outage', ...run, ratio: 0 }) as const);
}

function zeroRuns(values: Float64Array): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = [];
  for (let t = 0; t < values.length; t++) {
    if (values[t] !== 0) continue;
    const from = t;
    while (t < values.length && values[t] === 0) t++;
    runs.push({ from, to: t });
  }
  return runs;
}

/** Season by season, so that neither the hour nor the weekday looks like a shift. */
function shiftsAndCrowds({ values, seasons }: Series): Regime[] {
  const length = seasons[0] ?? 24;
  const levels: number[] = [];
  for (let from = 0; from + length <= values.length; from += length)
    levels.push(median(observed(values.subarray(from, from + length))));
  return [...shifts(levels, length), ...crowds(values, levels, length)];
}

function shifts(levels: readonly number[], length: number): Regime[] {
  const found: Regime[] = [];
  // a whole week on each side where there is one, so that a weekend is none
  const side = levels.length >= 21 ? 7 : SHIFT_SEASONS;
  for (let day = side; day + SHIFT_SEASONS <= levels.length; day++) {
    const before = levels.slice(day - side, day).filter(Number.isFinite);
    const after = levels.slice(day, day + side).filter(Number.isFinite);
    if (before.length < SHIFT_SEASONS || after.length < SHIFT_SEASONS) continue;
    const ratio = median(Float64Array.from(after)) / median(Float64Array.from(before));
    const apart = Math.min(...after) > Math.max(...before) || Math.max(...after) < Math.min(...before);
    if (!apart || (ratio < SHIFT_RATIO && ratio > 1 / SHIFT_RATIO)) continue;
    found.push({ kind: 'level-shift', from: day * length, to: levels.length * length, ratio });
    day += side;
  }
  return found;
}

function crowds(values: Float64Array, levels: readonly number[], length: number): Regime[] {
  const found: Regime[] = [];
  const usualPeak = median(
    Float64Array.from(levels, (_, day) => highest(values.subarray(day * length, (day + 1) * length))),
  );
  for (let t = 0; t < values.length && usualPeak > 0; t++) {
    if (!(values[t]! > CROWD_RATIO * usualPeak)) continue;
    const from = t;
    while (t < values.length && values[t]! > (CROWD_RATIO / 2) * usualPeak) t++;
    // what lasts is a shift
    if (t - from < SHIFT_SEASONS * length)
      found.push({ kind: 'flash-crowd', from, to: t, ratio: highest(values.subarray(from, t)) / usualPeak });
  }
  return found;
}

function highest(values: Float64Array): number {
  let most = Number.NEGATIVE_INFINITY;
  for (const value of values) if (value > most) most = value;
  return most;
}

function median(values: Float64Array): number {
  return values.length === 0 ? Number.NaN : values.slice().sort()[values.length >> 1]!;
}
