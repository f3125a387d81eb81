import { chmod, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createDatabase, ownedBy, startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';
import { findRedisTool } from './redis-programs.ts';
import { type TemporaryFolder, temporaryFolder } from './temporary-folder.ts';

let folder: TemporaryFolder;
let dir: string;
beforeAll(async () => {
  folder = await temporaryFolder('local');
  dir = folder.path;
});
afterAll(() => folder.remove());

describe('a local Redis', () => {
  it('keeps what it acknowledged over a kill, and starts again on its port', async () => {
    const server = await startRedis({ dir: join(dir, 'redis') });
    const firstPid = server.pid;
    const client = new Redis(server.url);
    await client.set('k', 'v');
    await server.kill('SIGKILL');
    await server.restart();
    expect(await client.get('k')).toBe('v');
    expect(await client.config('GET', 'append*')).toEqual(
      expect.arrayContaining(['appendonly', 'yes', 'appendfsync', 'always']),
    );
    expect(server.pid).not.toBe(firstPid);
    client.disconnect();
    await server.stop();
    expect(() => process.kill(server.pid, 0)).toThrow();
  });

  it('takes settings over its defaults', async () => {
    const server = await startRedis({ dir: join(dir, 'small'), config: { maxmemory: '3mb' } });
    const client = new Redis(server.url);
    expect(await client.config('GET', 'maxmemory')).toEqual(['maxmemory', '3145728']);
    client.disconnect();
    await server.stop();
  });

  it('names the cause when it cannot start', async () => {
    const start = startRedis({ dir: join(dir, 'bad'), config: { maxmemory: 'much' }, name: 'the host' });
    await expect(start).rejects.toMatchObject({
      message: 'the host ended with exit code 1 at its start',
      details: expect.stringContaining('maxmemory'),
    });
  });

  it('of an earlier release gets its password over the data it has, by transactions too', async () => {
    const folder = join(dir, 'upgraded');
    const before = await startRedis({ dir: folder });
    const open = new Redis(before.url);
    await open.set('k', 'v');
    await open.multi().set('a', '1').set('b', '2').exec();
    open.disconnect();
    await before.stop();
    await chmod(join(folder, 'redis.conf'), 0o644);
    const users = { product: '~* +get +mget', admin: '~* &* +@all' };
    const after = await startRedis({ dir: folder, port: before.port, users });
    expect(after.url).toMatch(/^redis:\/\/product:[\w-]{32}@127\.0\.0\.1:\d+$/);
    const nobody = new Redis(after.port, { enableReadyCheck: false });
    nobody.on('error', () => {});
    await expect(nobody.get('k')).rejects.toThrow('NOAUTH');
    nobody.disconnect();
    const product = new Redis(after.url, { enableReadyCheck: false });
    expect(await product.mget('k', 'a', 'b')).toEqual(['v', '1', '2']);
    await expect(product.set('k', 'w')).rejects.toThrow('NOPERM');
    product.disconnect();
    for (const file of ['redis.conf', 'users.json'])
      expect((await stat(join(folder, file))).mode & 0o777, file).toBe(0o600);
    await after.stop();
    const again = await startRedis({ dir: folder, port: before.port, users });
    expect(again.url).toBe(after.url);
    await again.stop();
  });

  it('comes with its tools', async () => {
    const tool = await findRedisTool('redis-benchmark');
    expect(tool.program).toMatch(/(redis|valkey)-benchmark$/);
  });
});

describe('a role for the product', () => {
  const asked = async (url: string, text: string) => {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  };

  it('owns what an earlier release made as superuser, and is none', async () => {
    const dirOf = join(dir, 'role');
    const server = await startPostgres({ dir: dirOf });
    const old = await createDatabase(server.url, 'product');
    await asked(
      old,
      `CREATE SCHEMA log; CREATE TYPE log.mood AS ENUM ('ok'); CREATE DOMAIN log.name AS text;
       CREATE TABLE log.events (id serial PRIMARY KEY, at int GENERATED ALWAYS AS IDENTITY, mood log.mood);
       CREATE TABLE parts (id int) PARTITION BY RANGE (id); CREATE TABLE part PARTITION OF parts DEFAULT;
       CREATE VIEW log.seen AS SELECT * FROM log.events; CREATE MATERIALIZED VIEW log.kept AS SELECT 1;
       CREATE FUNCTION log.f(a int, b text) RETURNS int LANGUAGE sql AS 'SELECT 1';
       CREATE PROCEDURE log.p() LANGUAGE sql AS 'SELECT 1';
       INSERT INTO log.events (mood) VALUES ('ok')`,
    );
    const url = await ownedBy(old, 'product', dirOf);
    expect(await ownedBy(old, 'product', dirOf)).toBe(url);
    expect(
      await asked(url, 'SELECT current_user AS name, rolsuper FROM pg_roles WHERE rolname = current_user'),
    ).toEqual([{ name: 'product', rolsuper: false }]);
    await asked(
      url,
      `INSERT INTO log.events (mood) VALUES ('ok'); ALTER TABLE log.events ADD COLUMN more int;
       ALTER TYPE log.mood ADD VALUE 'bad'; DROP FUNCTION log.f; DROP PROCEDURE log.p; DROP VIEW log.seen;
       REFRESH MATERIALIZED VIEW log.kept; ALTER TABLE parts ADD COLUMN x int; ALTER DOMAIN log.name SET NOT NULL;
       CREATE TABLE mine (id int); CREATE SCHEMA other`,
    );
    expect((await asked(url, 'SELECT id FROM log.events')).length).toBe(2);
    await expect(asked(url, "SELECT pg_read_file('/etc/passwd')")).rejects.toThrow('permission denied');
    await server.stop();
  });

  it('a local PostgreSQL lets nobody in without a password', async () => {
    const hba = await readFile(join(dir, 'role', 'data', 'pg_hba.conf'), 'utf8');
    const methods = hba
      .split('\n')
      .filter((line) => /^\w/.test(line))
      .map((line) => line.split(/\s+/).at(-1));
    expect(new Set(methods)).toEqual(new Set(['scram-sha-256']));
  });
});

describe('a local PostgreSQL', () => {
  it('meets its data again at the second start', async () => {
    const first = await startPostgres({ dir: join(dir, 'postgres') });
    const url = await createDatabase(first.url, 'thread');
    await run(url, 'CREATE TABLE t AS SELECT 7 AS seven');
    await first.kill('SIGKILL');
    const second = await startPostgres({ dir: join(dir, 'postgres'), port: first.port });
    expect(await run(url, 'SELECT seven FROM t')).toEqual([{ seven: 7 }]);
    await second.stop();
  });

  it('is UTF-8 in the C locale and commits durably', async () => {
    const settings = await run(
      inject('postgresUrl'),
      `SELECT current_setting('server_encoding') AS encoding, current_setting('lc_collate', true) AS collate,
              current_setting('synchronous_commit') AS commit, (SELECT datcollate FROM pg_database LIMIT 1) AS c`,
    );
    expect(settings).toMatchObject([{ encoding: 'UTF8', commit: 'on', c: 'C' }]);
  });

  it('creates a database once', async () => {
    const url = await createDatabase(inject('postgresUrl'), 'twice');
    expect(await createDatabase(inject('postgresUrl'), 'twice')).toBe(url);
  });
});

async function run(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(text);
  await client.end();
  return rows;
}
