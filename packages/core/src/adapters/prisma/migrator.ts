/**
 * Applies the SQL migrations without Prisma's schema engine, which is a binary that has to be downloaded.
 * The rows it writes are those of `prisma migrate deploy`, so either may continue the other's history.
 * An advisory lock keeps two starting processes apart; each migration is one transaction with its row, so
 * a crash leaves it wholly done or not at all.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, type ClientBase } from 'pg';
import { databaseUnreachable, isConnectionFailure } from './database-unreachable.ts';

export interface Migration {
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file, in hex */
  readonly checksum: string;
}

/** The history and the files do not fit: a person has to look. */
export class MigrationRefused extends Error {
  override readonly name = 'MigrationRefused';
  readonly reason: string;
  readonly cure: string;

  constructor(reason: string, cure: string, options?: ErrorOptions) {
    super(`${reason}: ${cure}`, options);
    this.reason = reason;
    this.cure = cure;
  }
}

/** The lock that `prisma migrate` takes as well. */
const MIGRATION_LOCK = 72_707_369;
const CONNECT_TIMEOUT_MS = 10_000;
const NO_SUCH_TABLE = '42P01';

const CREATE_HISTORY = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum VARCHAR(64) NOT NULL,
  finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL,
  logs TEXT,
  rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`;

/**
 * Brings the database to the newest migration; answers the names of those applied now.
 * @throws MigrationRefused when an applied file was edited or is missing, or one has failed half-way
 */
export async function applyMigrations(databaseUrl: string, migrationsDir: string): Promise<string[]> {
  const migrations = await readMigrations(migrationsDir);
  return inSession(databaseUrl, async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await createHistory(client);
    const pending = await pendingOf(client, migrations);
    for (const migration of pending) await apply(client, migration);
    return pending.map((m) => m.name);
  });
}

/**
 * The names of those that the database lacks. Changes nothing and waits for no lock.
 * @throws MigrationRefused where `applyMigrations` would
 */
export async function pendingMigrations(databaseUrl: string, migrationsDir: string): Promise<string[]> {
  const migrations = await readMigrations(migrationsDir);
  return inSession(databaseUrl, async (client) => {
    const pending = await pendingOf(client, migrations).catch((error) => {
      if (error.code === NO_SUCH_TABLE) return migrations;
      throw error;
    });
    return pending.map((m) => m.name);
  });
}

async function inSession<T>(databaseUrl: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    // a wait for another process that migrates is not an error
    lock_timeout: 0,
  });
  // a connection that breaks fails the query in progress as well; this one report is enough
  client.on('error', () => {});
  await client.connect().catch((cause) => {
    throw databaseUnreachable(databaseUrl, cause);
  });
  try {
    return await work(client);
  } catch (error) {
    throw isConnectionFailure(error) ? databaseUnreachable(databaseUrl, error) : error;
  } finally {
    // ends the session, and the lock with it
    await client.end().catch(() => {});
  }
}

/**
 * The same in the transaction that the client is in, which the caller ends: to see what would become of a database.
 * @throws MigrationRefused
 */
export async function applyMigrationsWithin(client: ClientBase, migrationsDir: string): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
  await createHistory(client);
  for (const migration of await pendingOf(client, await readMigrations(migrationsDir)))
    await carryOut(client, migration).catch((cause) => {
      throw failed(migration, cause);
    });
}

/** In the order of their names, which begin with their time. */
export async function readMigrations(dir: string): Promise<Migration[]> {
  const entries = await readdir(dir, { withFileTypes: true });
  const names = entries.filter((e) => e.isDirectory()).map((e) => e.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const file = await readFile(join(dir, name, 'migration.sql'));
      const checksum = createHash('sha256').update(file).digest('hex');
      return { name, sql: file.toString('utf8'), checksum };
    }),
  );
}

async function createHistory(client: ClientBase): Promise<void> {
  await client.query(CREATE_HISTORY).catch((cause) => {
    if (isConnectionFailure(cause)) throw cause;
    throw new MigrationRefused(
      `the table of applied migrations cannot be created (${(cause as Error).message})`,
      'let the user of this address create tables',
      { cause },
    );
  });
}

interface Applied {
  readonly name: string;
  readonly checksum: string;
  readonly finished: boolean;
}

async function pendingOf(client: ClientBase, migrations: readonly Migration[]): Promise<Migration[]> {
  const { rows: applied } = await client.query<Applied>(
    `SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished
       FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY migration_name`,
  );
  const byName = new Map(migrations.map((m) => [m.name, m]));
  for (const row of applied) check(row, byName.get(row.name));
  const done = new Set(applied.map((row) => row.name));
  return migrations.filter((m) => !done.has(m.name));
}

function check(row: Applied, file: Migration | undefined): void {
  if (!row.finished)
    throw new MigrationRefused(
      `migration ${row.name} failed half-way before`,
      'mend the database, then "prisma migrate resolve"',
    );
  if (file === undefined)
    throw new MigrationRefused(
      `the database has migration ${row.name}, which this release does not know`,
      'use the release that applied it or a newer one, or restore a backup from before it',
    );
  if (file.checksum !== row.checksum)
    throw new MigrationRefused(
      `migration ${row.name} was edited after it was applied`,
      'restore its file, add a new migration instead',
    );
}

async function apply(client: Client, migration: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await carryOut(client, migration);
    await client.query('COMMIT');
  } catch (cause) {
    await client.query('ROLLBACK').catch(() => {});
    throw failed(migration, cause);
  }
}

async function carryOut(client: ClientBase, { name, sql, checksum }: Migration): Promise<void> {
  await client.query(sql);
  await client.query(
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
     VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`,
    [randomUUID(), checksum, name],
  );
}

function failed({ name }: Migration, cause: unknown): MigrationRefused {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new MigrationRefused(
    `migration ${name} failed and was rolled back (${reason})`,
    'correct the reason, then run "foreshard migrate"',
    { cause },
  );
}
