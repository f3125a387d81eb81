import { parseList } from 'structured-headers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SharedRedis } from '../sharing/index.ts';
import { type Quota, Quotas } from './quotas.ts';

/** an edge that does not reach the control Redis counts by itself */
const ALONE = new SharedRedis(
  { status: 'end', eval: () => Promise.reject(new Error('away')), defineCommand: () => {} },
  Date.now,
);

beforeEach(() => vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => vi.useRealTimers());

function quotas(token: Quota, stream: Quota = {}) {
  return new Quotas({ tokensHave: true, ofToken: () => token, ofStream: () => stream }, ALONE);
}
const charge = (events: number, bytes = events * 100) => ({ tokenId: 't', stream: 'main', events, bytes });
const code = (promise: Promise<unknown>) => promise.then(() => 'stored').catch((e) => e.code);

describe('Quotas', () => {
  it('ask nothing where none holds', async () => {
    expect(await quotas({}).charge(charge(1_000_000))).toBeUndefined();
  });

  it('let through what a second has room for, and again in the next', async () => {
    const q = quotas({ eventsPerSecond: 10 });
    expect(await code(q.charge(charge(6)))).toBe('stored');
    expect(await code(q.charge(charge(5)))).toBe('quota_exceeded');
    expect(await code(q.charge(charge(4)))).toBe('stored');
    expect(await code(q.charge(charge(1)))).toBe('quota_exceeded');
    vi.advanceTimersByTime(1_001);
    expect(await code(q.charge(charge(10)))).toBe('stored');
  });

  it('charge a refused request to none of the quotas', async () => {
    const q = quotas({ eventsPerSecond: 10 }, { bytesPerSecond: 500 });
    for (let i = 0; i < 20; i++) expect(await code(q.charge(charge(6, 600)))).toBe('quota_exceeded');
    expect(await code(q.charge(charge(10, 500)))).toBe('stored');
  });

  it('count tokens and streams apart', async () => {
    const q = quotas({ eventsPerSecond: 10 });
    await q.charge(charge(10));
    expect(await code(q.charge({ ...charge(10), tokenId: 'other' }))).toBe('stored');
    expect(await code(q.charge({ ...charge(10), stream: 'other' }))).toBe('quota_exceeded');
  });

  it('tell what holds and what is left, as structured fields', async () => {
    const fields = (await quotas({ eventsPerSecond: 10 }, { bytesPerSecond: 5_000 }).charge(charge(3)))!;
    expect(fields).toEqual({
      'ratelimit-policy': '"token-events";q=10;w=1;qu="events", "stream-bytes";q=5000;w=1;qu="content-bytes"',
      ratelimit: '"token-events";r=7;t=1, "stream-bytes";r=4700;t=1',
    });
    expect(parseList(fields.ratelimit!).length).toBe(2);
  });

  it('tell a request that never fits so, with the time to wait and what is left', async () => {
    const refused = quotas({ eventsPerSecond: 10 }).charge(charge(11));
    await expect(refused).rejects.toMatchObject({
      retryAfterSeconds: 1,
      message: expect.stringMatching(/quota of this token is 10 events a second.*send smaller/),
      headers: { ratelimit: '"token-events";r=10;t=1' },
    });
  });
});
