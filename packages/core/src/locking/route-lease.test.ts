import { describe, expect, it } from 'vitest';
import { granted, LEASE_MS, LOOK_AGAIN_MS, laneAt, lookFailed, NO_LEASE } from './route-lease.ts';

describe('the lease of an edge on its map', () => {
  it('is not there before the topology store has answered once', () => {
    expect(laneAt(NO_LEASE, 0)).toBe('shard');
  });

  it('counts from the question, so that a slow answer grants less', () => {
    const lease = granted(NO_LEASE, 1_000);
    expect(laneAt(lease, 1_000 + LEASE_MS - 1)).toBe('direct');
    expect(laneAt(lease, 1_000 + LEASE_MS)).toBe('shard');
  });

  it('is never shortened by an older answer that arrives later', () => {
    const lease = granted(granted(NO_LEASE, 2_000), 1_000);
    expect(laneAt(lease, 2_000 + LEASE_MS - 1)).toBe('direct');
  });

  it('lets appends go on without the topology store, and asks again after a while', () => {
    const lease = lookFailed(granted(NO_LEASE, 0), LEASE_MS + 5);
    expect(laneAt(lease, LEASE_MS + 6)).toBe('unconfirmed');
    expect(laneAt(lease, LEASE_MS + 5 + LOOK_AGAIN_MS)).toBe('shard');
    expect(laneAt(granted(lease, LEASE_MS + 6), LEASE_MS + 7)).toBe('direct');
  });
});
