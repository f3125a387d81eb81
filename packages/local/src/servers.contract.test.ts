import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createDatabase, startPostgres } from './postgres.ts';
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

  it('comes with its tools', async () => {
    const tool = await findRedisTool('redis-benchmark');
    expect(tool.program).toMatch(/(redis|valkey)-benchmark$/);
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
