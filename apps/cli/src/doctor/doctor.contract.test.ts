/** Every check meets a real server in the wrong state, and names the cure. */
import { join } from 'node:path';
import { inspectHost } from '@foreshard/core/adapters/host-admission';
import { addHost } from '@foreshard/core/topology';
import {
  createDatabase,
  type LocalServer,
  startPostgres,
  startRedis,
  type TemporaryFolder,
  temporaryFolder,
} from '@foreshard/local';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { connectHost, migrate, openControl } from '../composition.ts';
import { judgeState } from './database-state.ts';
import { judgeDisk } from './disk-space.ts';
import { examine } from './examination.ts';

let folder: TemporaryFolder;
let control: LocalServer;
let host: LocalServer;
let databaseUrl: string;
/** of the host, as the topology store knows it */
let run: string;

beforeAll(async () => {
  folder = await temporaryFolder('doctor');
  [control, host] = await Promise.all([
    startRedis({ dir: join(folder.path, 'control') }),
    startRedis({ dir: join(folder.path, 'host'), config: { maxmemory: '100mb' } }),
  ]);
  databaseUrl = await createDatabase(inject('postgresUrl'), `doctor_${process.pid}`);
  await migrate(databaseUrl);
  const opened = await openControl({ databaseUrl, redisUrl: control.url });
  run = /run_id:(\w+)/.exec(await redis(host, 'INFO', 'server'))![1]!;
  await opened.topology.decide(
    addHost({ name: 'h', engine: 'redis', url: host.url, incarnation: run, durability: 'always' }),
    'test',
  );
  await opened.close();
  const joining = await connectHost(host.url);
  await joining.adopt(1);
  await joining.close();
}, 60_000);
afterAll(async () => {
  // every test has put right what it had spoilt
  if (databaseUrl !== undefined) expect(await wrong()).toEqual([]);
  await Promise.all([control?.stop(), host?.stop()]);
  await folder?.remove();
});

async function redis({ url }: LocalServer, command: string, ...args: string[]): Promise<string> {
  const client = new Redis(url);
  try {
    return String(await client.call(command, ...args));
  } finally {
    client.disconnect();
  }
}

async function sql(text: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(text);
  await client.end();
}

async function wrong(): Promise<string[]> {
  const findings = await examine({ databaseUrl, redisUrl: control.url });
  const found = findings.filter((f) => f.level !== 'ok');
  for (const { cure } of found) expect(cure).not.toBe('');
  return found.map((f) => `${f.subject}: ${f.what}`);
}

test('a sound cluster', async () => {
  expect(await wrong()).toEqual([]);
});

test.each([
  ['appendfsync', 'everysec', 'always', 'lose acknowledged events'],
  ['appendonly', 'no', 'yes', 'lose everything'],
  ['maxmemory-policy', 'allkeys-lru', 'noeviction', 'evicted'],
  ['no-appendfsync-on-rewrite', 'yes', 'no', 'rewrite'],
  ['aof-load-truncated', 'no', 'yes', 'not start'],
  ['maxmemory', '0', '100mb', 'no memory limit'],
])('a host with %s %s', async (setting, bad, good, why) => {
  await redis(host, 'CONFIG', 'SET', setting, bad);
  const found = await wrong();
  await redis(host, 'CONFIG', 'SET', setting, good);
  expect(found.join('\n')).toContain(why);
});

test('a host that hangs is given up, though it takes connections, and told once', async () => {
  await host.kill('SIGSTOP');
  try {
    expect(await wrong()).toEqual([expect.stringMatching(/does not answer: .*timed out/)]);
  } finally {
    await host.kill('SIGCONT');
  }
});

test('a host that answers with a refusal is not said to be down', async () => {
  await redis(host, 'ACL', 'SETUSER', 'default', '-info');
  const found = await wrong();
  await redis(host, 'ACL', 'SETUSER', 'default', '+@all');
  expect(found.join('\n')).toMatch(/it refuses: NOPERM/);
});

test('a host that hides CONFIG', async () => {
  await redis(host, 'ACL', 'SETUSER', 'default', '-config');
  const found = await wrong();
  await redis(host, 'ACL', 'SETUSER', 'default', '+@all');
  expect(found.join('\n')).toContain('hides CONFIG');
});

test('a host whose functions somebody has removed: told once, since the look loads them', async () => {
  await redis(host, 'FUNCTION', 'FLUSH');
  expect(await wrong()).toEqual([
    expect.stringMatching(/functions of this release \(foreshard_v1_.*not loaded/),
  ]);
});

test('a host whose user may not do what is needed', async () => {
  await redis(host, 'ACL', 'SETUSER', 'default', '-fcall', '-function');
  const found = await wrong();
  await redis(host, 'ACL', 'SETUSER', 'default', '+@all');
  expect(found.join('\n')).toContain('cannot be used as a host: NOPERM');
});

test('a host that was started anew', async () => {
  await sql(`UPDATE host SET incarnation = 'before'`);
  const found = await wrong();
  await sql(`UPDATE host SET incarnation = '${run}'`);
  expect(found.join('\n')).toContain('not readmitted yet');
});

test('a topology store that is older than what a host was told, though nobody says that it was restored', async () => {
  await redis(host, 'HSET', 'foreshard:host', 'createFloor', '1000');
  const found = await wrong();
  await redis(host, 'HDEL', 'foreshard:host', 'createFloor');
  expect(found).toEqual([
    expect.stringMatching(
      /told of version 999, the topology store is at \d+: the topology store is an older copy/,
    ),
  ]);
});

test('a PostgreSQL host that does not write through, or writes torn pages', async () => {
  const server = await startPostgres({ dir: join(folder.path, 'postgres') });
  const client = new Client({ connectionString: server.url });
  try {
    await client.connect();
    const found = async () =>
      (await inspectHost(server.url)).findings.filter(({ level }) => level !== 'ok').map(({ what }) => what);
    expect(await found()).toEqual([]);
    for (const setting of ['fsync', 'full_page_writes']) {
      await client.query(`ALTER SYSTEM SET ${setting} = off`);
      await client.query('SELECT pg_reload_conf()');
      const expected = [expect.stringContaining(`${setting} is off`)];
      await vi.waitFor(async () => expect(await found()).toEqual(expected), { timeout: 5_000 });
      await client.query(`ALTER SYSTEM RESET ${setting}`);
    }
  } finally {
    await client.end();
    await server.stop();
  }
});

test('a control Redis that evicts', async () => {
  await redis(control, 'CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
  const found = await wrong();
  await redis(control, 'CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
  expect(found).toEqual([expect.stringContaining('control Redis: maxmemory-policy is allkeys-lru')]);
});

test('a database whose commits may be lost', async () => {
  const database = new URL(databaseUrl).pathname.slice(1);
  await sql(`ALTER DATABASE "${database}" SET synchronous_commit = off`);
  const found = await wrong();
  await sql(`ALTER DATABASE "${database}" RESET synchronous_commit`);
  expect(found.join('\n')).toContain('synchronous_commit is off');
});

test('a restored topology store', async () => {
  await sql(`UPDATE clock SET restored = '{"restoredAtMs":1}'`);
  const found = await wrong();
  await sql('UPDATE clock SET restored = NULL');
  expect(found.join('\n')).toContain('decides nothing');
});

test('a migration that is missing', async () => {
  const one = `migration_name = '20261121151000_profiling'`;
  await sql(`UPDATE _prisma_migrations SET rolled_back_at = now() WHERE ${one}`);
  const found = await wrong();
  await sql(`UPDATE _prisma_migrations SET rolled_back_at = NULL WHERE ${one}`);
  expect(found.join('\n')).toContain('1 migrations are not applied');
});

test('a database that a newer release has migrated', async () => {
  await sql(`INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at)
    VALUES ('newer', 'x', '29990101000000_newer', now())`);
  const found = await wrong();
  await sql(`DELETE FROM _prisma_migrations WHERE id = 'newer'`);
  expect(found.join('\n')).toContain('29990101000000_newer, which this release does not know');
});

test('a host that is another one, or empty', async () => {
  await redis(host, 'HSET', 'foreshard:host', 'id', '9');
  const other = await wrong();
  await redis(host, 'HDEL', 'foreshard:host', 'id');
  const empty = await wrong();
  await redis(host, 'HSET', 'foreshard:host', 'id', '1');
  expect(other.join('\n')).toContain('that of host 9');
  expect(empty.join('\n')).toContain('empty');
});

test('a host that another control plane uses, and one that went back', async () => {
  const opened = await connectHost(host.url);
  expect((await opened.mark('', '7.other', 0, 0)).kind).toBe('marked');
  await opened.close();
  const foreign = await wrong();
  await sql(`INSERT INTO host_proof (host, held, next, generation, count, promise)
             VALUES (1, '9.own', '10.own', 0, 0, 0)`);
  const regressed = await wrong();
  await sql(`UPDATE host_proof SET held = '7.other'`);
  expect(foreign).toEqual([expect.stringContaining('another control plane uses it')]);
  expect(regressed).toEqual([expect.stringContaining('went back to an older state')]);
});

test('times, sessions, locks and disks are judged by what is measured', () => {
  const well = { now_ms: 1_000, sessions: 1, sessions_max: 10, waiting: 0, idle: 0, restored: false };
  const levels = (state: typeof well) => judgeState('T', state, 1_000, 1_000).map((f) => f.level);
  expect(levels(well)).toEqual(['ok', 'ok', 'ok', 'ok']);
  expect(levels({ ...well, now_ms: 9_000, sessions: 9, waiting: 1 }).slice(1)).toEqual(
    Array(3).fill('warning'),
  );
  expect([0.5, 0.05, 0.01].map((share) => judgeDisk('d', '/', share, 1e9).level)).toEqual([
    'ok',
    'warning',
    'problem',
  ]);
});
