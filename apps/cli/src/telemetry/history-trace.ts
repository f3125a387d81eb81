/**
 * Traces of the past. Accesses: `timestamp,key[,op,bytes]`, or 32-bit big-endian keys without times
 * (`.i32be.gz`), which are spread evenly. Load: `timestamp,value`, each value the events until the next row.
 * Rows may come in any order; a row that cannot be understood is left out and named.
 */
import { createReadStream, existsSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { createGunzip } from 'node:zlib';
import { parseTimestamp } from '@foreshard/core/kernel';
import { parse } from 'csv-parse';
import { badInput } from '../failure.ts';
import { openFlights } from '../replay/flights-trace.ts';
import { FLIGHTS } from '../replay/replay.ts';

export type HistoryRow =
  | {
      readonly kind: 'access';
      readonly timeMs: number;
      readonly key: string;
      readonly isRead: boolean;
      readonly bytes: number;
    }
  | { readonly kind: 'load'; readonly timeMs: number; readonly value: number };

export type HistoryFormat = 'load' | 'accesses';

export interface HistoryTrace {
  readonly name: string;
  readonly rowCount: number | undefined;
  /** `bad` is called for rows that are left out */
  rows(bad: (line: number, reason: string) => void): AsyncIterable<readonly HistoryRow[]>;
}

export interface TraceRequest {
  readonly trace: string;
  readonly format: HistoryFormat | undefined;
  /** for keys without times */
  readonly overMs: number;
  readonly nowMs: number;
}

const TIME_NAMES = ['timestamp', 'time', 'date', 'datetime', 'ts', 'period'];
const KEY_NAMES = ['key', 'partitionkey', 'subject', 'id', 'block'];
const READ_OPS = /^(r|read|get|select|hit)/i;
const CHUNK_ROWS = 2_000;
const KEY_BYTES = 4;
const NAME_CHARS_MAX = 60;
/** The end of JavaScript's dates. */
const DATE_MS_MAX = 8.64e15;

export async function openHistory(request: TraceRequest): Promise<HistoryTrace> {
  if (request.trace === FLIGHTS) return flights();
  const path = resolve(request.trace);
  if (!existsSync(path) || !statSync(path).isFile()) throw badInput(`there is no file ${request.trace}`);
  return path.endsWith('.i32be.gz') ? keysTrace(path, request) : csvTrace(path, request.format);
}

function nameOf(path: string): string {
  return (
    basename(path)
      .replace(/\.(csv|i32be\.gz)$/, '')
      .replaceAll(/[^\w.-]+/g, '-')
      .slice(0, NAME_CHARS_MAX) || 'trace'
  );
}

async function flights(): Promise<HistoryTrace> {
  const trace = await openFlights();
  return {
    name: trace.name,
    rowCount: trace.rowCount,
    async *rows() {
      for await (const rows of trace.rows(1))
        yield rows.map(
          ({ timeMs, key }) => ({ kind: 'access', timeMs, key, isRead: false, bytes: 0 }) as const,
        );
    },
  };
}

function keysTrace(path: string, { overMs, nowMs }: TraceRequest): HistoryTrace {
  return {
    name: nameOf(path),
    rowCount: undefined,
    async *rows() {
      const total = await keyCount(path);
      let row = 0;
      for await (const keys of keyChunks(path)) {
        yield keys.map((key) => {
          const timeMs = nowMs - overMs + Math.floor((row++ * overMs) / total);
          return { kind: 'access', timeMs, key: String(key), isRead: false, bytes: 0 } as const;
        });
      }
    },
  };
}

async function keyCount(path: string): Promise<number> {
  let count = 0;
  for await (const keys of keyChunks(path)) count += keys.length;
  if (count === 0) throw badInput(`${path} holds no keys`);
  return count;
}

async function* keyChunks(path: string): AsyncGenerator<number[]> {
  let rest = Buffer.alloc(0);
  const bytes = createReadStream(path).pipe(createGunzip());
  try {
    for await (const chunk of bytes) {
      const all = Buffer.concat([rest, chunk as Buffer]);
      const whole = all.length - (all.length % KEY_BYTES);
      yield Array.from({ length: whole / KEY_BYTES }, (_, i) => all.readInt32BE(i * KEY_BYTES));
      rest = all.subarray(whole);
    }
  } catch (error) {
    throw badInput(`${path}: ${(error as Error).message}`);
  }
  if (rest.length > 0) throw badInput(`${path}: its length is no multiple of ${KEY_BYTES} bytes`);
}

function csvTrace(path: string, wanted: HistoryFormat | undefined): HistoryTrace {
  return {
    name: nameOf(path),
    rowCount: undefined,
    async *rows(bad) {
      let columns: Columns | undefined;
      let chunk: HistoryRow[] = [];
      for await (const { record, line } of records(path)) {
        const isFirst = columns === undefined;
        columns ??= columnsOf(record, path, wanted);
        if (isFirst && columns.hasHeader) continue;
        const row = rowOf(record, columns);
        if (typeof row === 'string') bad(line, row);
        else chunk.push(row);
        if (chunk.length < CHUNK_ROWS) continue;
        yield chunk;
        chunk = [];
      }
      if (columns === undefined) throw badInput(`${path} is empty`);
      yield chunk;
    },
  };
}

async function* records(path: string): AsyncGenerator<{ record: string[]; line: number }> {
  const options = { info: true, bom: true, trim: true, skip_empty_lines: true, relax_column_count: true };
  const parser = createReadStream(path).pipe(parse({ ...options, relax_quotes: true }));
  try {
    for await (const { record, info } of parser) yield { record, line: info.lines };
  } catch (error) {
    throw badInput(`${path}: ${(error as Error).message}`);
  }
}

interface Columns {
  readonly hasHeader: boolean;
  readonly format: HistoryFormat;
  readonly time: number;
  /** the key or the value */
  readonly what: number;
  readonly op: number;
  readonly bytes: number;
}

function columnsOf(first: readonly string[], path: string, wanted: HistoryFormat | undefined): Columns {
  const names = first.map((name) => name.toLowerCase());
  const time = names.findIndex((name) => TIME_NAMES.includes(name));
  const hasHeader = time >= 0;
  if (!hasHeader && parseTimestamp(first[0] ?? '') === undefined)
    throw badInput(
      `${path}: the first line names no time column (${TIME_NAMES.join(', ')}) and begins with no time; commas part the columns`,
    );
  if (first.length < 2) throw badInput(`${path}: a second column is missing: a value, or a key`);
  const key = names.findIndex((name) => KEY_NAMES.includes(name));
  if (wanted === undefined && key >= 0 && names.includes('value'))
    throw badInput(
      `${path} has keys and values: of keys each row is one access, so the values would be lost; leave one of the two columns out`,
    );
  const other = hasHeader ? names.findIndex((_, i) => i !== time) : 1;
  const format = wanted ?? (key >= 0 || (!hasHeader && !isNumber(first[1]!)) ? 'accesses' : 'load');
  const named = (name: string, position: number) => (hasHeader ? names.indexOf(name) : position);
  const what =
    format === 'accesses' && key >= 0
      ? key
      : hasHeader && names.includes('value')
        ? names.indexOf('value')
        : other;
  return {
    hasHeader,
    format,
    time: hasHeader ? time : 0,
    what,
    op: named('op', 2),
    bytes: named('bytes', 3),
  };
}

/** What is wrong with it, as text, when it is no row. */
function rowOf(record: readonly string[], { format, time, what, op, bytes }: Columns): HistoryRow | string {
  const timeMs = parseTimestamp(record[time] ?? '');
  if (timeMs === undefined || Math.abs(timeMs) > DATE_MS_MAX) return `"${record[time] ?? ''}" is no time`;
  const text = record[what] ?? '';
  if (format === 'load') {
    if (!isNumber(text)) return `"${text}" is no number`;
    return Number(text) < 0 ? `${text} is below 0` : { kind: 'load', timeMs, value: Number(text) };
  }
  if (text === '') return 'the key is empty';
  const size = record[bytes] ?? '';
  if (size !== '' && !/^\d{1,15}$/.test(size)) return `"${size}" is no number of bytes`;
  return { kind: 'access', timeMs, key: text, isRead: READ_OPS.test(record[op] ?? ''), bytes: Number(size) };
}

function isNumber(text: string): boolean {
  return text !== '' && Number.isFinite(Number(text));
}
