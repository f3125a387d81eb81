/** The shardlets with the most load in a window, each with its course over the window. */
import { describeMetric, type Metric, metricValue } from './metric.ts';
import type { Observation } from './observation.ts';
import { matrixOf } from './series.ts';
import type { ShardletKeys } from './shardlet-keys.ts';

export interface HotQuery {
  readonly streamId: number;
  readonly metric: Metric;
  readonly fromMs: number;
  readonly toMs: number;
  readonly n: number;
}

export interface HotShardlet {
  readonly shardlet: number;
  /** counts: average per observed second; the others: the highest of the window */
  readonly value: number;
  /** of the whole stream's, 0 to 1; NaN for metrics that do not add up */
  readonly share: number;
  /** per step, as in a series */
  readonly sparkline: Float64Array;
  readonly stepMs: number;
  readonly keys: ShardletKeys;
}

export function hottest({ metric, n }: HotQuery, seen: Observation): Omit<HotShardlet, 'keys'>[] {
  const isSum = describeMetric(metric).merging === 'sum';
  const totals = totalsOf(metric, seen, isSum);
  const ranked = [...totals].sort(([a, x], [b, y]) => y - x || a - b).slice(0, n);
  const { values, steps, stepMs } = matrixOf(
    metric,
    seen,
    ranked.map(([id]) => id),
  );
  const all = [...totals.values()].reduce((sum, total) => sum + total, 0);
  const seconds = seen.covered.reduce((sum, share) => sum + (share * stepMs) / 1_000, 0);
  return ranked.map(([shardlet, total], i) => ({
    shardlet,
    value: isSum ? total / seconds : total,
    share: isSum ? total / all : Number.NaN,
    sparkline: values.slice(i * steps, (i + 1) * steps),
    stepMs,
  }));
}

/** Only of shardlets that have any. */
function totalsOf(metric: Metric, seen: Observation, isSum: boolean): Map<number, number> {
  const totals = new Map<number, number>();
  for (const { ids, codes, slots, firstStep } of seen.parts)
    for (let i = 0; i < ids.length; i++)
      for (let slot = 0; slot < slots; slot++) {
        const [step, code] = [firstStep + slot, codes[i * slots + slot]!];
        if (code === 0 || step < 0 || step >= seen.steps) continue;
        const [before, value] = [totals.get(ids[i]!) ?? 0, metricValue(metric, code)];
        totals.set(ids[i]!, isSum ? before + value : Math.max(before, value));
      }
  return totals;
}
