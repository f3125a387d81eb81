import { type Lane, LEASE_MS, LOOK_AGAIN_MS } from '@foreshard/core/locking';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Intake } from './intake.ts';
import { LeasedIngestion } from './leased-ingestion.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** The topology store answers `refresh` after `tookMs`; undefined: not at all. */
function leased(tookMs: number | undefined) {
  const t = { tookMs, askedAtMs: Date.now(), looks: 0 };
  const sent: Intake[] = [];
  const lanes: Lane[] = [];
  const ingestion = new LeasedIngestion({
    submit: (intake) => sent.push(intake),
    async refresh() {
      t.looks++;
      const askedAtMs = Date.now();
      if (t.tookMs === undefined) return new Promise(() => {});
      await new Promise((resolve) => setTimeout(resolve, t.tookMs));
      t.askedAtMs = askedAtMs;
    },
    answeredAskedAtMs: () => t.askedAtMs,
    nowMs: Date.now,
    observe: (lane, events) => lanes.push(...Array<Lane>(events).fill(lane)),
  });
  const one = { count: 1 } as Intake;
  return { t, sent, lanes, submit: () => ingestion.submit(one) };
}

describe('the lane of a request', () => {
  it('is direct, and sent in the same turn, while the topology store has answered lately', () => {
    const edge = leased(undefined);
    edge.submit();
    expect([edge.sent.length, edge.lanes, edge.t.looks]).toEqual([1, ['direct'], 0]);
  });

  it('is the shard lane after that: one look at the topology store for all who wait, then the append', async () => {
    const edge = leased(20);
    await vi.advanceTimersByTimeAsync(LEASE_MS);
    edge.submit();
    edge.submit();
    expect(edge.sent.length).toBe(0);
    await vi.advanceTimersByTimeAsync(20);
    expect([edge.sent.length, edge.lanes, edge.t.looks]).toEqual([2, ['shard', 'shard'], 1]);
    edge.submit();
    expect(edge.lanes.at(-1)).toBe('direct');
  });

  it('goes on without the topology store after a short wait, and then without waiting, until it is time to ask again', async () => {
    const edge = leased(undefined);
    await vi.advanceTimersByTimeAsync(LEASE_MS);
    edge.submit();
    await vi.advanceTimersByTimeAsync(250);
    expect(edge.lanes).toEqual(['unconfirmed']);
    edge.submit();
    expect([edge.lanes, edge.t.looks]).toEqual([['unconfirmed', 'unconfirmed'], 1]);
    edge.t.tookMs = 1;
    await vi.advanceTimersByTimeAsync(LOOK_AGAIN_MS);
    edge.submit();
    await vi.advanceTimersByTimeAsync(1);
    expect([edge.lanes.at(-1), edge.t.looks]).toEqual(['shard', 2]);
  });
});
