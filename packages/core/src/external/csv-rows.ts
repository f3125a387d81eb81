/** A CSV with a header, read row by row; everything that is wrong is told with its line, and then nothing is taken. */
import { CsvError, parse } from 'csv-parse/sync';
import { RATE_MAX } from './load-rows.ts';

export interface CsvRow {
  readonly line: number;
  /** by column; a column that the file lacks is missing */
  readonly cells: Readonly<Record<string, string>>;
}

export interface CsvColumns {
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

export interface CsvFault {
  /** from 1; null: the file as a whole */
  readonly line: number | null;
  readonly detail: string;
}

export interface CsvFaults {
  readonly kind: 'faulty';
  /** in the order of lines, as many as anybody reads */
  readonly faults: readonly CsvFault[];
  /** how many more there are */
  readonly more: number;
  /** with a fault */
  readonly lines: number;
}

export function faultText({ line, detail }: CsvFault): string {
  return line === null ? detail : `line ${line}: ${detail}`;
}

export type CsvReply<T> = { readonly kind: 'read'; readonly rows: readonly T[] } | CsvFaults;

/** Bytes that are stored: sums keep their digits. */
const AMOUNT_MAX = 1e18;
const SHOWN_MAX = 20;
/** What is told of a cell. */
const QUOTED_MAX = 100;

/** Collects what is wrong with single lines. */
export class LineFaults {
  private readonly faults: CsvFault[] = [];
  private count = 0;
  private readonly faulty = new Set<number>();

  add(line: number, detail: string): void {
    this.faulty.add(line);
    this.count++;
    if (this.faults.length < SHOWN_MAX) this.faults.push({ line, detail });
  }

  /** The rows, when there is no fault. */
  replyWith<T>(rows: readonly T[]): CsvReply<T> {
    const { faults, count, faulty } = this;
    if (count === 0) return { kind: 'read', rows };
    return { kind: 'faulty', faults, more: count - faults.length, lines: faulty.size };
  }
}

/**
 * Hands on every row that has as many values as the header has names.
 * @param content text, or its bytes in UTF-8
 * @returns what is wrong with the file as a whole; undefined: nothing
 */
export function eachCsvRow(
  content: string | Uint8Array,
  columns: CsvColumns,
  faults: LineFaults,
  use: (row: CsvRow) => void,
): CsvFaults | undefined {
  let names: readonly string[] | undefined;
  let misnamed: CsvFaults | undefined;
  const take = (record: string[], line: number) => {
    if (names === undefined) {
      names = record.map((name) => name.toLowerCase());
      misnamed = misnaming(names, columns);
    } else if (misnamed !== undefined) return;
    else if (record.length !== names.length)
      faults.add(line, `has ${record.length} values, but the header names ${names.length} columns`);
    else use({ line, cells: Object.fromEntries(names.map((name, i) => [name, record[i]!])) });
  };
  try {
    parse(content as string, {
      ...{ bom: true, trim: true, skip_empty_lines: true, relax_column_count: true },
      // nothing is gathered by the parser
      on_record(record: string[], { lines }) {
        take(record, lines);
        return null;
      },
    });
  } catch (error) {
    if (error instanceof CsvError) return wholly(error.message);
    throw error;
  }
  if (names === undefined) return wholly(`it is empty; its first line names the columns ${listOf(columns)}`);
  return misnamed;
}

export function wholly(detail: string): CsvFaults {
  return { kind: 'faulty', faults: [{ line: null, detail }], more: 0, lines: 1 };
}

function misnaming(names: readonly string[], columns: CsvColumns): CsvFaults | undefined {
  const missing = columns.required.filter((name) => !names.includes(name));
  const known = [...columns.required, ...columns.optional];
  const strange = names.filter((name) => !known.includes(name));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  const head = `the first line has to name the columns ${listOf(columns)}`;
  if (missing.length > 0) return wholly(`${head}; it lacks ${missing.join(', ')}`);
  if (strange.length > 0) return wholly(`${head}; it has ${strange.map(quoted).join(', ')}`);
  if (twice !== undefined) return wholly(`${head}; it names "${twice}" twice`);
  return undefined;
}

function listOf({ required, optional }: CsvColumns): string {
  return `${required.join(',')}[,${optional.join(',')}]`;
}

export function quoted(text: string): string {
  return text.length > QUOTED_MAX ? `"${text.slice(0, QUOTED_MAX)}..."` : `"${text}"`;
}

/** Undefined where there is none; what is no amount is a fault. */
export function amountIn(
  { line, cells }: CsvRow,
  column: string,
  faults: LineFaults,
  { isPositive = false }: { readonly isPositive?: boolean } = {},
): number | undefined {
  const text = cells[column];
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  const most = column.endsWith('_per_second') ? RATE_MAX : AMOUNT_MAX;
  if (value > most) faults.add(line, `${column}: ${quoted(text)} is above ${most}`);
  else if (isPositive ? value > 0 : value >= 0) return value;
  else faults.add(line, `${column}: ${quoted(text)} is not a number ${isPositive ? 'above' : 'from'} 0`);
  return undefined;
}
