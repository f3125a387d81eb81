/**
 * A backup is gzipped lines of JSON: a head, rows table by table, and an end with the number of rows and the
 * SHA-256 of all that stands before it. Any tool can read it, and no cut or changed byte goes unnoticed.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import { badInput } from '../failure.ts';

/** Raised when an older release could misread the file. */
export const FORMAT_VERSION = 1;

export const headSchema = z.object({
  format: z.literal('foreshard-backup'),
  formatVersion: z.int().min(1),
  createdAtMs: z.int(),
  /** of the topology store */
  version: z.int().min(0),
  /** names of the migrations its database had */
  migrations: z.array(z.string()),
  tables: z.array(z.string()),
});
export type Head = z.infer<typeof headSchema>;

const endSchema = z.object({ rows: z.int().min(0), sha256: z.string() });

export interface Row {
  readonly table: string;
  /** the row as PostgreSQL writes it in JSON: its numbers are never rounded by us */
  readonly json: string;
}

export class Checksum {
  private readonly hash = createHash('sha256');

  add(line: string): void {
    this.hash.update(line).update('\n');
  }

  get hex(): string {
    return this.hash.copy().digest('hex');
  }
}

export function rowLine({ table, json }: Row): string {
  return `${JSON.stringify(table)}\t${json}`;
}

/** @throws CommandFailure naming what is wrong with the file */
export async function verify(path: string): Promise<{ readonly head: Head; readonly rows: number }> {
  let head: Head | undefined;
  let rows = 0;
  let ended = false;
  const checksum = new Checksum();
  for await (const line of linesOf(path)) {
    if (ended) throw damaged(path, 'something follows its end');
    if (head === undefined) head = headOf(path, line);
    else if (line.startsWith('{')) {
      const end = endSchema.safeParse(parsed(line));
      if (!end.success) throw damaged(path, 'its end cannot be read');
      if (end.data.sha256 !== checksum.hex || end.data.rows !== rows)
        throw damaged(path, 'its checksum does not fit its content');
      ended = true;
    } else rows++;
    checksum.add(line);
  }
  if (head === undefined || !ended) throw damaged(path, 'it ends too early');
  return { head, rows };
}

/** REQUIRES a verified file. */
export async function* rowsOf(path: string): AsyncGenerator<Row> {
  for await (const line of linesOf(path)) {
    if (line.startsWith('{')) continue;
    const tab = line.indexOf('\t');
    yield { table: JSON.parse(line.slice(0, tab)), json: line.slice(tab + 1) };
  }
}

function headOf(path: string, line: string): Head {
  const parsedHead = parsed(line) as { format?: unknown; formatVersion?: unknown } | undefined;
  if (parsedHead?.format !== 'foreshard-backup') throw badInput(`${path} is not a backup of Foreshard`);
  if (typeof parsedHead.formatVersion === 'number' && parsedHead.formatVersion > FORMAT_VERSION)
    throw badInput(
      `${path} was written by a newer release (format ${parsedHead.formatVersion}, this one reads ${FORMAT_VERSION}): use that release`,
    );
  const head = headSchema.safeParse(parsedHead);
  if (!head.success) throw damaged(path, 'its head cannot be read');
  return head.data;
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const file = createReadStream(path);
  const unzipped = createGunzip().setEncoding('utf8');
  file.on('error', (error) => unzipped.destroy(error));
  let rest = '';
  try {
    for await (const text of file.pipe(unzipped)) {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      yield* lines;
    }
  } catch (error) {
    throw unreadable(path, error as NodeJS.ErrnoException);
  } finally {
    file.destroy();
  }
  if (rest !== '') yield rest;
}

function unreadable(path: string, { code, message }: NodeJS.ErrnoException): Error {
  if (code === 'ENOENT') return badInput(`there is no file ${path}`);
  if (code === 'EISDIR') return badInput(`${path} is a folder`);
  return damaged(path, message);
}

function damaged(path: string, why: string): Error {
  return badInput(`${path} is damaged or no backup: ${why}; nothing was changed`);
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
