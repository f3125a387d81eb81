/** Quotas as clients of a running edge meet them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseList } from 'structured-headers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EdgeFixture, TOKEN } from '../reading/edge.fixture.ts';

let edge: EdgeFixture;

beforeAll(async () => {
  edge = await EdgeFixture.start(1);
  await edge.createStream({ name: 'main', shardCount: 1 });
  await edge.createStream({ name: 'free', shardCount: 1 });
}, 60_000);
afterAll(() => edge?.stop());

let ids = 0;

function post(count: number, path = '/v1/events') {
  const event = () => ({ specversion: '1.0', id: String(++ids), source: '/q', type: 't' });
  const body = JSON.stringify(Array.from({ length: count }, event));
  const headers = { 'content-type': 'application/cloudevents-batch+json' };
  return edge.fetch(path, { method: 'POST', headers, body });
}

async function storedCount(): Promise<number> {
  return (await edge.get('/v1/log?limit=10000')).body.events.length;
}

/** The edge reads quotas anew every few seconds. */
async function untilLimited(isLimited: boolean): Promise<void> {
  for (;;) {
    const response = await post(1);
    await response.arrayBuffer();
    if (response.headers.has('ratelimit') === isLimited && response.ok) return;
    await sleep(200);
  }
}

describe('a quota of a stream', () => {
  it('is not told where none is set', async () => {
    const response = await post(1);
    expect([response.status, response.headers.get('ratelimit')]).toEqual([200, null]);
  });

  it('refuses a bulk above it whole, says when to come back, and lets through what is within it', async () => {
    edge.quotas = [{ scope: 'stream', subject: 'main', eventsPerSecond: 50 }];
    await untilLimited(true);
    // into a window of its own
    await sleep(1_050);
    const before = await storedCount();
    const first = await post(40);
    expect(first.status).toBe(200);
    expect(first.headers.get('ratelimit-policy')).toBe('"stream-events";q=50;w=1;qu="events"');
    expect(first.headers.get('ratelimit')).toBe('"stream-events";r=10;t=1');
    const refused = await post(11);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    expect(Number(refused.headers.get('retry-after'))).toBe(1);
    expect(parseList(refused.headers.get('ratelimit')!).length).toBe(1);
    expect(await refused.json()).toMatchObject({ code: 'quota_exceeded', status: 429 });
    expect(await storedCount()).toBe(before + 40);
    await sleep(1_050);
    expect((await post(50)).status).toBe(200);
    expect(await storedCount()).toBe(before + 90);
  });

  it('leaves other streams alone', async () => {
    expect((await post(500, '/v1/streams/free/events')).status).toBe(200);
  });

  it('ends when it is removed', async () => {
    edge.quotas = [];
    await untilLimited(false);
    expect((await post(500)).status).toBe(200);
  }, 20_000);
});

describe('a quota of a token', () => {
  it('counts events and the bytes of bodies, in all streams together', async () => {
    edge.quotas = [{ scope: 'token', subject: TOKEN, eventsPerSecond: 1_000, bytesPerSecond: 10_000 }];
    await untilLimited(true);
    await sleep(1_050);
    const first = await post(50, '/v1/streams/free/events');
    expect(first.status).toBe(200);
    const [events, bytes] = parseList(first.headers.get('ratelimit')!);
    expect([events![0], events![1].get('r')]).toEqual(['token-events', 950]);
    expect(bytes![0]).toBe('token-bytes');
    const left = bytes![1].get('r') as number;
    expect(left).toBeLessThan(10_000 - 50 * 40);
    const refused = await post(200);
    expect(refused.status).toBe(429);
    expect((await refused.json()).detail).toContain('quota of this token is 10000 bytes a second');
    edge.quotas = [];
    await untilLimited(false);
  }, 20_000);
});
