/**
 * A synchronous standby of a PostgreSQL of our own, made without pg_basebackup, which the npm package does
 * not have: the server is told that a backup begins, its files are copied as they are, and what it answers
 * at the end goes with them.
 */
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Client } from 'pg';
import type { LocalServer } from './local-server.ts';
import { startPostgres } from './postgres.ts';
import { homeFor } from './postgres-home.ts';

const STANDBY_NAME = 'foreshard_standby';
/** Of the running primary only. */
const LOG = 'pg_wal';
const EMPTY_FOLDERS = ['pg_replslot', 'pg_stat_tmp'];
const NOT_COPIED = ['postmaster.pid', 'postmaster.opts', LOG, ...EMPTY_FOLDERS];
const STREAMS_WITHIN_MS = 30_000;
const POLL_MS = 50;

export interface Standby {
  readonly server: LocalServer;
  /** Makes it a primary. What the old one has not sent is nowhere then. */
  promote(): Promise<void>;
}

/** From its return on, every commit of the primary waits for the standby too. */
export async function startSynchronousStandby(
  primary: LocalServer,
  options: { readonly dir: string },
): Promise<Standby> {
  const home = await homeFor(resolve(options.dir));
  await cp(join(dirname(primary.dir), 'password'), join(home.dir, 'password'));
  await home.give(join(home.dir, 'password'));
  await asked(primary.url, (client) => copyFiles(client, primary.dir, home.data));
  await writeFile(join(home.data, 'standby.signal'), '');
  await giveAll(home.data, home.give);
  const { password, port, username } = new URL(primary.url);
  const line = `host=127.0.0.1 port=${port} user=${username} password=${password} application_name=${STANDBY_NAME}`;
  const settings = { primary_conninfo: line };
  const server = await startPostgres({ dir: options.dir, settings, name: 'standby' });
  await asked(primary.url, awaitStandby);
  const promote = () => asked(server.url, (client) => client.query('SELECT pg_promote(true)'));
  return { server, promote };
}

async function copyFiles(client: Client, from: string, to: string): Promise<void> {
  await client.query(`SELECT pg_backup_start('standby', true)`);
  await rm(to, { recursive: true, force: true });
  await cp(from, to, {
    recursive: true,
    filter: (path) => !NOT_COPIED.includes(basename(path)) || dirname(path) !== from,
  });
  for (const name of EMPTY_FOLDERS) await mkdir(join(to, name), { mode: 0o700 });
  const { rows } = await client.query('SELECT labelfile FROM pg_backup_stop(false)');
  await writeFile(join(to, 'backup_label'), rows[0].labelfile);
  // the log comes last: all of the backup's is in it, and the rest is streamed
  await cp(join(from, LOG), join(to, LOG), { recursive: true });
}

async function giveAll(dir: string, give: (path: string) => Promise<void>): Promise<void> {
  await give(dir);
  for (const entry of await readdir(dir, { withFileTypes: true, recursive: true }))
    await give(join(entry.parentPath, entry.name));
}

async function awaitStandby(client: Client): Promise<void> {
  await client.query(`ALTER SYSTEM SET synchronous_standby_names = '${STANDBY_NAME}'`);
  await client.query('SELECT pg_reload_conf()');
  const deadline = Date.now() + STREAMS_WITHIN_MS;
  for (;;) {
    const { rows } = await client.query('SELECT sync_state FROM pg_stat_replication');
    if (rows[0]?.sync_state === 'sync') return;
    if (Date.now() > deadline) throw new Error('the standby does not follow its primary');
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
}

async function asked(url: string, body: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    await body(client);
  } finally {
    await client.end().catch(() => {});
  }
}
