import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOAD_FLUSH_FIELD, LOAD_STREAM_KEY, packFlush } from '@foreshard/core/telemetry';
import { type LocalServer, startRedis } from '@foreshard/local';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LoadFollower } from './load-follower.ts';
import { lastSettledSecond } from './load-window.ts';
import { flushOf } from './test-flush.ts';

let dir: string;
let server: LocalServer;
let redis: Redis;
let follower: LoadFollower;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'foreshard-load-'));
  server = await startRedis({ dir });
  redis = new Redis(server.url);
  redis.on('error', () => {});
  await publish(flushOf(second(5), [[1, 3, 300, 0]], 1));
  follower = new LoadFollower(redis.duplicate({ maxRetriesPerRequest: null, commandTimeout: 5_000 }));
  follower.start();
});

afterAll(async () => {
  follower.close();
  redis.disconnect();
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

const base = Math.floor(Date.now() / 1_000) - 60;
const second = (s: number) => (base + s) * 1_000;
const eventsAt = (s: number) => follower.window.points(base + s - 1, base + s)[0]!.events;

async function publish(flush: ReturnType<typeof flushOf>): Promise<void> {
  await redis.xadd(LOAD_STREAM_KEY, '*', LOAD_FLUSH_FIELD, Buffer.from(packFlush(flush)));
}

it('knows what was told before it started', async () => {
  await expect.poll(() => eventsAt(5), { timeout: 5_000 }).toBe(3);
});

it('hears a new flush at once, although it is waiting', async () => {
  await publish(flushOf(second(10), [[1, 8, 800, 0]], 0));
  await expect.poll(() => eventsAt(10), { timeout: 2_000 }).toBe(8);
});

it('skips what it cannot read', async () => {
  await redis.xadd(LOAD_STREAM_KEY, '*', LOAD_FLUSH_FIELD, '\u00ff');
  await redis.xadd(LOAD_STREAM_KEY, '*', 'other', 'x');
  await publish(flushOf(second(11), [[1, 9, 900, 0]], 0));
  await expect.poll(() => eventsAt(11), { timeout: 2_000 }).toBe(9);
});

it('ages while Redis is away, and goes on by itself when it is back', async () => {
  await server.kill('SIGKILL');
  await expect.poll(() => follower.contactAgeMs(Date.now()), { timeout: 10_000 }).toBeGreaterThan(2_500);
  expect(follower.settledSecond(Date.now())).toBeLessThan(lastSettledSecond(Date.now()));
  await server.restart();
  await publish(flushOf(second(20), [[1, 4, 400, 0]], 0));
  await expect.poll(() => eventsAt(20), { timeout: 15_000 }).toBe(4);
  expect(eventsAt(10)).toBe(8);
  expect(follower.contactAgeMs(Date.now())).toBeLessThan(2_500);
});
