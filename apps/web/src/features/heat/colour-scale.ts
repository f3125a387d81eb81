/**
 * From values to colours. A legend that never lies: the scale is told by its two ends, values above the upper
 * end share the last colour ("and more"), zero has a colour of its own, and what is not known has none.
 *
 * Logarithmic as ln(1 + v/unit) / ln(1 + max/unit): defined at zero and for loads far below one, and never a
 * division by ln(1) = 0. Brightness bends the way between the ends and moves neither.
 */
import type { Metric } from '@foreshard/core/telemetry';
import { interpolateCividis, interpolateGreys, interpolateViridis } from 'd3-scale-chromatic';

export const SCALES = ['auto', 'locked', 'min-max'] as const;
export type ScaleMode = (typeof SCALES)[number];
export const PALETTES = ['cividis', 'viridis', 'grey'] as const;
export type Palette = (typeof PALETTES)[number];

/** What counts as a little of each metric: below it the scale is about linear, above it logarithmic. */
const UNITS: Readonly<Record<Metric, number>> = {
  events: 1,
  bytes: 300,
  reads: 1,
  errors: 0.1,
  p50: 200,
  p99: 200,
  distinctKeys: 1,
};

export interface ColourScale {
  readonly mode: ScaleMode;
  readonly min: number;
  readonly max: number;
  /** 0 to 1; NaN for NaN */
  share(value: number): number;
  /** the value at a share, for the legend */
  valueAt(share: number): number;
}

/** `lockedMax` counts only when the mode says so. */
export function colourScale(
  metric: Metric,
  values: Float32Array,
  mode: ScaleMode,
  lockedMax: number | undefined,
): ColourScale {
  if (mode === 'min-max') return linear(...extremes(values));
  const max = mode === 'locked' && lockedMax !== undefined ? lockedMax : roundedUp(highest(values));
  return logarithmic(mode, UNITS[metric], max);
}

function logarithmic(mode: ScaleMode, unit: number, max: number): ColourScale {
  const all = Math.log1p(max / unit);
  return {
    mode,
    min: 0,
    max,
    share: (value) => Math.min(1, Math.log1p(Math.max(0, value) / unit) / all),
    valueAt: (share) => Math.expm1(share * all) * unit,
  };
}

function linear(min: number, max: number): ColourScale {
  const span = max - min;
  return {
    mode: 'min-max',
    min,
    max,
    share: (value) => (span === 0 ? value * 0 + 1 : Math.min(1, Math.max(0, (value - min) / span))),
    valueAt: (share) => min + share * span,
  };
}

/** All but one cell in a thousand lie below it, so one cell does not darken the whole picture. */
const QUANTILE = 0.999;
const SAMPLES = 20_000;

function highest(values: Float32Array): number {
  const step = Math.max(1, Math.floor(values.length / SAMPLES));
  const sample: number[] = [];
  for (let i = 0; i < values.length; i += step) if (values[i]! > 0) sample.push(values[i]!);
  sample.sort((a, b) => a - b);
  return sample[Math.min(sample.length - 1, Math.floor(sample.length * QUANTILE))] ?? 0;
}

/** To 1, 3 or 10 of a power of ten: the scale of two pictures is mostly the same, and the legend has round ends. */
export function roundedUp(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 3, 10].find((s) => s * power >= value * (1 - 1e-9)) ?? 10;
  return Number((step * power).toPrecision(1));
}

function extremes(values: Float32Array): [number, number] {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return min > max ? [0, 1] : [min, max];
}

/** Of the cells: missing (transparent, the paper shows), zero, and 254 steps from the scale's lower to its upper end. */
export const MISSING = 0;
export const ZERO = 1;
const FIRST = 2;
const LAST = 255;

/**
 * Cells as steps; a change of colours need not look at the values again. The step is looked up by the upper
 * half of the float (8 bits of exponent, 7 of the mantissa: within 0.8 %, finer than any eye), because a
 * logarithm for each of half a million cells would be most of the time.
 */
export function quantise(values: Float32Array, scale: ColourScale): Uint8Array {
  const stepOf = stepsByUpperHalf(scale);
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const steps = new Uint8Array(values.length);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    steps[i] = word === 0 ? ZERO : stepOf[word >>> 16]!;
  }
  return steps;
}

function stepsByUpperHalf(scale: ColourScale): Uint8Array {
  const steps = new Uint8Array(0x1_0000).fill(ZERO);
  const middle = new Float32Array(1);
  const word = new Uint32Array(middle.buffer);
  // positive values and NaN; the middle of the values that share an upper half
  for (let half = 0; half < 0x8000; half++) {
    word[0] = half * 0x1_0000 + 0x8000;
    steps[half] = stepOfValue(middle[0]!, scale);
  }
  return steps;
}

function stepOfValue(value: number, scale: ColourScale): number {
  if (Number.isNaN(value)) return MISSING;
  return value > 0 ? FIRST + Math.round(scale.share(value) * (LAST - FIRST)) : ZERO;
}

const INTERPOLATORS: Readonly<Record<Palette, (share: number) => string>> = {
  cividis: interpolateCividis,
  viridis: interpolateViridis,
  // from light grey, so that little load is told from none on both themes
  grey: (share) => interpolateGreys(0.25 + share * 0.75),
};

/** `brightness` 0 to 1, 0.5 is neutral. */
export function colourAt(share: number, palette: Palette, brightness: number): string {
  return INTERPOLATORS[palette](share ** exponent(brightness));
}

function exponent(brightness: number): number {
  return 4 ** (0.5 - brightness);
}

/** The 256 colours as the bytes of an image: little-endian ABGR. */
export function colourTable(palette: Palette, brightness: number, zero: string): Uint32Array {
  const table = new Uint32Array(LAST + 1);
  table[ZERO] = abgr(zero);
  for (let step = FIRST; step <= LAST; step++)
    table[step] = abgr(colourAt((step - FIRST) / (LAST - FIRST), palette, brightness));
  return table;
}

/** "#rrggbb" and "rgb(r, g, b)" */
export function abgr(colour: string): number {
  const hex = /^#([0-9a-f]{6})$/i.exec(colour)?.[1];
  const [r, g, b] =
    hex === undefined
      ? [...colour.matchAll(/\d+/g)].map(([digits]) => Number(digits))
      : [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  return ((255 << 24) | (b! << 16) | (g! << 8) | r!) >>> 0;
}
