/**
 * Base backups of a PostgreSQL of our own, and its recovery to a point in time. The npm package has no pg_basebackup:
 * the server is told that a backup begins, its files are copied as they are, and what it answers at the end goes with
 * them.
 */
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Client } from 'pg';
import type { LocalServer } from './local-server.ts';
import { homeFor } from './postgres-home.ts';

/** Of the running server only. */
const LOG = 'pg_wal';
const EMPTY_FOLDERS = ['pg_replslot', 'pg_stat_tmp'];
const NOT_COPIED = ['postmaster.pid', 'postmaster.opts', LOG, ...EMPTY_FOLDERS];
const ARCHIVE_STATUS = 'archive_status';
/** beside the data folder, in which the server runs its commands */
const ARCHIVE = 'archive';
const RECOVERED_WITHIN_MS = 60_000;
const POLL_MS = 50;

/** For a server that `backUpPostgres` and `recoverPostgres` are asked for. */
export const ARCHIVING = {
  archive_mode: 'on',
  archive_command: `cp %p ../${ARCHIVE}/%f`,
} as const;

/** REQUIRES that the server runs with `ARCHIVING`. Answers when all that the backup needs is archived. */
export async function backUpPostgres(server: LocalServer, to: string): Promise<void> {
  const { give } = await homeFor(dirname(server.dir));
  const archive = join(dirname(server.dir), ARCHIVE);
  await mkdir(archive, { recursive: true, mode: 0o700 });
  await give(archive);
  await asked(server.url, (client) => copyFiles(client, server.dir, to));
}

/** Starts from the backup and repeats what was archived, up to the time `upTo`, on a timeline of its own. */
export async function recoverPostgres(server: LocalServer, backup: string, upTo: string): Promise<void> {
  const { give } = await homeFor(dirname(server.dir));
  await server.stop();
  await rm(server.dir, { recursive: true });
  await cp(backup, server.dir, { recursive: true });
  const settings = {
    restore_command: `cp ../${ARCHIVE}/%f %p`,
    recovery_target_time: upTo,
    recovery_target_action: 'promote',
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key} = '${value}'\n`);
  await writeFile(join(server.dir, 'postgresql.auto.conf'), lines.join(''));
  await writeFile(join(server.dir, 'recovery.signal'), '');
  await giveAll(server.dir, give);
  await server.restart();
  await asked(server.url, awaitRecovered);
}

async function awaitRecovered(client: Client): Promise<void> {
  const deadline = Date.now() + RECOVERED_WITHIN_MS;
  for (;;) {
    const { rows } = await client.query('SELECT pg_is_in_recovery() AS recovers');
    if (rows[0]?.recovers === false) return;
    if (Date.now() > deadline) throw new Error('the server does not end its recovery');
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
}

export async function copyFiles(client: Client, from: string, to: string): Promise<void> {
  await client.query(`SELECT pg_backup_start('copy', true)`);
  await rm(to, { recursive: true, force: true });
  await cp(from, to, {
    recursive: true,
    filter: (path) => !NOT_COPIED.includes(basename(path)) || dirname(path) !== from,
  });
  for (const name of EMPTY_FOLDERS) await mkdir(join(to, name), { mode: 0o700 });
  const { rows } = await client.query('SELECT labelfile FROM pg_backup_stop(false)');
  await writeFile(join(to, 'backup_label'), rows[0].labelfile);
  // the log comes last: all of the backup's is in it; the archiver renames what it notes of each file
  const filter = (path: string) => basename(path) !== ARCHIVE_STATUS;
  await cp(join(from, LOG), join(to, LOG), { recursive: true, filter });
}

export async function giveAll(dir: string, give: (path: string) => Promise<void>): Promise<void> {
  await give(dir);
  for (const entry of await readdir(dir, { withFileTypes: true, recursive: true }))
    await give(join(entry.parentPath, entry.name));
}

export async function asked(url: string, body: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    await body(client);
  } finally {
    await client.end().catch(() => {});
  }
}
