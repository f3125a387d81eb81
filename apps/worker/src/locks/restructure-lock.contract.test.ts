/** The lock on a real Redis: it keeps two workers apart, and its loss keeps nobody from working. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalServer, startRedis } from '@foreshard/local';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { restructureLock } from './restructure-lock.ts';

let dir: string;
let server: LocalServer;
let first: Redis;
let second: Redis;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'foreshard-lock-'));
  server = await startRedis({ dir });
  [first, second] = [connect(), connect()];
});
afterEach(async () => {
  first.disconnect();
  second.disconnect();
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

function connect(): Redis {
  const redis = new Redis(server.url, { maxRetriesPerRequest: 1, commandTimeout: 1_000 });
  redis.on('error', () => {});
  return redis;
}

/** Holds the lock until told to let go. */
function hold(what: string) {
  let letGo = () => {};
  let begun = () => {};
  const beginning = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const held = restructureLock(first).during(what, async () => {
    begun();
    await new Promise<void>((resolve) => {
      letGo = resolve;
    });
    return 'done';
  });
  return { beginning, held, letGo: () => letGo() };
}

test('what one worker is at, another leaves alone, and takes when it is free', async () => {
  const holder = hold('host:1');
  await holder.beginning;
  const other = restructureLock(second);
  expect(await other.during('host:1', async () => 'twice')).toBeUndefined();
  expect(await other.during('host:2', async () => 'another host')).toBe('another host');
  holder.letGo();
  expect(await holder.held).toBe('done');
  expect(await other.during('host:1', async () => 'now')).toBe('now');
});

test('work that fails frees the lock', async () => {
  const lock = restructureLock(first);
  await expect(lock.during('host:1', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await restructureLock(second).during('host:1', async () => 'free')).toBe('free');
});

test('when the lock is lost both work, and both end well', async () => {
  const holder = hold('host:1');
  await holder.beginning;
  await second.flushall();
  expect(await restructureLock(second).during('host:1', async () => 'both')).toBe('both');
  holder.letGo();
  expect(await holder.held).toBe('done');
});

test('without Redis the work is done without a lock', async () => {
  await server.kill('SIGKILL');
  expect(await restructureLock(first).during('host:1', async () => 'unlocked')).toBe('unlocked');
});
