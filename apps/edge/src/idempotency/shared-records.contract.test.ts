/** Records of Idempotency-Keys in a real control Redis, as several edges use it. */
import { join } from 'node:path';
import { type LocalServer, startRedis, temporaryFolder } from '@foreshard/local';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Answer } from '../http/respond.ts';
import { SharedRedis } from '../sharing/index.ts';
import { IdempotencyRecords } from './records.ts';
import { RedisRecords, SHARED_ANSWER_BYTES_MAX } from './shared-records.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: LocalServer;
let redis: Redis;
const BYTES_KEY = '{foreshard}:idempotency:bytes';
const LIMITS = { bytesMax: 100_000, lifetimeMs: 60_000 };

beforeAll(async () => {
  folder = await temporaryFolder('idempotency');
  server = await startRedis({ dir: join(folder.path, 'control') });
  redis = new Redis(server.url, { commandTimeout: 5_000, maxRetriesPerRequest: 1 });
  redis.on('error', () => {});
});
beforeEach(() => redis.flushall());
afterAll(async () => {
  redis?.disconnect();
  await server?.stop();
  await folder?.remove();
});

/** Another edge, or the same one after a restart. */
function edge(limits = LIMITS): IdempotencyRecords {
  const shared = new RedisRecords(new SharedRedis(redis, Date.now), limits);
  return new IdempotencyRecords({ ...LIMITS, nowMs: Date.now }, shared);
}
const answer = (status: number, body = '{"results":[]}'): Answer => ({
  status,
  contentType: 'application/json',
  body,
  isAscii: true,
});
const reply = (status: number, body?: string) => async () => answer(status, body);
const never = async (): Promise<Answer> => {
  throw new Error('worked again');
};

describe('records that edges share', () => {
  it('answer on another edge like the first time', async () => {
    const first = await edge().once('k', 'f', reply(200, '{"results":[1]}'));
    expect(await edge().once('k', 'f', never)).toEqual(first);
    await expect(edge().once('k', 'other', never)).rejects.toMatchObject({ code: 'idempotency_key_reused' });
  });

  it('tell what is in work on another edge', async () => {
    const [one, two] = [edge(), edge()];
    let finish = (_: Answer) => {};
    const working = one.once('k', 'f', () => new Promise((resolve) => (finish = resolve)));
    await expect.poll(() => redis.hlen('{foreshard}:idempotency')).toBe(1);
    await expect(two.once('k', 'f', never)).rejects.toMatchObject({ code: 'request_in_flight' });
    await expect(two.once('k', 'g', never)).rejects.toMatchObject({ code: 'idempotency_key_reused' });
    finish(answer(200));
    await working;
    expect((await two.once('k', 'f', never)).status).toBe(200);
  });

  it('give one of many the work', async () => {
    let works = 0;
    const slowly = async () => {
      works++;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return answer(200);
    };
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, () => edge().once('k', 'f', slowly)),
    );
    expect(works).toBe(1);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('forget what asks to try again, and what failed', async () => {
    expect((await edge().once('k', 'f', reply(503))).status).toBe(503);
    await expect(edge().once('k', 'f', never)).rejects.toThrow('worked again');
    expect((await edge().once('k', 'f', reply(200))).status).toBe(200);
    expect(Number(await redis.get(BYTES_KEY))).toBeGreaterThan(300);
  });

  it('stay within their bytes, the oldest going first', async () => {
    for (let i = 0; i < 200; i++) await edge().once(`k${i}`, 'f', reply(200, 'x'.repeat(1_000)));
    expect(Number(await redis.get(BYTES_KEY))).toBeLessThanOrEqual(100_000);
    expect((await edge().once('k199', 'f', never)).status).toBe(200);
    expect((await edge().once('k0', 'f', reply(201))).status).toBe(201);
    const kept = Object.values(await redis.hgetall('{foreshard}:idempotency'));
    const bytes = kept.reduce((sum, text) => sum + text.length + 300, 0);
    expect(Number(await redis.get(BYTES_KEY))).toBe(bytes);
    expect(await redis.zcard('{foreshard}:idempotency:ends')).toBe(kept.length);
  });

  it('are not found after their time, and leave nothing behind', async () => {
    const short = { ...LIMITS, lifetimeMs: 50 };
    await edge(short).once('k', 'f', reply(200));
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect((await edge(short).once('k', 'g', reply(201))).status).toBe(201);
    await expect.poll(() => redis.keys('*')).toEqual([]);
  });

  it('leave out an answer that is too large to share', async () => {
    await edge().once('k', 'f', reply(200, 'x'.repeat(SHARED_ANSWER_BYTES_MAX + 1)));
    expect(await redis.hlen('{foreshard}:idempotency')).toBe(0);
  });
});

describe('a control Redis that does not answer', () => {
  it('costs a request no more than a moment, and the edge goes on by itself', async () => {
    process.kill(server.pid, 'SIGSTOP');
    try {
      const alone = edge();
      const startedMs = performance.now();
      await alone.once('k', 'f', reply(200, 'first'));
      expect((await alone.once('k', 'f', never)).body).toBe('first');
      for (let i = 0; i < 50; i++) await alone.once(`k${i}`, 'f', reply(200));
      expect(performance.now() - startedMs).toBeLessThan(1_000);
    } finally {
      process.kill(server.pid, 'SIGCONT');
    }
    await redis.ping();
  });
});
