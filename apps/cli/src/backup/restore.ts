/**
 * Puts a backup in the place of the topology store, in one transaction: all of it or nothing. From its commit on the
 * topology store decides nothing until `doctor --after-restore` has compared it with every host, because hosts may
 * have carried out decisions that this topology store does not know any more.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { migrateWithin } from '../composition.ts';
import { CommandFailure, EXIT_BAD_INPUT } from '../failure.ts';
import { connect } from './backup.ts';
import { type Head, rowsOf, verify } from './format.ts';
import { advanceSequences, insertRows, migrationsOf, quoted, tablesOf } from './tables.ts';

export interface RestoreOptions {
  readonly dryRun: boolean;
  /** what the topology store holds is thrown away */
  readonly replace: boolean;
}

export interface Restored {
  readonly version: number;
  readonly backupAtMs: number;
  readonly rows: number;
  readonly replacedVersion: number;
}

/** A statement of this many rows stays far below the limits of the protocol. */
const ROWS_PER_INSERT = 1_000;

/** REQUIRES a database with the migrations of this release; a dry run brings its own. */
export async function restore(databaseUrl: string, path: string, options: RestoreOptions): Promise<Restored> {
  const { head, rows } = await verify(path);
  const client = await connect(databaseUrl);
  try {
    await client.query("BEGIN; SET LOCAL synchronous_commit = 'on'");
    // the audit log is replaced like the rest
    await client.query("SET LOCAL foreshard.audit_pruning = 'on'");
    if (options.dryRun) await migrateWithin(client);
    await insistOnKnown(client, path, head);
    const replacedVersion = await makeRoom(client, head, options);
    await writeRows(client, path, head);
    await advanceSequences(client, head.tables);
    const mark = { restoredAtMs: Date.now(), backupAtMs: head.createdAtMs };
    await client.query('UPDATE clock SET restored = $1', [JSON.stringify(mark)]);
    await client.query(options.dryRun ? 'ROLLBACK' : 'COMMIT');
    return { version: head.version, backupAtMs: head.createdAtMs, rows, replacedVersion };
  } finally {
    // ends the transaction as well
    await client.end().catch(() => {});
  }
}

async function insistOnKnown(client: Client, path: string, head: Head): Promise<void> {
  const here = await migrationsOf(client);
  const unknown = head.migrations.find((name) => !here.includes(name));
  if (unknown !== undefined)
    throw refused(`${path} was written by a newer release (its database has ${unknown}): use that release`);
}

/** Answers the version of what is thrown away. @throws CommandFailure when the topology store is not empty */
async function makeRoom(client: Client, head: Head, { replace }: RestoreOptions): Promise<number> {
  const tables = await tablesOf(client, true);
  const missing = head.tables.find((table) => !tables.includes(table));
  if (missing !== undefined) throw refused(`this database has no table ${missing}: use the newer release`);
  await lockAll(client, tables);
  const { rows } = await client.query<{ version: string }>('SELECT version FROM clock');
  const version = Number(rows[0]?.version ?? 0);
  if (version > 0 && !replace)
    throw refused(
      `The topology store is not empty (version ${version}): restore into an empty database, or give --replace`,
    );
  const replaced = [...new Set([...head.tables, ...(await tablesOf(client, false))])];
  await client.query(`TRUNCATE ${replaced.map(quoted).join(', ')}`);
  return version;
}

const LOCK_WITHIN_MS = 3_000;
const LOCK_ATTEMPTS = 10;
const LOCK_PAUSE_MS = 500;
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Nobody decides or reads half of it. Each attempt is short: whoever asks for a table meanwhile waits behind it, also
 * what a transaction needs to end that this waits for.
 */
async function lockAll(client: Client, tables: readonly string[]): Promise<void> {
  const lock = `LOCK TABLE ${tables.map(quoted).join(', ')} IN ACCESS EXCLUSIVE MODE`;
  for (let attempt = 1; ; attempt++) {
    await client.query(`SAVEPOINT before_lock; SET LOCAL lock_timeout = ${LOCK_WITHIN_MS}`);
    try {
      await client.query(`${lock}; SET LOCAL lock_timeout = 0`);
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw error;
      await client.query('ROLLBACK TO SAVEPOINT before_lock');
      if (attempt === LOCK_ATTEMPTS)
        throw new CommandFailure(
          'the tables are in use; stop edges, workers and consoles; nothing was changed',
        );
      await sleep(LOCK_PAUSE_MS);
    }
  }
}

async function writeRows(client: Client, path: string, head: Head): Promise<void> {
  let table = '';
  let batch: string[] = [];
  const flush = async () => {
    if (batch.length > 0) await insertRows(client, table, batch);
    batch = [];
  };
  for await (const row of rowsOf(path)) {
    if (row.table !== table || batch.length === ROWS_PER_INSERT) await flush();
    if (!head.tables.includes(row.table)) throw refused(`${path} names a table that its head does not`);
    table = row.table;
    batch.push(row.json);
  }
  await flush();
}

function refused(message: string): CommandFailure {
  return new CommandFailure(`${message}; nothing was changed`, EXIT_BAD_INPUT);
}
