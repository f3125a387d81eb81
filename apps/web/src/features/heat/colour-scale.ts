/**
 * From values to colours. A legend that never lies: the scale is told by its two ends, values above the upper
 * end share the last colour ("and more"), zero has a colour of its own, and what is not known has none.
 *
 * Logarithmic as ln(1 + v/unit) / ln(1 + max/unit): defined at zero and for loads far below one, and never a
 * division by ln(1) = 0. Brightness bends the way between the ends and moves neither.
 */
import {
  interpolateCividis,
  interpolateGreys,
  interpolatePuOr,
  interpolateViridis,
} from 'd3-scale-chromatic';
import type { ShownMetric } from '../../server/heat/heat-query.ts';

export const SCALES = ['auto', 'locked', 'min-max'] as const;
export type ScaleMode = (typeof SCALES)[number];
export const PALETTES = ['cividis', 'viridis', 'grey'] as const;
export type ChosenPalette = (typeof PALETTES)[number];
/** `diverging`: of residuals, whose middle is zero; not to be chosen */
export type Palette = ChosenPalette | 'diverging';

export function paletteFor(metric: ShownMetric, chosen: ChosenPalette): Palette {
  return metric === 'residual' ? 'diverging' : chosen;
}

/** What counts as a little of each metric: below it the scale is about linear, above it logarithmic. */
const UNITS: Readonly<Record<ShownMetric, number>> = {
  events: 1,
  bytes: 300,
  reads: 1,
  errors: 0.1,
  p50: 200,
  p99: 200,
  distinctKeys: 1,
  forecast: 1,
  residual: 1,
};

export interface ColourScale {
  readonly mode: ScaleMode;
  readonly min: number;
  readonly max: number;
  /** where the last quarter of the colours begins, which is for outliers; `null`: there is none */
  readonly knee: number | null;
  /** values lie on both sides of zero, which is the middle */
  readonly isSigned: boolean;
  /** 0 to 1; NaN for NaN */
  share(value: number): number;
  /** the value at a share, for the legend */
  valueAt(share: number): number;
}

/** Of a scale that stays as it was, whatever comes. */
export type ScaleEnds = Pick<ColourScale, 'max' | 'knee'>;

/** `locked` counts only when the mode says so. */
export function colourScale(
  metric: ShownMetric,
  values: Float32Array,
  mode: ScaleMode,
  locked: ScaleEnds | undefined,
): ColourScale {
  if (metric === 'residual') return signed(mode, values, locked?.max);
  if (mode === 'min-max') return linear(...extremes(values));
  const ends = mode === 'locked' && locked !== undefined ? locked : endsOf(values);
  return withOutliers(mode, UNITS[metric], ends);
}

/** What lies above the usual has the last quarter of the colours. */
const KNEE = 0.75;

/**
 * The hottest cell is always the brightest, also when it is one of half a million; the others keep three quarters of the
 * colours, however hot it is.
 */
function endsOf(values: Float32Array): ScaleEnds {
  const usual = roundedUp(usualMax(values));
  const max = Math.max(usual, roundedUp(extremes(values)[1]));
  return { max, knee: max > usual ? usual : null };
}

function withOutliers(mode: ScaleMode, unit: number, { max, knee }: ScaleEnds): ColourScale {
  if (knee === null || knee >= max) return logarithmic(mode, unit, max);
  const [below, above] = [logarithmic(mode, unit, knee), Math.log(max / knee)];
  return {
    ...below,
    max,
    knee,
    share: (value) =>
      value > knee
        ? Math.min(1, KNEE + ((1 - KNEE) * Math.log(value / knee)) / above)
        : KNEE * below.share(value),
    valueAt: (share) =>
      share > KNEE ? knee * Math.exp(((share - KNEE) / (1 - KNEE)) * above) : below.valueAt(share / KNEE),
  };
}

function logarithmic(mode: ScaleMode, unit: number, max: number): ColourScale {
  const all = Math.log1p(max / unit);
  return {
    mode,
    min: 0,
    max,
    knee: null,
    isSigned: false,
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
    knee: null,
    isSigned: false,
    share: (value) => (span === 0 ? value * 0 + 1 : Math.min(1, Math.max(0, (value - min) / span))),
    valueAt: (share) => min + share * span,
  };
}

/** As far below zero as above it, whatever there is of each: a colour means the same miss on both sides. */
function signed(mode: ScaleMode, values: Float32Array, lockedMax: number | undefined): ColourScale {
  const sizes = values.map(Math.abs);
  const half =
    mode === 'min-max'
      ? linear(0, extremes(sizes)[1])
      : logarithmic(
          mode,
          UNITS.residual,
          mode === 'locked' && lockedMax !== undefined ? lockedMax : roundedUp(extremes(sizes)[1]),
        );
  return {
    mode,
    min: -half.max,
    max: half.max,
    knee: null,
    isSigned: true,
    share: (value) => 0.5 + (Math.sign(value) * half.share(Math.abs(value))) / 2,
    valueAt: (share) => Math.sign(share - 0.5) * half.valueAt(Math.abs(2 * share - 1)),
  };
}

/** All but one cell in a thousand lie below it. */
const QUANTILE = 0.999;
const SAMPLES = 20_000;

function usualMax(values: Float32Array): number {
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
  const zero = scale.isSigned ? stepOfValue(0, scale) : ZERO;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    steps[i] = word === 0 ? zero : stepOf[word >>> 16]!;
  }
  return steps;
}

function stepsByUpperHalf(scale: ColourScale): Uint8Array {
  const steps = new Uint8Array(0x1_0000).fill(ZERO);
  const middle = new Float32Array(1);
  const word = new Uint32Array(middle.buffer);
  // without a sign positive values and NaN only; the middle of the values that share an upper half
  for (let half = 0; half < (scale.isSigned ? 0x1_0000 : 0x8000); half++) {
    word[0] = half * 0x1_0000 + 0x8000;
    steps[half] = stepOfValue(middle[0]!, scale);
  }
  return steps;
}

function stepOfValue(value: number, scale: ColourScale): number {
  if (Number.isNaN(value)) return MISSING;
  return scale.isSigned || value > 0 ? FIRST + Math.round(scale.share(value) * (LAST - FIRST)) : ZERO;
}

const INTERPOLATORS: Readonly<Record<Palette, (share: number) => string>> = {
  // none of them from its darkest end: a little load must not look like none
  cividis: (share) => interpolateCividis(0.1 + 0.9 * share),
  viridis: (share) => interpolateViridis(0.08 + 0.92 * share),
  // from dark to light, as the others; short of white, which is what is not known
  grey: (share) => interpolateGreys(0.8 - 0.57 * share),
  // orange: more came; purple: less. Told apart by every kind of colour blindness
  diverging: interpolatePuOr,
};

/** `brightness` 0 to 1, 0.5 is neutral. */
export function colourAt(share: number, palette: Palette, brightness: number): string {
  const bend = exponent(brightness);
  if (palette !== 'diverging') return INTERPOLATORS[palette](share ** bend);
  const side = 2 * share - 1;
  return INTERPOLATORS.diverging(0.5 + (Math.sign(side) * Math.abs(side) ** bend) / 2);
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
