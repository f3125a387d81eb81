/** An edge process and its control Redis: what is told of load, and what is taken of the query layer. */
import {
  ACCESS_STREAM_KEY,
  LOAD_FLUSH_FIELD,
  LOAD_STREAM_KEY,
  mergeLoads,
  type NamedLoads,
  newNamedLoads,
  unpackFlush,
} from '@foreshard/core/telemetry';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { EdgeCluster, eventOf } from '../edge-process.fixture.ts';

let cluster: EdgeCluster;

beforeAll(async () => {
  cluster = await EdgeCluster.start(1, inject('postgresUrl'));
  await cluster.createStream({ name: 'main', shardCount: 4 });
  await cluster.startEdge();
});
afterAll(() => cluster.stop());

async function flushed(): Promise<NamedLoads & { readonly flushes: number; readonly seqs: number[] }> {
  const entries = (await cluster.control.redis.xrangeBuffer(LOAD_STREAM_KEY, '-', '+')) as [
    Buffer,
    Buffer[],
  ][];
  const all = newNamedLoads();
  const seqs: number[] = [];
  for (const [, [field, value]] of entries) {
    if (field!.toString() !== LOAD_FLUSH_FIELD) continue;
    const flush = unpackFlush(value!);
    seqs.push(flush.seq);
    mergeLoads(all, flush);
  }
  return { ...all, flushes: seqs.length, seqs };
}

function sum(loads: NamedLoads, metric: 'events' | 'reads' | 'bytes'): number {
  return [...loads.loads.values()].reduce((total, load) => total + load[metric], 0);
}

test('tells events, reads, latencies, keys and types of each shardlet', async () => {
  const events = Array.from({ length: 200 }, (_, i) =>
    eventOf({ id: `e${i}`, subject: i % 2 === 0 ? 'hot' : `k${i}` }),
  );
  expect((await cluster.post(events)).status).toBe(200);
  expect((await cluster.get('/v1/keys/hot/events')).body.events).toHaveLength(100);
  await expect.poll(async () => sum(await flushed(), 'reads'), { timeout: 10_000 }).toBe(100);
  const all = await flushed();
  expect(sum(all, 'events')).toBe(200);
  expect(sum(all, 'bytes')).toBeGreaterThan(200 * 80);
  const loads = [...all.loads.values()];
  const hot = loads.flatMap((l) => l.topKeys.reported()).find((k) => all.keyNames.get(k.keyHash) === 'hot');
  expect(hot!.events).toBe(100);
  expect(loads.reduce((n, l) => n + l.keys.estimate(), 0)).toBeGreaterThan(85);
  expect(loads.reduce((n, l) => n + (l.eventTypes.get('tested') ?? 0), 0)).toBe(200);
  expect(loads.every((l) => l.events === 0 || l.latency.quantileBucket(0.5)! > 0)).toBe(true);
});

test('tells seconds without load too, and numbers them', async () => {
  const before = (await flushed()).flushes;
  await expect.poll(async () => (await flushed()).flushes, { timeout: 10_000 }).toBeGreaterThan(before + 1);
  const { seqs } = await flushed();
  expect(seqs).toEqual(seqs.map((_, i) => i + 1));
});

test('takes accesses and instances, each judged by itself', async () => {
  const time = '2026-11-21T15:00:00Z';
  const good = { key: 'k', time, instance: 'q-1', group: 'g' };
  const post = (path: string, body: unknown, type = 'application/json') =>
    cluster.send(path, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': type } });
  const pointerOf = async (record: object) => (await post('/v1/telemetry/accesses', record)).body.pointer;
  const mixed = await post('/v1/telemetry/accesses', [
    good,
    { ...good, metric: 'm' },
    { ...good, frequency: 0 },
    7,
  ]);
  expect([mixed.status, mixed.body.code, mixed.body.pointer]).toEqual([400, 'invalid_record', '/1/key']);
  expect(mixed.body.results.map((r: { status: string }) => r.status)).toEqual([
    'accepted',
    'error',
    'error',
    'error',
  ]);
  expect(mixed.body.results[2].error).toMatchObject({
    code: 'invalid_record',
    status: 400,
    pointer: '/frequency',
  });
  const year = new Date().getUTCFullYear();
  expect(await pointerOf({ ...good, time: `${year + 2}-01-01T00:00:00Z` })).toBe('/time');
  expect(await pointerOf({ ...good, key: 'a\0b' })).toBe('/key');
  const instance = { id: 'q-1', group: 'g', cpu: 0.5, memory: 1e9, started: time };
  expect((await post('/v1/telemetry/instances', instance)).body.results).toEqual([{ status: 'accepted' }]);
  const backwards = { ...instance, stopped: '2026-11-21T14:00:00Z' };
  expect((await post('/v1/telemetry/instances', [backwards])).body.results[0].error.pointer).toBe('/stopped');
  // one entry a request, of what was good
  expect(await cluster.control.redis.xlen(ACCESS_STREAM_KEY)).toBe(2);
});

test('answers bad requests with problem documents', async () => {
  const send = (body: string, type = 'application/json') =>
    cluster.send('/v1/telemetry/accesses', { method: 'POST', body, headers: { 'content-type': type } });
  expect(await send('{')).toMatchObject({ status: 400, body: { code: 'malformed_body' } });
  expect(await send('[]', 'text/plain')).toMatchObject({
    status: 415,
    body: { code: 'unsupported_media_type' },
  });
  expect(await send(`[${' '.repeat(1_100_000)}]`)).toMatchObject({
    status: 413,
    body: { code: 'body_too_large' },
  });
  expect(await send(JSON.stringify(new Array(5_001).fill({})))).toMatchObject({ status: 400 });
  expect((await send('[]')).body).toEqual({ results: [] });
  expect(await send('['.repeat(10_000))).toMatchObject({ status: 400 });
  expect(await send('['.repeat(10_000) + ']'.repeat(10_000))).toMatchObject({
    body: { status: 400, code: 'malformed_body' },
  });
  expect(await send('[{"key":"a","k\\u0065y":"b"}]')).toMatchObject({
    body: { status: 400, code: 'malformed_body', pointer: '/0/key' },
  });
  const anonymous = await fetch(`${cluster.edgeUrl}/v1/telemetry/accesses`, { method: 'POST', body: '[]' });
  expect(anonymous.status).toBe(401);
  expect((await cluster.get('/v1/telemetry/accesses')).status).toBe(405);
});
