/** The series in a user's CSV file: one in a long file (a row per step), one a row in a wide and ragged file. */
import { basename } from 'node:path';
import { parseTimestamp } from '@foreshard/core/kernel';
import { csvRecords, placeOfColumn } from '../csv.ts';
import { badInput } from '../failure.ts';
import { onGrid } from './grid.ts';
import { NumberList, numberIn } from './numbers.ts';

export interface ReadSeries {
  readonly id: string;
  readonly values: Float64Array;
  readonly stepSeconds: number;
  readonly firstMs: number | undefined;
  readonly notes: readonly string[];
}

export interface ReadOptions {
  readonly input: string;
  readonly value?: string;
  readonly time?: string;
  readonly wide: boolean;
  readonly stepSeconds: number | undefined;
}

const DEFAULT_STEP_SECONDS = 3_600;
const TIME_NAMES = ['timestamp', 'time', 'date', 'datetime', 'ts', 'period', 'epoch', 'unix'];
/** seconds since 1970 from 2001 on: a measurement is seldom so large, and the first column seldom one */
const EPOCH_MIN = 1e9;

export async function readSeries(options: ReadOptions): Promise<ReadSeries[]> {
  return options.wide ? readWide(options) : [await readLong(options)];
}

async function readWide({ input, stepSeconds }: ReadOptions): Promise<ReadSeries[]> {
  const found: ReadSeries[] = [];
  let isHeader = true;
  for await (const { row, line } of csvRecords(input)) {
    if (isHeader) {
      isHeader = false;
      continue;
    }
    const id = row[0]!.trim() || `row ${line}`;
    const values = ragged(row.slice(1), (column) => `${input}, row ${line} (${id}), value ${column + 1}`);
    found.push({
      id,
      values,
      stepSeconds: stepSeconds ?? DEFAULT_STEP_SECONDS,
      firstMs: undefined,
      notes: missingNote(values),
    });
  }
  if (found.length === 0)
    throw badInput(`${input} has no series: a wide file has a header line, then id,v1,v2,... a row`);
  return found;
}

/** Empty cells at the end are the end of a ragged row; inside they are missing values. */
function ragged(cells: readonly string[], where: (column: number) => string): Float64Array {
  let end = cells.length;
  while (end > 0 && cells[end - 1]!.trim() === '') end--;
  return Float64Array.from({ length: end }, (_, i) => numberIn(cells[i]!, () => where(i)));
}

async function readLong(options: ReadOptions): Promise<ReadSeries> {
  const { input } = options;
  const times = new NumberList();
  const values = new NumberList();
  let header: readonly string[] | undefined;
  let columns: { time: number; value: number; name: string } | undefined;
  for await (const { row, line } of csvRecords(input)) {
    if (header === undefined) {
      header = row;
      continue;
    }
    columns ??= columnsOf(header, row, options);
    const { time, value, name } = columns;
    values.push(numberIn(row[value] ?? '', () => `${input}, line ${line}, column ${name}`));
    if (time >= 0) times.push(timeIn(row[time] ?? '', input, line));
  }
  if (columns === undefined || values.length === 0)
    throw badInput(`${input} is empty: there is nothing to forecast`);
  return assembled(columns.name, times, values, columns.time >= 0, options);
}

function timeIn(cell: string, input: string, line: number): number {
  const ms = parseTimestamp(cell);
  if (ms === undefined)
    throw badInput(
      `${input}, line ${line}: "${cell.slice(0, 40)}" is no time; use 2026-01-31 13:00:00, with an offset such as +02:00, or seconds since 1970`,
    );
  return ms;
}

function assembled(
  name: string,
  times: NumberList,
  values: NumberList,
  hasTimes: boolean,
  { stepSeconds }: ReadOptions,
): ReadSeries {
  const raw = values.toArray();
  const notes = missingNote(raw);
  if (!hasTimes || raw.length < 2)
    return {
      id: name,
      values: raw,
      stepSeconds: stepSeconds ?? DEFAULT_STEP_SECONDS,
      firstMs: undefined,
      notes,
    };
  const grid = onGrid({ timesMs: times.toArray(), values: raw }, stepSeconds);
  return { id: name, ...grid, notes: [...notes, ...grid.notes] };
}

function missingNote(values: Float64Array): string[] {
  const missing = values.reduce((count, value) => count + (Number.isNaN(value) ? 1 : 0), 0);
  return missing === 0
    ? []
    : [`${missing} of ${values.length} values are empty: taken as missing, not as zero`];
}

function columnsOf(header: readonly string[], first: readonly string[], { input, value, time }: ReadOptions) {
  const names = header.map((name) => name.trim());
  if (names.every((name) => Number.isFinite(Number(name)) || parseTimestamp(name) !== undefined))
    throw badInput(`${input} begins with measurements: a first line with the names of the columns is needed`);
  const timeAt = time === undefined ? timeColumn(names, first) : placeOfColumn(names, time, input);
  const valueAt =
    value === undefined ? names.findIndex((_, i) => i !== timeAt) : placeOfColumn(names, value, input);
  if (valueAt < 0) throw badInput(`${basename(input)} has no column of values: name it with --value COL`);
  return { time: timeAt, value: valueAt, name: names[valueAt]! };
}

/** By its name, else by what stands in the first row: a time that is no number, or a first column of seconds since 1970. */
function timeColumn(names: readonly string[], first: readonly string[]): number {
  const named = names.findIndex((name) => TIME_NAMES.includes(name.toLowerCase()));
  if (named >= 0) return named;
  const isTime = (cell: string) => Number.isNaN(Number(cell)) && parseTimestamp(cell) !== undefined;
  const written = first.findIndex((cell) => isTime(cell.trim()));
  if (written >= 0) return written;
  return names.length > 1 && Number(first[0]) >= EPOCH_MIN ? 0 : -1;
}
