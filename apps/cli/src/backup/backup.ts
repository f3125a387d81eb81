/**
 * Writes the topology store and what belongs to it into one file, all of one snapshot: decisions go on meanwhile and
 * are in it wholly or not at all. The file gets its name when it is complete.
 */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { createGzip, type Gzip } from 'node:zlib';
import { Client } from 'pg';
import { Checksum, FORMAT_VERSION, type Head, rowLine } from './format.ts';
import { migrationsOf, quoted, tablesOf } from './tables.ts';

const CONNECT_WITHIN_MS = 5_000;
/** Rows read at once: a shardlet's row is some hundred bytes. */
const FETCH_ROWS = 2_000;

export interface Written {
  readonly version: number;
  readonly rows: number;
  readonly tables: readonly string[];
}

export async function backup(databaseUrl: string, path: string, withTelemetry: boolean): Promise<Written> {
  const client = await connect(databaseUrl);
  const partial = `${path}.partial`;
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    // readable by nobody else: it holds the hashes of tokens and the addresses of hosts with their passwords
    const file = createWriteStream(partial, { mode: 0o600 });
    const written = await writeTo(file, (line) => writeSnapshot(client, line, withTelemetry));
    const handle = await open(partial, 'r');
    await handle.sync();
    await handle.close();
    await rename(partial, path);
    return written;
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  } finally {
    await client.end().catch(() => {});
  }
}

export async function connect(databaseUrl: string): Promise<Client> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: CONNECT_WITHIN_MS });
  client.on('error', () => {});
  await client.connect();
  return client;
}

type WriteLine = (line: string) => Promise<void>;

async function writeTo<T>(file: NodeJS.WritableStream, content: (line: WriteLine) => Promise<T>): Promise<T> {
  const zip: Gzip = createGzip();
  const out = zip.pipe(file);
  // a full disk ends the backup, not the process
  const end = finished(out);
  end.catch(() => zip.destroy());
  const failed = end.then(() => undefined as never);
  const line = async (text: string) => {
    if (!zip.write(`${text}\n`)) await Promise.race([once(zip, 'drain'), failed]);
  };
  const result = await content(line);
  zip.end();
  await end;
  return result;
}

async function writeSnapshot(client: Client, write: WriteLine, withTelemetry: boolean): Promise<Written> {
  const checksum = new Checksum();
  const line = async (text: string) => {
    checksum.add(text);
    await write(text);
  };
  const head = await headOf(client, withTelemetry);
  await line(JSON.stringify(head));
  let rows = 0;
  for (const table of head.tables) rows += await writeTable(client, table, line);
  await write(JSON.stringify({ rows, sha256: checksum.hex }));
  return { version: head.version, rows, tables: head.tables };
}

async function headOf(client: Client, withTelemetry: boolean): Promise<Head> {
  const { rows } = await client.query<{ version: string }>('SELECT version FROM clock');
  return {
    format: 'foreshard-backup',
    formatVersion: FORMAT_VERSION,
    createdAtMs: Date.now(),
    version: Number(rows[0]!.version),
    migrations: await migrationsOf(client),
    tables: await tablesOf(client, withTelemetry),
  };
}

async function writeTable(client: Client, table: string, line: WriteLine): Promise<number> {
  let rows = 0;
  await client.query(`DECLARE rows CURSOR FOR SELECT row_to_json(t)::text AS json FROM ${quoted(table)} t`);
  for (;;) {
    const page = await client.query<{ json: string }>(`FETCH ${FETCH_ROWS} FROM rows`);
    for (const { json } of page.rows) await line(rowLine({ table, json }));
    rows += page.rows.length;
    if (page.rows.length < FETCH_ROWS) break;
  }
  await client.query('CLOSE rows');
  return rows;
}
