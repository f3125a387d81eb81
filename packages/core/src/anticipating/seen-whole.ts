/**
 * The slices of a stream as one: expectations stand beside each other, since each key is in one slice, and counts of the matrix
 * add up, so the coefficients are those of all keys.
 */
import { middleOfLagClass, phi } from '../correlation/index.ts';
import type { ExpectedOfKey, HitRates, SliceReport } from './slice-report.ts';

/** Events before which nothing is claimed: enough for each of some dozen types to have followed another some times. */
export const EVENTS_WANTED = 2_000;
const QUANTILES = [0.1, 0.5, 0.9] as const;

type Reports = readonly SliceReport[];

/** The version of what was learned: it grows with each report. */
export function versionOf(reports: Reports): number {
  return reports.reduce((newest, { atMs }) => Math.max(newest, atMs), 0);
}

/** Likeliest first. */
export function expectedOf(reports: Reports, type: string | undefined, limit: number): ExpectedOfKey[] {
  return reports
    .flatMap(({ expected }) => expected)
    .filter((one) => type === undefined || one.type === type)
    .sort((a, b) => b.probability - a.probability || (a.key < b.key ? -1 : 1))
    .slice(0, limit);
}

export interface ExpectedInShardlet {
  readonly type: string;
  readonly shardlet: number;
  readonly events: number;
  readonly keys: number;
  readonly nextAtMs: number | null;
}

/** Most events first. */
export function shardletsExpecting(
  reports: Reports,
  type: string | undefined,
  limit: number,
): ExpectedInShardlet[] {
  const sums = new Map<string, ExpectedInShardlet>();
  for (const one of reports.flatMap(({ shardlets }) => shardlets)) {
    if (type !== undefined && one.type !== type) continue;
    const id = `${one.shardlet} ${one.type}`;
    const sum = sums.get(id);
    sums.set(id, sum === undefined ? one : added(sum, one));
  }
  return [...sums.values()].sort((a, b) => b.events - a.events || a.shardlet - b.shardlet).slice(0, limit);
}

function added(a: ExpectedInShardlet, b: ExpectedInShardlet): ExpectedInShardlet {
  const times = [a.nextAtMs, b.nextAtMs].filter((one) => one !== null);
  return {
    ...a,
    events: a.events + b.events,
    keys: a.keys + b.keys,
    nextAtMs: times.length === 0 ? null : Math.min(...times),
  };
}

export interface SeenPair {
  readonly from: string;
  readonly to: string;
  readonly coefficient: number;
  readonly samples: number;
  /** false: too few for a statement */
  readonly isEnough: boolean;
  readonly lagMs: { readonly p10: number; readonly p50: number; readonly p90: number };
  /** evidence: events of `to`, events after a `from`, and all events */
  readonly counts: { readonly to: number; readonly afterFrom: number; readonly all: number };
  /** [middle of a class of lags in ms, samples] */
  readonly lags: readonly (readonly [number, number])[];
}

export interface SeenMatrix {
  /** most frequent first */
  readonly types: readonly string[];
  readonly pairs: readonly SeenPair[];
}

interface PairSum {
  readonly from: string;
  readonly to: string;
  samples: number;
  readonly lags: Map<number, number>;
}

export function matrixOf(reports: Reports, typesMax: number): SeenMatrix {
  const counts = reports.map((report) => report.counts);
  const all = counts.reduce((sum, { total }) => sum + total, 0);
  const events = sumByType(counts, 'events');
  const preceded = sumByType(counts, 'preceded');
  const types = [...events]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, typesMax)
    .map(([type]) => type);
  const shown = new Set(types);
  const pairs = [...pairSums(counts).values()]
    .filter(({ from, to }) => shown.has(from) && shown.has(to))
    .map(({ from, to, samples, lags }) => ({
      ...{ from, to, samples, lagMs: quantiles(lags, samples) },
      ...phi({ total: all, both: samples, preceded: preceded.get(from)!, events: events.get(to)! }),
      counts: { to: events.get(to)!, afterFrom: preceded.get(from)!, all },
      lags: inOrder(lags).map(([one, count]) => [middleOfLagClass(one), count] as const),
    }));
  return { types, pairs: pairs.sort(strongestFirst) };
}

/** Weighed by the events they stand on. */
export function hitsOf(reports: Reports): HitRates {
  const events = reports.reduce((sum, { hits }) => sum + hits.events, 0);
  const mean = (of: (rates: HitRates) => number) =>
    events === 0 ? 0 : reports.reduce((sum, { hits }) => sum + of(hits) * hits.events, 0) / events;
  return {
    events,
    hit1: mean((one) => one.hit1),
    hit3: mean((one) => one.hit3),
    frequent1: mean((one) => one.frequent1),
    frequent3: mean((one) => one.frequent3),
  };
}

type Counts = SliceReport['counts'];

function sumByType(counts: readonly Counts[], which: 'events' | 'preceded'): Map<string, number> {
  const sums = new Map<string, number>();
  for (const one of counts)
    for (const [i, type] of one.types.entries()) sums.set(type, (sums.get(type) ?? 0) + one[which][i]!);
  return sums;
}

function pairSums(counts: readonly Counts[]): Map<string, PairSum> {
  const sums = new Map<string, PairSum>();
  for (const { types, pairs } of counts)
    for (const { from: fromPlace, to: toPlace, samples, lags } of pairs) {
      const [from, to] = [types[fromPlace]!, types[toPlace]!];
      const id = JSON.stringify([from, to]);
      const sum = sums.get(id) ?? { from, to, samples: 0, lags: new Map<number, number>() };
      sum.samples += samples;
      for (const [one, count] of lags) sum.lags.set(one, (sum.lags.get(one) ?? 0) + count);
      sums.set(id, sum);
    }
  return sums;
}

function inOrder(lags: ReadonlyMap<number, number>): [number, number][] {
  return [...lags].sort((a, b) => a[0] - b[0]);
}

function quantiles(lags: ReadonlyMap<number, number>, samples: number): SeenPair['lagMs'] {
  const [p10, p50, p90] = QUANTILES.map((quantile) => {
    let left = quantile * samples;
    for (const [one, count] of inOrder(lags)) {
      left -= count;
      if (left <= 0) return middleOfLagClass(one);
    }
    return 0;
  });
  return { p10: p10!, p50: p50!, p90: p90! };
}

function strongestFirst(a: SeenPair, b: SeenPair): number {
  return (
    Number(b.isEnough) - Number(a.isEnough) ||
    Math.abs(b.coefficient) - Math.abs(a.coefficient) ||
    b.samples - a.samples
  );
}
