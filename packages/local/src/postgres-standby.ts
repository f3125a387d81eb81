/** A synchronous standby of a PostgreSQL of our own. */
import { cp, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Client } from 'pg';
import type { LocalServer } from './local-server.ts';
import { startPostgres } from './postgres.ts';
import { asked, copyFiles, giveAll } from './postgres-backup.ts';
import { homeFor } from './postgres-home.ts';

const STANDBY_NAME = 'foreshard_standby';
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
