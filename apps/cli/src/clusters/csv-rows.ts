/** A CSV with a header, read row by row; everything that is wrong is told with its line, and then nothing is taken. */
import { createReadStream, existsSync, statSync } from 'node:fs';
import { type Info, parse } from 'csv-parse';
import { badInput } from '../failure.ts';

export interface CsvRow {
  readonly line: number;
  /** by column; a column that the file lacks is missing */
  readonly cells: Readonly<Record<string, string>>;
}

export interface CsvColumns {
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

const SHOWN_MAX = 20;

/** Collects what is wrong with single lines. */
export class LineFaults {
  private readonly file: string;
  private readonly lines: string[] = [];
  private count = 0;
  private readonly faulty = new Set<number>();

  constructor(file: string) {
    this.file = file;
  }

  add(line: number, what: string): void {
    this.faulty.add(line);
    this.count++;
    if (this.lines.length < SHOWN_MAX) this.lines.push(`  line ${line}: ${what}`);
  }

  /** @throws CommandFailure with all of them */
  insistOnNone(): void {
    if (this.count === 0) return;
    const more = this.count > this.lines.length ? [`  and ${this.count - this.lines.length} more`] : [];
    const { size } = this.faulty;
    const lines = size === 1 ? 'one line' : `${size} lines`;
    throw badInput(
      [`${lines} of ${this.file} cannot be understood; nothing was taken`, ...this.lines, ...more].join('\n'),
    );
  }
}

export async function* csvRows(
  file: string,
  columns: CsvColumns,
  faults: LineFaults,
): AsyncGenerator<CsvRow> {
  if (!existsSync(file) || !statSync(file).isFile()) throw badInput(`there is no file ${file}`);
  const parser = createReadStream(file).pipe(
    parse({ info: true, bom: true, trim: true, skip_empty_lines: true, relax_column_count: true }),
  );
  let names: readonly string[] | undefined;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: Info }>) {
      if (names === undefined) {
        names = namesOf(record, columns, file);
        continue;
      }
      if (record.length !== names.length) {
        faults.add(info.lines, `has ${record.length} values, but the header names ${names.length} columns`);
        continue;
      }
      yield { line: info.lines, cells: Object.fromEntries(names.map((name, i) => [name, record[i]!])) };
    }
  } catch (error) {
    if ((error as Error).name === 'CommandFailure') throw error;
    throw badInput(`${file}: ${(error as Error).message}`);
  }
  if (names === undefined)
    throw badInput(`${file} is empty; its first line names the columns ${listOf(columns)}`);
}

function namesOf(header: readonly string[], columns: CsvColumns, file: string): string[] {
  const names = header.map((name) => name.toLowerCase());
  const missing = columns.required.filter((name) => !names.includes(name));
  const known = [...columns.required, ...columns.optional];
  const strange = names.filter((name) => !known.includes(name));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  const head = `${file}: the first line has to name the columns ${listOf(columns)}`;
  if (missing.length > 0) throw badInput(`${head}; it lacks ${missing.join(', ')}`);
  if (strange.length > 0) throw badInput(`${head}; it has ${strange.map((name) => `"${name}"`).join(', ')}`);
  if (twice !== undefined) throw badInput(`${head}; it names "${twice}" twice`);
  return names;
}

function listOf({ required, optional }: CsvColumns): string {
  return `${required.join(',')}[,${optional.join(',')}]`;
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
  if (Number.isFinite(value) && (isPositive ? value > 0 : value >= 0)) return value;
  faults.add(line, `${column}: "${text}" is not a number ${isPositive ? 'above' : 'from'} 0`);
  return undefined;
}
