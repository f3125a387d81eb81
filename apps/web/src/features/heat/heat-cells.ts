/** The cells of a picture in the browser: unpacked once, added up for the margins. */
import type { HeatPicture } from '../../server/heat/heat-picture.ts';

export interface HeatCells extends Omit<HeatPicture, 'values'> {
  /** cell of column c and row r at c * rows.length + r; NaN: nothing known */
  readonly values: Float32Array;
}

/** From here to the measure "heat:drawn": what a person waits for after the answer has come. */
export const RECEIVED_MARK = 'heat:received';

export function unpack(picture: HeatPicture): HeatCells {
  performance.mark(RECEIVED_MARK);
  return { ...picture, values: new Float32Array(bytesOf(picture.values).buffer) };
}

/** Browsers of before 2025 have none. */
const READER = Uint8Array as typeof Uint8Array & { fromBase64?(base64: string): Uint8Array<ArrayBuffer> };

/** A million characters: a callback a character would take longer than all the drawing, a loop as long. */
function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  if (READER.fromBase64 !== undefined) return READER.fromBase64(base64);
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

export function valueAt({ values, rows }: HeatCells, column: number, row: number): number {
  return values[column * rows.length + row] ?? Number.NaN;
}

export interface Margins {
  /** per column: the sum of its cells (of latencies: the highest; of residuals: of how far they are off); NaN where nothing is known */
  readonly columns: Float64Array;
  /** per row: the average over known columns before now (of latencies: the highest) */
  readonly rows: Float64Array;
}

/** How many columns are of what came; the others are of what is expected. */
export function observedColumns({ columns, forecastFrom }: HeatCells): number {
  return Math.min(columns, forecastFrom ?? columns);
}

export function marginsOf(cells: HeatCells): Margins {
  const { values, rows, columns, metric } = cells;
  const observed = observedColumns(cells);
  const isSum = metric !== 'p50' && metric !== 'p99';
  const byColumn = new Float64Array(columns).fill(Number.NaN);
  const byRow = new Float64Array(rows.length).fill(Number.NaN);
  const known = new Uint32Array(rows.length);
  for (let c = 0; c < columns; c++)
    for (let r = 0; r < rows.length; r++) {
      const value = sizeOf(metric, values[c * rows.length + r]!);
      if (Number.isNaN(value)) continue;
      byColumn[c] = merged(byColumn[c]!, value, isSum);
      if (c >= observed) continue;
      known[r]!++;
      byRow[r] = merged(byRow[r]!, value, isSum);
    }
  return { columns: byColumn, rows: isSum ? byRow.map((sum, r) => sum / known[r]!) : byRow };
}

/** Too much and too little are both off. */
function sizeOf(metric: HeatCells['metric'], value: number): number {
  return metric === 'residual' ? Math.abs(value) : value;
}

function merged(before: number, value: number, isSum: boolean): number {
  if (Number.isNaN(before)) return value;
  return isSum ? before + value : Math.max(before, value);
}

export function columnStartMs({ fromMs, columnMs }: HeatCells, column: number): number {
  return fromMs + column * columnMs;
}

/** The row that begins at or below a position in hex. */
export function rowAt({ rows }: HeatCells, position: string): number {
  const wanted = position.padStart(17, '0');
  let row = 0;
  while (row + 1 < rows.length && rows[row + 1]!.from.padStart(17, '0') <= wanted) row++;
  return row;
}

export interface HottestRow {
  readonly row: number;
  readonly average: number;
  readonly peak: number;
  readonly peakColumn: number;
}

/** Rows by their average, the hottest first: what the table shows instead of colours. */
export function hottestRows(cells: HeatCells, margins: Margins, count: number): HottestRow[] {
  return [...margins.rows.keys()]
    .filter((row) => margins.rows[row]! > 0)
    .sort((a, b) => margins.rows[b]! - margins.rows[a]! || a - b)
    .slice(0, count)
    .map((row) => {
      let peakColumn = 0;
      for (let c = 0; c < observedColumns(cells); c++)
        if (sizeAt(cells, c, row) > (sizeAt(cells, peakColumn, row) || 0)) peakColumn = c;
      return { row, average: margins.rows[row]!, peak: valueAt(cells, peakColumn, row), peakColumn };
    });
}

function sizeAt(cells: HeatCells, column: number, row: number): number {
  return sizeOf(cells.metric, valueAt(cells, column, row));
}
