/** Load over time, of one place or of many shardlets at once. Steps of which nothing is known are NaN. */
import { overlaps, type Range } from '../keyspace/index.ts';
import type { Shardlet, TopologyMap } from '../topology/index.ts';
import { type AnyMetric, describeMetric, type HostMetric, type Metric, metricValue } from './metric.ts';
import type { Observation } from './observation.ts';
import { placeOf } from './positions.ts';

export type SeriesScope =
  | { readonly kind: 'shardlet'; readonly shardlet: number }
  /** whoever covered it: the past of a shardlet before it was split or moved to another id */
  | { readonly kind: 'range'; readonly streamId: number; readonly range: Range }
  | { readonly kind: 'shard'; readonly streamId: number; readonly shard: number }
  | { readonly kind: 'stream'; readonly streamId: number };

export interface SeriesQuery {
  readonly scope: SeriesScope;
  readonly metric: Metric;
  readonly fromMs: number;
  readonly toMs: number;
  readonly step: 'minute' | 'hour';
}

export interface HostSeriesQuery {
  readonly scope: { readonly kind: 'host'; readonly host: number };
  readonly metric: HostMetric;
  readonly fromMs: number;
  readonly toMs: number;
  readonly step: 'minute' | 'hour';
}

export interface Series {
  /** start of the first step */
  readonly fromMs: number;
  readonly stepMs: number;
  /** per step: counts as totals, the others in their unit */
  readonly values: Float64Array;
  /** observed share of each step, 0 to 1, where that is known */
  readonly covered?: Float64Array;
}

export interface SeriesMatrix {
  readonly fromMs: number;
  readonly stepMs: number;
  readonly steps: number;
  readonly shardlets: readonly number[];
  /** step t of shardlet i at `i * steps + t` */
  readonly values: Float64Array;
}

/** How much of a shardlet's load belongs to the scope: 0 to 1. */
export type ShareOf = (id: number) => number;

export function shareIn(scope: SeriesScope, map: TopologyMap): ShareOf {
  if (scope.kind === 'stream') return () => 1;
  if (scope.kind === 'shardlet') return (id) => (id === scope.shardlet ? 1 : 0);
  const share = (s: Shardlet | undefined): number => {
    if (s === undefined) return 0;
    return scope.kind === 'shard' ? Number(s.shard === scope.shard) : sharedPart(s.range, scope.range);
  };
  return (id) => share(map.shardlet(id));
}

function sharedPart(of: Range, inside: Range): number {
  if (!overlaps(of, inside)) return 0;
  const low = Math.max(placeOf(of.from), placeOf(inside.from));
  const high = Math.min(placeOf(of.to), placeOf(inside.to));
  return (high - low) / (placeOf(of.to) - placeOf(of.from));
}

export function seriesOf(metric: AnyMetric, seen: Observation, shareOf: ShareOf): Series {
  const isLatency = metric === 'p50' || metric === 'p99';
  const values = emptyValues(metric, seen, 1);
  for (const { ids, codes, slots, firstStep } of seen.parts)
    for (let i = 0; i < ids.length; i++) {
      const share = shareOf(ids[i]!);
      if (share === 0) continue;
      for (let slot = 0; slot < slots; slot++) {
        const [step, code] = [firstStep + slot, codes[i * slots + slot]!];
        if (code === 0 || step < 0 || step >= seen.steps) continue;
        const value = metricValue(metric, code);
        const before = values[step]!;
        if (Number.isNaN(before)) values[step] = isAdditive(metric) ? value * share : value;
        else values[step] = isLatency ? Math.max(before, value) : before + value * share;
      }
    }
  return { fromMs: seen.fromMs, stepMs: seen.stepMs, values, covered: seen.covered };
}

export function matrixOf(metric: Metric, seen: Observation, shardlets: readonly number[]): SeriesMatrix {
  const { fromMs, stepMs, steps } = seen;
  const rowOf = new Map(shardlets.map((id, row) => [id, row]));
  const values = emptyValues(metric, seen, shardlets.length);
  const isSum = describeMetric(metric).merging === 'sum';
  for (const { ids, codes, slots, firstStep } of seen.parts)
    for (let i = 0; i < ids.length; i++) {
      const row = rowOf.get(ids[i]!);
      if (row === undefined) continue;
      for (let slot = 0; slot < slots; slot++) {
        const [step, code] = [firstStep + slot, codes[i * slots + slot]!];
        if (code === 0 || step < 0 || step >= steps) continue;
        const at = row * steps + step;
        const [before, value] = [values[at]!, metricValue(metric, code)];
        if (Number.isNaN(before)) values[at] = value;
        else values[at] = isSum ? before + value : Math.max(before, value);
      }
    }
  return { fromMs, stepMs, steps, shardlets, values };
}

function isAdditive(metric: AnyMetric): boolean {
  return describeMetric(metric).merging === 'sum' || metric === 'distinctKeys';
}

/** Zero where a step was observed and nothing means none; NaN elsewhere. */
function emptyValues(metric: AnyMetric, seen: Observation, rows: number): Float64Array {
  const values = new Float64Array(rows * seen.steps).fill(Number.NaN);
  if (describeMetric(metric).absent === 'missing') return values;
  seen.covered.forEach((share, step) => {
    if (share > 0) for (let row = 0; row < rows; row++) values[row * seen.steps + step] = 0;
  });
  return values;
}
