/**
 * What a series knows beside its own values: the calendar of each step, and columns that others have measured
 * (requests of the query layer, how its groups scale, how popular the shardlet is, what goes along with it).
 * Columns are known up to the end of the history, the calendar also ahead of it.
 */
import type { Series } from './series.ts';

export interface FeatureColumn {
  readonly name: string;
  /** aligned with the series; what is missing counts as the last that was known */
  readonly values: Float64Array;
}

const DAY_MS = 86_400_000;
/** 1 January 1970 was a Thursday; weekdays count from Monday */
const EPOCH_WEEKDAY = 3;
const MONTH_EDGE_DAYS = 2;

/** Hour, weekday and season flags of the step that begins at `ms`, in UTC. */
export function calendarOf(ms: number): number[] {
  const hour = (2 * Math.PI * (ms % DAY_MS)) / DAY_MS;
  const weekday = (Math.floor(ms / DAY_MS) + EPOCH_WEEKDAY) % 7;
  const date = new Date(ms);
  const untilMonthEnd = new Date(ms + MONTH_EDGE_DAYS * DAY_MS).getUTCMonth() !== date.getUTCMonth();
  const isYearEnd = date.getUTCMonth() === 11 && date.getUTCDate() > 20;
  return [
    ...[Math.sin(hour), Math.cos(hour), Math.sin(2 * hour), Math.cos(2 * hour)],
    ...Array.from({ length: 6 }, (_, day) => Number(weekday === day + 1)),
    Number(weekday >= 5),
    Number(untilMonthEnd || date.getUTCDate() <= MONTH_EDGE_DAYS),
    Number(isYearEnd),
  ];
}

/** How much of the last day's load fell to this part, step by step: its popularity as it rolls on. */
export function rollingPopularity(own: Float64Array, all: Float64Array, steps: number): Float64Array {
  const result = new Float64Array(own.length).fill(Number.NaN);
  let [part, whole] = [0, 0];
  for (let t = 0; t < own.length; t++) {
    part += known(own[t]);
    whole += known(all[t]);
    if (t >= steps) {
      part -= known(own[t - steps]);
      whole -= known(all[t - steps]);
    }
    if (whole > 0) result[t] = part / whole;
  }
  return result;
}

/** Those that go before the series best: by the correlation of their steps with its next steps. */
export function correlated(
  series: Series,
  others: readonly FeatureColumn[],
  count: number,
): (FeatureColumn & { readonly correlation: number })[] {
  const ahead = differences(series.values).subarray(1);
  return others
    .map((other) => {
      const steps = differences(other.values);
      return { ...other, correlation: correlation(steps.subarray(0, ahead.length), ahead) };
    })
    .filter((other) => Math.abs(other.correlation) > CORRELATION_MIN)
    .sort((a, b) => Math.abs(b.correlation) - Math.abs(a.correlation) || (a.name < b.name ? -1 : 1))
    .slice(0, count);
}

/** below it chance makes as much among a hundred candidates */
const CORRELATION_MIN = 0.2;

function correlation(a: Float64Array, b: Float64Array): number {
  const pairs: [number, number][] = [];
  for (let t = 0; t < Math.min(a.length, b.length); t++)
    if (!Number.isNaN(a[t]! + b[t]!)) pairs.push([a[t]!, b[t]!]);
  if (pairs.length < 8) return 0;
  const mean = (at: 0 | 1) => pairs.reduce((sum, pair) => sum + pair[at], 0) / pairs.length;
  const [ma, mb] = [mean(0), mean(1)];
  let [sab, saa, sbb] = [0, 0, 0];
  for (const [x, y] of pairs) {
    sab += (x - ma) * (y - mb);
    saa += (x - ma) ** 2;
    sbb += (y - mb) ** 2;
  }
  return saa * sbb > 0 ? sab / Math.sqrt(saa * sbb) : 0;
}

function differences(values: Float64Array): Float64Array {
  return values.map((value, t) => (t === 0 ? Number.NaN : value - values[t - 1]!));
}

function known(value: number | undefined): number {
  return value === undefined || Number.isNaN(value) ? 0 : value;
}
