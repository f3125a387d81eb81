/** Reports of shard caches on a real Redis. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalServer, startRedis } from '@foreshard/local';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cacheReportsReader, publishCache } from './cache-reports.ts';

const NUMBERS = {
  hits: 3,
  misses: 1,
  hitBytes: 9,
  bytes: 5,
  bytesMax: 8,
  segments: 1,
  evictions: 0,
  voided: 0,
};
const KEY = '{foreshard}:shard-caches';

let dir: string;
let server: LocalServer;
let redis: Redis;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'foreshard-cache-reports-'));
  server = await startRedis({ dir });
  redis = new Redis(server.url, { maxRetriesPerRequest: 1 });
  redis.on('error', () => {});
});
afterAll(async () => {
  redis?.disconnect();
  await server?.stop();
  await rm(dir, { recursive: true, force: true });
});

it('lists the last report of each process, and none of a process that has ended', async () => {
  const list = cacheReportsReader(redis);
  expect(await list()).toEqual([]);
  await publishCache(redis, { process: 'edge-2', ...NUMBERS, hits: 1 });
  await publishCache(redis, { process: 'edge-2', ...NUMBERS });
  await publishCache(redis, { process: 'edge-1', ...NUMBERS });
  expect(await list()).toEqual(['edge-1', 'edge-2'].map((process) => ({ process, ...NUMBERS })));
  const text = (await redis.hget(KEY, 'edge-1'))!;
  const [seconds, ...report] = text.split(' ');
  await redis.hset(KEY, 'edge-1', `${Number(seconds) - 20} ${report.join(' ')}`);
  expect((await list())?.map(({ process }) => process)).toEqual(['edge-2']);
  expect(await redis.hlen(KEY)).toBe(1);
});

it('passes over what another release has written', async () => {
  const [seconds] = await redis.time();
  await redis.hset(KEY, 'edge-3', `${seconds} {"process":"edge-3","other":1}`);
  expect((await cacheReportsReader(redis)())?.map(({ process }) => process)).toEqual(['edge-2']);
});

it('does not know when the control Redis is away', async () => {
  const away = new Redis({ port: 1, maxRetriesPerRequest: 0, lazyConnect: true, retryStrategy: () => null });
  away.on('error', () => {});
  expect(await cacheReportsReader(away)()).toBeUndefined();
});
