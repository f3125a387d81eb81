/**
 * A part of a picture that is pinned: one cell, or a stretch of time and keys. Addresses keep it by times and
 * positions, so that it stays where it is when the picture is another.
 */
import {
  columnStartMs,
  type HeatCells,
  type Margins,
  observedColumns,
  rowAt,
  valueAt,
} from './heat-cells.ts';
import type { RowSpan } from './key-names.ts';

/** Cells of a picture: [left, right) x [top, bottom). */
export interface HeatPart extends RowSpan {
  readonly left: number;
  readonly right: number;
}

export interface PartAddress {
  readonly atMs: number | null;
  readonly at: string | null;
  /** end of the time; null: of its column alone */
  readonly untilMs: number | null;
  /** end of the keys; null: of its row alone */
  readonly upTo: string | null;
}

/** Undefined: nothing is pinned, or nothing of it is in the picture. */
export function partAt(cells: HeatCells, { atMs, at, untilMs, upTo }: PartAddress): HeatPart | undefined {
  if (atMs === null || at === null) return undefined;
  const column = (ms: number) => (ms - cells.fromMs) / cells.columnMs;
  const [left, end] = [Math.floor(column(atMs)), untilMs === null ? undefined : Math.ceil(column(untilMs))];
  const right = Math.min(cells.columns, Math.max(left + 1, end ?? left + 1));
  if (left >= cells.columns || right <= 0) return undefined;
  const top = rowAt(cells, at);
  return { left: Math.max(0, left), right, top, bottom: upTo === null ? top + 1 : endRow(cells, upTo, top) };
}

function endRow({ rows, ...cells }: HeatCells, upTo: string, top: number): number {
  const last = rowAt({ rows, ...cells }, upTo);
  const isStart = rows[last]!.from.padStart(17, '0') === upTo.padStart(17, '0');
  return Math.max(top + 1, isStart ? last : last + 1);
}

/** One cell needs no ends: its address is as short as ever. */
export function addressOf(cells: HeatCells, part: HeatPart): PartAddress {
  return {
    atMs: columnStartMs(cells, part.left),
    at: cells.rows[part.top]!.from,
    untilMs: part.right - part.left === 1 ? null : columnStartMs(cells, part.right),
    upTo: part.bottom - part.top === 1 ? null : cells.rows[part.bottom - 1]!.to,
  };
}

export function isOneCell({ left, right, top, bottom }: HeatPart): boolean {
  return right - left === 1 && bottom - top === 1;
}

interface PartFigures {
  /** over its time, of its rows together (of latencies: the highest); NaN: not known */
  readonly average: number;
  /** of all keys that are shown, in its time; undefined of what does not add up */
  readonly share: number | undefined;
  /** highest column, of its rows together */
  readonly peak: number;
  readonly peakColumn: number;
  /** average over the forecast half of the picture; undefined: nothing is forecast */
  readonly forecast: number | undefined;
}

export function figuresOf(cells: HeatCells, margins: Margins, part: HeatPart): PartFigures {
  const isSum = !['p50', 'p99', 'residual'].includes(cells.metric);
  const { average, peak, peakColumn } = courseOf(cells, part, isSum);
  const all = averageOf(margins.columns, part.left, part.right);
  const ahead = { ...part, left: observedColumns(cells), right: cells.columns };
  const hasForecast = cells.forecastFrom !== null && ahead.left < ahead.right && isSum;
  const forecast = hasForecast ? courseOf(cells, ahead, isSum).average : Number.NaN;
  return {
    ...{ average, peak, peakColumn },
    share: isSum && all > 0 ? average / all : undefined,
    forecast: Number.isNaN(forecast) ? undefined : forecast,
  };
}

function courseOf(cells: HeatCells, { left, right, top, bottom }: HeatPart, isSum: boolean) {
  let [sum, known, peak, peakColumn] = [0, 0, Number.NaN, left];
  for (let column = left; column < right; column++) {
    const value = columnValue(cells, column, top, bottom, isSum);
    if (Number.isNaN(value)) continue;
    sum += value;
    known++;
    if (!(Math.abs(peak) >= Math.abs(value))) [peak, peakColumn] = [value, column];
  }
  const average = known === 0 ? Number.NaN : sum / known;
  return { average: isSum || cells.metric === 'residual' ? average : peak, peak, peakColumn };
}

function columnValue(cells: HeatCells, column: number, top: number, bottom: number, isSum: boolean): number {
  let value = Number.NaN;
  for (let row = top; row < bottom; row++) {
    const one = valueAt(cells, column, row);
    if (Number.isNaN(one)) continue;
    if (Number.isNaN(value)) value = one;
    else value = isSum || cells.metric === 'residual' ? value + one : Math.max(value, one);
  }
  return value;
}

function averageOf(values: Float64Array, left: number, right: number): number {
  const known = values.subarray(left, right).filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}
