import { describe, expect, it } from 'vitest';
import type { LoadPoint } from '../../server/load/load-window.ts';
import type { LiveUpdate } from '../../server/routes/overview.ts';
import { NO_FEED, nextFeed, POINTS_KEPT, statusOf } from './feed.ts';

const point = (second: number, events = 1): LoadPoint => ({
  second,
  events,
  bytes: 0,
  refused: 0,
  duplicates: 0,
});
const update = (points: LoadPoint[]) =>
  ({ frame: { atMs: 1 }, sample: { kind: 'idle' }, points }) as unknown as LiveUpdate;

describe('nextFeed', () => {
  it('appends new seconds and drops the ones that left the window', () => {
    const full = Array.from({ length: POINTS_KEPT }, (_, i) => point(i));
    const before = nextFeed(NO_FEED, { update: update(full), receivedMs: 1 });
    const after = nextFeed(before, { update: update([point(POINTS_KEPT)]), receivedMs: 2 });
    expect(after.points).toHaveLength(POINTS_KEPT);
    expect(after.points[0]!.second).toBe(1);
    expect(after.points.at(-1)!.second).toBe(POINTS_KEPT);
  });

  it('takes the whole window of a new subscription instead of doubling seconds', () => {
    const before = nextFeed(NO_FEED, { update: update([point(1), point(2, 5)]), receivedMs: 1 });
    const after = nextFeed(before, { update: update([point(2, 7), point(3)]), receivedMs: 2 });
    expect(after.points.map((p) => [p.second, p.events])).toEqual([
      [1, 1],
      [2, 7],
      [3, 1],
    ]);
  });

  it('keeps the points when a frame brings no new second', () => {
    const before = nextFeed(NO_FEED, { update: update([point(1)]), receivedMs: 1 });
    expect(nextFeed(before, { update: update([]), receivedMs: 2 }).points).toHaveLength(1);
  });
});

describe('statusOf', () => {
  const feed = nextFeed(NO_FEED, { update: update([]), receivedMs: 1 });
  it('names what the reader must know first', () => {
    expect(statusOf(NO_FEED, false, 0)).toBe('connecting');
    expect(statusOf(feed, false, 0)).toBe('live');
    expect(statusOf(feed, false, 12_000)).toBe('stale');
    expect(statusOf(feed, true, 12_000)).toBe('paused');
  });
});
