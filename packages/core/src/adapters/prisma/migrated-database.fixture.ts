/**
 * Databases with all migrations, for tests on the PostgreSQL that they share: applying them takes half a second of a
 * processor, so it is done once for each server, and the others are copies. The migrations themselves have tests of
 * their own, which apply them.
 */
import { randomUUID } from 'node:crypto';
import { createDatabase } from '@foreshard/local';
import { Client, escapeIdentifier } from 'pg';
import { applyMigrations } from './migrator.ts';

const MIGRATIONS = new URL('../../../../../prisma/migrations', import.meta.url).pathname;
const TEMPLATE = 'foreshard_migrated';
/** a copy is a cluster of its own */
const NEW_IDENTITY = `UPDATE cluster_identity SET id = gen_random_uuid()::text`;
/** two that come first would both make it */
const TEMPLATE_LOCK = 1_718_579_900;
/** servers that have it */
const ready = new Map<string, Promise<void>>();

/** Creates a new database, whose name begins with `name`, on the server of `serverUrl`, and answers its address. */
export async function migratedDatabase(serverUrl: string, name: string): Promise<string> {
  const made = ready.get(serverUrl) ?? inSession(serverUrl, (client) => makeTemplate(client, serverUrl));
  ready.set(serverUrl, made);
  await made;
  // files that run in one process may well have chosen one name
  const unique = `${name}_${randomUUID().slice(0, 8)}`;
  await inSession(serverUrl, (client) =>
    client.query(`CREATE DATABASE ${escapeIdentifier(unique)} TEMPLATE ${TEMPLATE}`),
  );
  const url = new URL(serverUrl);
  url.pathname = `/${encodeURIComponent(unique)}`;
  await inSession(url.href, (client) => client.query(NEW_IDENTITY));
  return url.href;
}

async function makeTemplate(client: Client, serverUrl: string): Promise<void> {
  await client.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
  await applyMigrations(await createDatabase(serverUrl, TEMPLATE), MIGRATIONS);
}

async function inSession(url: string, work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
