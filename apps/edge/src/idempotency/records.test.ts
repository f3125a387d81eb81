import { describe, expect, it } from 'vitest';
import type { Answer } from '../http/respond.ts';
import { IdempotencyRecords } from './records.ts';

const answerOf = (status: number, body = 'x'): Answer => ({ status, contentType: 'application/json', body });
const reply = (status: number, body?: string) => async () => answerOf(status, body);

function records(bytesMax = 100_000) {
  const clock = { nowMs: 0 };
  return { clock, kept: new IdempotencyRecords({ bytesMax, lifetimeMs: 1_000, nowMs: () => clock.nowMs }) };
}

describe('IdempotencyRecords', () => {
  it('answers like the first time, without working again', async () => {
    const { kept } = records();
    const first = await kept.once('k', 'f', reply(200, 'first'));
    expect(await kept.once('k', 'f', reply(200, 'second'))).toBe(first);
  });

  it('keeps what was refused for good, and forgets what asks to try again', async () => {
    const { kept } = records();
    for (const [status, kept2nd] of [
      [400, true],
      [413, true],
      [429, false],
      [500, false],
      [503, false],
      [507, false],
    ] as const) {
      await kept.once(String(status), 'f', reply(status));
      expect((await kept.once(String(status), 'f', reply(200))).status).toBe(kept2nd ? status : 200);
    }
  });

  it('forgets a request that failed by itself', async () => {
    const { kept } = records();
    await expect(kept.once('k', 'f', () => Promise.reject(new Error('fault')))).rejects.toThrow('fault');
    expect((await kept.once('k', 'other', reply(200))).status).toBe(200);
  });

  it('refuses another request under the same key, and the same one while the first is in work', async () => {
    const { kept } = records();
    let finish = (_: Answer) => {};
    const first = kept.once('k', 'f', () => new Promise((resolve) => (finish = resolve)));
    await expect(kept.once('k', 'f', reply(200))).rejects.toMatchObject({
      code: 'request_in_flight',
      retryAfterSeconds: 1,
    });
    await expect(kept.once('k', 'g', reply(200))).rejects.toMatchObject({ code: 'idempotency_key_reused' });
    finish(answerOf(201));
    expect((await first).status).toBe(201);
    expect((await kept.once('k', 'f', reply(200))).status).toBe(201);
  });

  it('forgets after its lifetime', async () => {
    const { kept, clock } = records();
    await kept.once('k', 'f', reply(200, 'first'));
    clock.nowMs = 1_001;
    expect((await kept.once('k', 'g', reply(200, 'second'))).body).toBe('second');
  });

  it('stays within its bytes: the oldest goes first, never one in work', async () => {
    const { kept } = records(10_000);
    let finish = (_: Answer) => {};
    const working = kept.once('working', 'f', () => new Promise((resolve) => (finish = resolve)));
    for (let i = 0; i < 50; i++) await kept.once(`k${i}`, 'f', reply(200, 'x'.repeat(1_000)));
    expect(kept.bytesInUse).toBeLessThanOrEqual(10_000);
    await expect(kept.once('working', 'f', reply(200))).rejects.toMatchObject({ code: 'request_in_flight' });
    await expect(kept.once('k49', 'other', reply(200))).rejects.toMatchObject({
      code: 'idempotency_key_reused',
    });
    expect((await kept.once('k0', 'other', reply(200))).status).toBe(200);
    finish(answerOf(200));
    await working;
  });
});
