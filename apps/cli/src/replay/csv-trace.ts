/**
 * A trace of the user's own as CSV: `timestamp,key[,...]`, or without a key column, as `timestamp,value`.
 * With a header the columns are found by name; without one the first is the time and the second the key.
 * All other columns become the event's data. A row that cannot be understood is left out and named.
 */
import { createReadStream, existsSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { parseTimestamp } from '@foreshard/core/kernel';
import { type Info, parse } from 'csv-parse';
import { badInput } from '../failure.ts';
import type { BadRow, Trace, TraceRow } from './trace.ts';

const TIME_NAMES = ['timestamp', 'time', 'date', 'datetime', 'ts'];
const KEY_NAMES = ['key', 'partitionkey', 'subject', 'case', 'case_id'];
const TYPE_NAMES = ['type', 'activity', 'op'];
const DEFAULT_TYPE = 'com.foreshard.trace.row';
const CHUNK_ROWS = 2_000;
const NAME_CHARS_MAX = 60;
/** what bytes that are not UTF-8 are read as: different keys would become one */
const REPLACEMENT = '\uFFFD';

interface Columns {
  readonly hasHeader: boolean;
  readonly time: number;
  /** undefined: all rows have the trace's name as key */
  readonly key: number | undefined;
  readonly type: number | undefined;
  readonly names: readonly string[];
}

interface Parsed {
  readonly record: readonly string[];
  readonly info: Info;
}

export function openCsv(file: string): Trace {
  const path = resolve(file);
  if (!existsSync(path) || !statSync(path).isFile()) throw badInput(`there is no file ${file}`);
  return new CsvTrace(path);
}

class CsvTrace implements Trace {
  readonly name: string;
  rowCount: number | undefined;
  readonly badRows: BadRow[] = [];
  private readonly path: string;

  constructor(path: string) {
    this.path = path;
    this.name =
      basename(path, '.csv')
        .replaceAll(/[^\w.-]+/g, '-')
        .slice(0, NAME_CHARS_MAX) || 'trace';
  }

  async *rows(firstRow: number): AsyncGenerator<readonly TraceRow[]> {
    this.badRows.length = 0;
    let columns: Columns | undefined;
    let row = 0;
    let chunk: TraceRow[] = [];
    for await (const { record, info } of this.records()) {
      const isFirst = columns === undefined;
      columns ??= columnsOf(record, this.path);
      if (isFirst && columns.hasHeader) continue;
      row++;
      const made = rowOf(record, columns, row, this.name);
      if (typeof made === 'string') this.badRows.push({ row, line: info.lines, reason: made });
      else if (row >= firstRow) chunk.push(made);
      if (chunk.length < CHUNK_ROWS) continue;
      yield chunk;
      chunk = [];
    }
    if (columns === undefined) throw badInput(`${this.path} is empty`);
    if (row === 0) throw badInput(`${this.path} has a header and no row`);
    this.rowCount = row;
    if (chunk.length > 0) yield chunk;
  }

  private async *records(): AsyncGenerator<Parsed> {
    const parser = createReadStream(this.path).pipe(
      parse({
        info: true,
        bom: true,
        trim: true,
        skip_empty_lines: true,
        relax_column_count: true,
        relax_quotes: true,
      }),
    );
    try {
      for await (const parsed of parser) yield parsed as Parsed;
    } catch (error) {
      throw badInput(`${this.path}: ${(error as Error).message}`);
    }
  }
}

function columnsOf(first: readonly string[], path: string): Columns {
  const names = first.map((name) => name.toLowerCase());
  const find = (wanted: readonly string[]): number | undefined => {
    const at = names.findIndex((name) => wanted.includes(name));
    return at === -1 ? undefined : at;
  };
  const time = find(TIME_NAMES);
  if (time !== undefined)
    return { hasHeader: true, time, key: find(KEY_NAMES), type: find(TYPE_NAMES), names };
  if (parseTimestamp(first[0] ?? '') === undefined)
    throw badInput(
      `${path}: the first line names no time column (${TIME_NAMES.join(', ')}) between its commas and begins with no time`,
    );
  const positional = first.map((_, i) => ['timestamp', 'key'][i] ?? `column${i + 1}`);
  return {
    hasHeader: false,
    time: 0,
    key: first.length > 1 ? 1 : undefined,
    type: undefined,
    names: positional,
  };
}

/** What is wrong with it, as text, when it is no event. */
function rowOf(record: readonly string[], columns: Columns, row: number, name: string): TraceRow | string {
  const { time, key: keyAt, type, names } = columns;
  if (record.some((text) => text.includes(REPLACEMENT)))
    return 'it holds U+FFFD, as text that is not UTF-8 is read as';
  if (record.length !== names.length) return `${names.length} columns are expected, not ${record.length}`;
  const timeMs = parseTimestamp(record[time]!);
  if (timeMs === undefined || Math.abs(timeMs) > DATE_MS_MAX) return `"${record[time]}" is no time`;
  const key = keyAt === undefined ? name : record[keyAt]!;
  if (key === '') return 'the key is empty';
  const data: Record<string, unknown> = {};
  for (const [i, text] of record.entries())
    if (i !== time && i !== keyAt && i !== type) data[names[i]!] = cellOf(text);
  const event = {
    type: (type === undefined ? '' : record[type]) || DEFAULT_TYPE,
    subject: key,
    time: new Date(timeMs).toISOString(),
    data,
  };
  return { row, timeMs, key, event };
}

/** The end of JavaScript's dates. */
const DATE_MS_MAX = 8.64e15;

function cellOf(text: string): string | number | null {
  if (text === '') return null;
  const number = Number(text);
  // only what comes back the same: "007" and 17-digit numbers stay text
  return String(number) === text && Number.isFinite(number) ? number : text;
}
