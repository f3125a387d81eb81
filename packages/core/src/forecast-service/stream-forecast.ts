/**
 * The forecast of one stream as it is kept: of the whole, and what part of it each shardlet has. Ten thousand
 * shardlets cost some 60 KB, because a share is one number for all steps ahead; only the heaviest, which have
 * models of their own, have a number for each step. Hints are not in it: they enter when it is read, so that a
 * new hint counts at once, and what it was worth can be told from the forecast without it.
 */
import type { Forecast } from '../forecast-models/index.ts';
import { ByteReader, ByteWriter } from '../telemetry/index.ts';
import { RESOLUTIONS, type Resolution, STEPS_TO_TRUST } from './resolution.ts';

/** levels of the quantiles that are kept */
export const LEVELS = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95] as const;

/** [step ahead - 1][level]: distance from the point, in expected spreads */
export type QuantileTable = readonly Float64Array[];

export interface StreamForecast {
  readonly streamId: number;
  readonly resolution: Resolution;
  /** begin of the first step */
  readonly originMs: number;
  /** what served: a model's name, or `combination` */
  readonly model: string;
  /** of the registry; null: none is registered yet */
  readonly version: number | null;
  /** steps of the whole that were known; undefined: made before this was kept */
  readonly known?: number | undefined;
  readonly total: Forecast;
  /** before the correction by what came in since */
  readonly base: { readonly total: QuantileTable; readonly parts: QuantileTable };
  readonly calibrated: { readonly total: QuantileTable; readonly parts: QuantileTable };
  readonly shares: ReadonlyMap<number, number>;
  /** of shardlets with a model of their own */
  readonly own: ReadonlyMap<number, Forecast>;
  /** models that were left out, and why */
  readonly unfit: readonly { readonly model: string; readonly reason: string }[];
}

/** What is known of the whole stream: a few KB, however many shardlets there are. */
export type WholeForecast = Omit<StreamForecast, 'shares'>;

/** Two parts, so that the whole can be read without the shares of a hundred thousand shardlets. */
export interface PackedForecastParts {
  readonly whole: Uint8Array;
  readonly shares: Uint8Array;
}

const FORMAT = 1;

interface Header {
  readonly format: typeof FORMAT;
  readonly streamId: number;
  readonly resolution: Resolution;
  readonly originMs: number;
  readonly model: string;
  readonly version: number | null;
  readonly known?: number | undefined;
  readonly total: PackedForecast;
  readonly base: PackedTables;
  readonly calibrated: PackedTables;
  readonly own: readonly (readonly [number, PackedForecast])[];
  readonly unfit: StreamForecast['unfit'];
}
interface PackedForecast {
  readonly point: readonly number[];
  readonly spread: readonly number[];
}
interface PackedTables {
  readonly total: readonly (readonly number[])[];
  readonly parts: readonly (readonly number[])[];
}

export function packForecast(forecast: StreamForecast): PackedForecastParts {
  const { shares, own, total, base, calibrated, ...rest } = forecast;
  const header: Header = {
    format: FORMAT,
    ...rest,
    total: plain(total),
    base: { total: base.total.map(rounded), parts: base.parts.map(rounded) },
    calibrated: { total: calibrated.total.map(rounded), parts: calibrated.parts.map(rounded) },
    own: [...own].map(([id, one]) => [id, plain(one)] as const),
  };
  const whole = new ByteWriter();
  whole.text(JSON.stringify(header));
  return { whole: whole.finish(), shares: packShares(shares) };
}

function packShares(shares: ReadonlyMap<number, number>): Uint8Array {
  const out = new ByteWriter();
  const sorted = [...shares].sort(([a], [b]) => a - b);
  out.uint(sorted.length);
  let last = 0;
  for (const [id] of sorted) {
    out.uint(id - last);
    last = id;
  }
  out.raw(new Uint8Array(Float32Array.from(sorted, ([, share]) => share).buffer));
  return out.finish();
}

/** @throws when the bytes are not what was packed */
export function unpackForecast({ whole, shares }: PackedForecastParts): StreamForecast {
  return { ...unpackWhole(whole), shares: sharesIn(new ByteReader(shares)) };
}

/** @throws when the bytes are not what was packed */
export function unpackWhole(whole: Uint8Array): WholeForecast {
  return wholeIn(new ByteReader(whole));
}

/** Both parts in one piece, as they were kept before they were parted. @throws when the bytes are not what was packed */
export function unpackTogether(bytes: Uint8Array): StreamForecast {
  const input = new ByteReader(bytes);
  return { ...wholeIn(input), shares: sharesIn(input) };
}

function wholeIn(input: ByteReader): WholeForecast {
  const { format: _, total, base, calibrated, own, ...rest } = JSON.parse(input.text()) as Header;
  return {
    ...rest,
    total: typed(total),
    base: { total: base.total.map(floats), parts: base.parts.map(floats) },
    calibrated: { total: calibrated.total.map(floats), parts: calibrated.parts.map(floats) },
    own: new Map(own.map(([id, one]) => [id, typed(one)])),
  };
}

function sharesIn(input: ByteReader): Map<number, number> {
  const ids: number[] = [];
  let last = 0;
  for (let left = input.uint(); left > 0; left--) ids.push((last += input.uint()));
  // a copy begins at a multiple of four
  const values = new Float32Array(new Uint8Array(input.raw(ids.length * 4)).buffer);
  return new Map(ids.map((id, i) => [id, values[i]!]));
}

/** Whether so little was known that its intervals are guesses. */
export function isYoung({ known, resolution }: Pick<WholeForecast, 'known' | 'resolution'>): boolean {
  return known !== undefined && known < STEPS_TO_TRUST[resolution];
}

export function endMs({ originMs, resolution, total }: WholeForecast): number {
  return originMs + total.point.length * RESOLUTIONS[resolution].stepMs;
}

function plain({ point, spread }: Forecast): PackedForecast {
  return { point: rounded(point), spread: rounded(spread) };
}

function typed({ point, spread }: PackedForecast): Forecast {
  return { point: floats(point), spread: floats(spread) };
}

function floats(values: readonly number[]): Float64Array {
  return Float64Array.from(values);
}

/** more digits than any forecast has */
function rounded(values: Float64Array): number[] {
  return Array.from(values, (value) => Number(value.toPrecision(6)));
}
