/** Idempotency-Key as clients of a running edge meet it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EdgeFixture } from '../reading/edge.fixture.ts';

let edge: EdgeFixture;

beforeAll(async () => {
  edge = await EdgeFixture.start(1);
  await edge.createStream({ name: 'main', shardCount: 1 });
}, 60_000);
afterAll(() => edge?.stop());

async function post(id: string, key: string, type = 't') {
  const response = await edge.fetch('/v1/events', {
    method: 'POST',
    headers: { 'content-type': 'application/cloudevents+json', 'idempotency-key': key },
    body: JSON.stringify({ specversion: '1.0', id, source: '/i', type }),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

it('answers a repeated key like the first time, with quotes or without', async () => {
  const first = await post('1', '"order-1"');
  expect(first.body.results[0].status).toBe('stored');
  expect((await post('1', 'order-1')).body).toEqual(first.body);
  expect(await post('2', 'order-1')).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
  expect(await post('1', '"order-1')).toMatchObject({ status: 400, body: { code: 'invalid_parameter' } });
});

it('answers 409 while the first is in work, and then like the first', async () => {
  const [host] = edge.servers;
  process.kill(host!.pid, 'SIGSTOP');
  const first = post('3', 'busy');
  // it has arrived first
  await sleep(100);
  try {
    await expect.poll(async () => (await post('3', 'busy')).status, { timeout: 3_000 }).toBe(409);
    const second = await post('3', 'busy');
    expect(second.body.code).toBe('request_in_flight');
    expect(second.headers.get('retry-after')).toBe('1');
  } finally {
    process.kill(host!.pid, 'SIGCONT');
  }
  const stored = await first;
  expect(stored.body.results[0].status).toBe('stored');
  expect((await post('3', 'busy')).body).toEqual(stored.body);
});

it('answers like the first time after a restart, and goes on without the control Redis', async () => {
  const first = await post('4', 'kept');
  await edge.restartEdge();
  expect((await post('4', 'kept')).body).toEqual(first.body);
  expect((await post('5', 'kept')).status).toBe(422);
  await edge.controlRedis.kill();
  expect((await post('6', 'alone')).body.results[0].status).toBe('stored');
  expect((await post('6', 'alone')).body.results[0].status).toBe('stored');
  expect((await post('4', 'kept')).body).toEqual(first.body);
});
