/**
 * A stored forecast laid over a place: the part of the stream's forecast that belongs to some shardlets, with the hints
 * of now in it, its quantiles, and how far it may be off.
 */
import { type Forecast, partOf } from '../forecast-models/index.ts';
import type { Hint } from '../hints/index.ts';
import { partForecast } from './calibration-book.ts';
import { type HintPart, hintedLoads } from './hinted.ts';
import { RESOLUTIONS, type Resolution } from './resolution.ts';
import { LEVELS, type StreamForecast } from './stream-forecast.ts';

export interface PlaceForecast {
  readonly resolution: Resolution;
  /** begin of the first step */
  readonly fromMs: number;
  readonly stepMs: number;
  readonly model: string;
  readonly version: number | null;
  /** events per step, hints included */
  readonly point: Float64Array;
  /** the same without hints */
  readonly baseline: Float64Array;
  /** by level, in the order of `levels` */
  readonly quantiles: readonly Float64Array[];
  readonly levels: readonly number[];
  /** that hold in this time */
  readonly hints: readonly Hint[];
}

export function stepAt({ resolution, originMs, total }: StreamForecast, atMs: number): number | undefined {
  const step = Math.round((atMs - originMs) / RESOLUTIONS[resolution].stepMs);
  return step < 0 || step >= total.point.length ? undefined : step;
}

export function baselineAt(kept: StreamForecast, step: number): Map<number, number> {
  const total = kept.total.point[step]!;
  const loads = new Map<number, number>();
  for (const [id, share] of kept.shares) loads.set(id, kept.own.get(id)?.point[step] ?? share * total);
  return loads;
}

/** Undefined when the time is not in the forecast. */
export function loadsAt(
  kept: StreamForecast,
  atMs: number,
  hints: readonly HintPart[],
): Map<number, number> | undefined {
  const step = stepAt(kept, atMs);
  if (step === undefined) return undefined;
  const { stepMs } = RESOLUTIONS[kept.resolution];
  return hintedLoads({ fromMs: atMs, stepMs }, baselineAt(kept, step), hints);
}

export function placed(
  kept: StreamForecast,
  shares: ReadonlyMap<number, number>,
  hints: readonly HintPart[],
  steps: number,
): PlaceForecast {
  const { stepMs } = RESOLUTIONS[kept.resolution];
  const isWhole = isAll(kept, shares);
  const baseline = new Float64Array(steps);
  const point = new Float64Array(steps);
  const spread = new Float64Array(steps);
  const spreads = spreadsOf(kept, shares, isWhole);
  for (let h = 0; h < steps; h++) {
    if (isWhole && hints.length === 0) {
      [baseline[h], point[h], spread[h]] = [kept.total.point[h]!, kept.total.point[h]!, spreads[h]!];
      continue;
    }
    const own = baselineAt(kept, h);
    const scale = scaleOf(kept, shares, h);
    baseline[h] = sumOf(own, shares) * scale;
    point[h] = sumOf(hintedLoads({ fromMs: kept.originMs + h * stepMs, stepMs }, own, hints), shares) * scale;
    // what is multiplied is as uncertain as before, relative to its size
    spread[h] = spreads[h]! * (baseline[h]! > 0 ? Math.max(1, point[h]! / baseline[h]!) : 1);
  }
  const tables = isWhole ? kept.calibrated.total : kept.calibrated.parts;
  return {
    resolution: kept.resolution,
    fromMs: kept.originMs,
    stepMs,
    model: kept.model,
    version: kept.version,
    point,
    baseline,
    levels: LEVELS,
    quantiles: LEVELS.map((_, level) =>
      point.map((value, h) => Math.max(0, value + spread[h]! * tables[h]![level]!)),
    ),
    hints: hints.map(({ hint }) => hint),
  };
}

function isAll(kept: StreamForecast, shares: ReadonlyMap<number, number>): boolean {
  return shares.size === kept.shares.size && [...shares.values()].every((share) => share === 1);
}

/** All shardlets together have what was forecast for the stream, which their own forecasts do not add up to. */
export function scaleOf(kept: StreamForecast, shares: ReadonlyMap<number, number>, step: number): number {
  if (!isAll(kept, shares)) return 1;
  return kept.total.point[step]! / Math.max(Number.MIN_VALUE, sumOf(baselineAt(kept, step), shares));
}

function spreadsOf(
  kept: StreamForecast,
  shares: ReadonlyMap<number, number>,
  isWhole: boolean,
): Float64Array {
  if (isWhole) return kept.total.spread;
  const [only] = shares;
  if (shares.size === 1 && only![1] === 1) return partForecast(kept, only![0])!.spread;
  const share = [...shares].reduce((sum, [id, part]) => sum + part * kept.shares.get(id)!, 0);
  return partOf(kept.total, Math.min(1, share)).spread;
}

export function spreadAt(kept: StreamForecast, id: number, step: number, expected: number): number {
  const part: Forecast = partForecast(kept, id)!;
  const before = part.point[step]!;
  return part.spread[step]! * (before > 0 ? Math.max(1, expected / before) : 1);
}

export function sumOf(loads: ReadonlyMap<number, number>, shares: ReadonlyMap<number, number>): number {
  let sum = 0;
  for (const [id, share] of shares) sum += share * (loads.get(id) ?? 0);
  return sum;
}
