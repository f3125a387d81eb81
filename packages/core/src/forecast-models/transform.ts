/**
 * The scale a regression works on. Loads vary in proportion to their level, so most are best seen as
 * logarithms; standardising keeps one ridge penalty right for every series.
 */
import { observed } from './series.ts';

export type Scale = 'raw' | 'log' | 'root';

export interface Transform {
  readonly forward: (values: Float64Array) => Float64Array;
  readonly back: (values: Float64Array) => Float64Array;
}

/** where zeros are put on the log scale: half of the smallest load ever seen, at least this part of the mean */
const ZERO_SHARE = 0.5;
const FLOOR_SHARE = 1e-3;

/** Learned from `values`; undefined when the scale does not fit them (negative values on the log scale). */
export function transformFor(scale: Scale, values: Float64Array): Transform | undefined {
  const known = observed(values);
  if (known.length === 0) return undefined;
  if (scale !== 'raw' && known.some((value) => value < 0)) return undefined;
  const bend = BENDS[scale](known);
  const { mean, deviation } = momentsOf(known.map(bend.to));
  return {
    forward: (input) => input.map((value) => (bend.to(value) - mean) / deviation),
    back: (input) => input.map((value) => bend.from(value * deviation + mean)),
  };
}

interface Bend {
  readonly to: (value: number) => number;
  readonly from: (value: number) => number;
}

const BENDS: Record<Scale, (known: Float64Array) => Bend> = {
  raw: () => ({ to: (value) => value, from: (value) => value }),
  root: () => ({ to: (value) => Math.sqrt(Math.max(value, 0)), from: (value) => Math.max(value, 0) ** 2 }),
  log: (known) => {
    const floor = floorOf(known);
    // what is missing stays missing
    return { to: (value) => Math.log(Math.max(value, floor)), from: Math.exp };
  },
};

function floorOf(known: Float64Array): number {
  let least = Number.POSITIVE_INFINITY;
  let sum = 0;
  for (const value of known) {
    sum += value;
    if (value > 0 && value < least) least = value;
  }
  if (sum === 0) return 1;
  return Math.max(least * ZERO_SHARE, (sum / known.length) * FLOOR_SHARE);
}

export function momentsOf(values: Float64Array): { mean: number; deviation: number } {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  const deviation = Math.sqrt(squares / values.length);
  // a constant series is only shifted
  return { mean, deviation: deviation > 1e-9 * (Math.abs(mean) + 1) ? deviation : 1 };
}
