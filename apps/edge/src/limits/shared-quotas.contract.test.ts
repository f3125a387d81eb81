/** Quotas of several edges, counted in a real control Redis. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LocalServer, startRedis, temporaryFolder } from '@foreshard/local';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { SharedRedis } from '../sharing/index.ts';
import { type Quota, Quotas } from './quotas.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: LocalServer;
let redis: Redis;

beforeAll(async () => {
  folder = await temporaryFolder('quotas');
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

const edge = (token: Quota, stream: Quota = {}) =>
  new Quotas(
    { tokensHave: true, ofToken: () => token, ofStream: () => stream },
    new SharedRedis(redis, Date.now),
  );
const charge = (events: number, bytes = events) => ({ tokenId: 't', stream: 'main', events, bytes });
const code = (promise: Promise<unknown>) => promise.then(() => 'stored').catch((e) => e.code);

it('hold for all edges together, exactly, however many ask at once', async () => {
  const edges = [edge({ eventsPerSecond: 50 }), edge({ eventsPerSecond: 50 }), edge({ eventsPerSecond: 50 })];
  const codes = await Promise.all(
    Array.from({ length: 90 }, (_, i) => code(edges[i % 3]!.charge(charge(1)))),
  );
  expect(codes.filter((c) => c === 'stored')).toHaveLength(50);
  await sleep(1_050);
  expect(await code(edges[0]!.charge(charge(50)))).toBe('stored');
  expect(await code(edges[1]!.charge(charge(1)))).toBe('quota_exceeded');
});

it('charge a refused request to none of them', async () => {
  const [one, two] = [
    edge({ eventsPerSecond: 100 }, { bytesPerSecond: 500 }),
    edge({ eventsPerSecond: 100 }),
  ];
  for (let i = 0; i < 20; i++) expect(await code(one.charge(charge(60, 501)))).toBe('quota_exceeded');
  await expect.poll(() => redis.get('{foreshard}:quota:token-events:t')).toBe('0');
  const fields = await two.charge(charge(100));
  expect(fields).toMatchObject({ ratelimit: '"token-events";r=0;t=1' });
});

it('give nothing back to the next window', async () => {
  const one = edge({ eventsPerSecond: 100 }, { bytesPerSecond: 500 });
  await code(one.charge(charge(60, 501)));
  await sleep(1_050);
  expect(await code(one.charge(charge(101, 1)))).toBe('quota_exceeded');
});

it('hold on each edge by itself while the control Redis is silent, without making requests wait', async () => {
  await server.kill('SIGSTOP');
  try {
    const [one, two] = [edge({ eventsPerSecond: 10 }), edge({ eventsPerSecond: 10 })];
    expect(await code(one.charge(charge(10)))).toBe('stored');
    expect(await code(two.charge(charge(10)))).toBe('stored');
    const startedMs = performance.now();
    for (let i = 0; i < 20; i++) expect(await code(one.charge(charge(1)))).toBe('quota_exceeded');
    expect(performance.now() - startedMs).toBeLessThan(100);
  } finally {
    await server.kill('SIGCONT');
  }
});
