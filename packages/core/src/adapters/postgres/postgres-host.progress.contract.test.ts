/** A PostgreSQL host that went back to an older state is found out; older databases and processes go on. */
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import {
  createDatabase,
  type LocalServer,
  startPostgres,
  type TemporaryFolder,
  temporaryFolder,
} from '@foreshard/local';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { concatFrames, sampleFrame } from '../../hosts/contract/sample-events.ts';
import { ALL, SPEC } from '../../hosts/contract/scene.ts';
import { type AppendGroup, type EventHost, ProgressWatch } from '../../hosts/index.ts';
import { connectPostgresHost } from './postgres-host.ts';

const run = promisify(execFile);

let folder: TemporaryFolder;
let server: LocalServer;

beforeAll(async () => {
  folder = await temporaryFolder('foreshard-postgres-progress-');
  server = await startPostgres({ dir: folder.path });
});

afterAll(async () => {
  await server?.stop();
  await folder?.remove();
});

function connect(url: string, watch?: ProgressWatch): Promise<EventHost> {
  return connectPostgresHost({ url, expectedIncarnation: undefined, watch });
}

function group(events: readonly number[]): AppendGroup {
  const frames = concatFrames(events.map((n) => sampleFrame(n)));
  const fixed = { shardlet: 1, epoch: 10, edgeTs: 0, tokenTs: 0, dedup: SPEC.dedup };
  return { ...fixed, frames, count: events.length };
}

async function asking<R>(url: string, ask: (client: pg.Client) => Promise<R>): Promise<R> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await ask(client);
  } finally {
    await client.end();
  }
}

/** -a keeps owner and mode, on which PostgreSQL insists. */
async function replaceWith(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await run('cp', ['-a', from, to]);
}

test('a host that is started from an older copy of its data shows the older count and mark', async () => {
  const url = await createDatabase(server.url, 'older_copy');
  const copy = join(dirname(server.dir), 'copy');
  const watch = new ProgressWatch(0);
  let host = await connect(url, watch);
  await host.createOpen(1, 10, SPEC, []);
  await host.append([group([1])]);
  await host.mark('', '1.a', 1_000, 0);
  const then = await host.identify();
  await host.close();
  await server.stop();
  await replaceWith(server.dir, copy);
  await server.restart();
  host = await connect(url, watch);
  expect(await host.identify()).toMatchObject({ progress: then.progress, mark: '1.a' });
  await host.append([group([2])]);
  await host.mark('1.a', '2.b', 2_000, 0);
  const later = await host.identify();
  expect(later.progress.count).toBe(then.progress.count + 2);
  await host.close();

  await server.stop();
  await replaceWith(copy, server.dir);
  await server.restart();
  const unjudged = await connect(url);
  expect(await unjudged.identify()).toMatchObject({
    progress: then.progress,
    mark: '1.a',
    markPromise: then.markPromise,
  });
  host = await connect(url, watch);
  const regressed = { name: 'HostUnreachable', reason: 'regressed' };
  await expect(host.read(1, 1, 0, ALL)).rejects.toMatchObject(regressed);
  expect(watch.regression).toEqual({ seen: later.progress.count, answered: then.progress.count });
  await host.close();
  await unjudged.close();
  await rm(copy, { recursive: true });
});

test('appends by many connections count once each, whatever their order', async () => {
  const url = await createDatabase(server.url, 'many');
  const watch = new ProgressWatch(0);
  const host = await connect(url, watch);
  await host.createOpen(1, 10, SPEC, []);
  const before = (await host.identify()).progress.count;
  await Promise.all(Array.from({ length: 64 }, (_, n) => host.append([group([n])])));
  expect((await host.identify()).progress.count).toBe(before + 64);
  expect(watch.regression).toBeUndefined();
  await host.close();
});

test('a database of an older release gets what is missing, and its running processes go on', async () => {
  const url = await createDatabase(server.url, 'upgraded');
  await (await connect(url)).close();
  // as the release before left it
  await asking(url, async (client) => {
    await client.query(`
      DROP TABLE foreshard.progress;
      ALTER TABLE foreshard.host DROP COLUMN generation, DROP COLUMN mark, DROP COLUMN mark_promise;
      UPDATE foreshard.installation SET version = 1;
      CREATE FUNCTION foreshard.v1_adopt(as_host_id bigint) RETURNS boolean LANGUAGE plpgsql AS $$
      DECLARE
        held foreshard.host;
      BEGIN
        SELECT * INTO held FROM foreshard.host;
        UPDATE foreshard.host SET host_id = as_host_id WHERE held.host_id IS NULL;
        RETURN true;
      END $$`);
    const { rows } = await client.query(
      `SELECT p.oid::regprocedure::text AS signature FROM pg_proc p WHERE p.proname LIKE 'v2\\_%'`,
    );
    for (const { signature } of rows) await client.query(`DROP FUNCTION ${signature}`);
    await client.query('SELECT foreshard.v1_adopt(7)');
    const host = await connect(url);
    expect(await host.identify()).toMatchObject({
      hostId: 7,
      progress: { generation: 0, count: 0 },
      mark: '',
    });
    await host.createOpen(1, 10, SPEC, []);
    expect((await host.identify()).progress.count).toBe(1);
    await client.query('SELECT foreshard.v1_adopt(8)');
    expect((await host.identify()).hostId).toBe(7);
    const again = await connect(url);
    expect((await again.identify()).progress.count).toBe(1);
    await again.close();
    await host.close();
  });
});

test('what a change costs stays on its page, without an entry in the index', async () => {
  const url = await createDatabase(server.url, 'cost');
  const host = await connect(url);
  await host.createOpen(1, 10, SPEC, []);
  for (let n = 0; n < 300; n++) await host.append([group([n])]);
  await host.close();
  const stats = await asking(url, async (client) => {
    const { rows } = await client.query(`
      SELECT n_tup_upd::int AS updated, n_tup_hot_upd::int AS hot, pg_relation_size('foreshard.progress')::int AS bytes
      FROM pg_stat_user_tables WHERE relid = 'foreshard.progress'::regclass`);
    return rows[0];
  });
  expect(stats.updated).toBeGreaterThanOrEqual(300);
  expect(stats.hot / stats.updated).toBeGreaterThan(0.9);
  expect(stats.bytes).toBeLessThan(100_000);
});
