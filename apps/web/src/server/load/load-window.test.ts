import { describe, expect, it } from 'vitest';
import { LoadWindow, lastSettledSecond, WINDOW_SECONDS } from './load-window.ts';
import { flushOf as flush } from './test-flush.ts';

describe('LoadWindow', () => {
  it('adds up what several edges tell about the same second', () => {
    const window = new LoadWindow();
    window.add(flush(100_000, [[1, 10, 1_000, 0]]));
    window.add({ ...flush(100_000, [[2, 5, 500, 3]], 2), edge: 'edge-2' });
    expect(window.points(99, 100)).toEqual([
      { second: 100, events: 15, bytes: 1_500, refused: 3, duplicates: 2 },
    ]);
  });

  it('spreads a flush over the two calendar seconds it covers, so a drifting timer leaves no hole', () => {
    const window = new LoadWindow();
    window.add(flush(100_250, [[1, 8, 80, 0]]));
    window.add(flush(101_250, [[1, 8, 80, 0]]));
    expect(window.points(99, 102).map((p) => p.events)).toEqual([6, 8, 2]);
  });

  it('shows seconds without load as zero', () => {
    const window = new LoadWindow();
    window.add(flush(100_000, [[1, 4, 40, 0]]));
    expect(window.points(98, 101).map((p) => p.events)).toEqual([0, 4, 0]);
  });

  it('states the average over exactly the seconds asked for', () => {
    const window = new LoadWindow();
    for (const s of [97, 98, 99, 100]) window.add(flush(s * 1_000, [[1, 10, 100, 1]], 5));
    expect(window.rate(100, 5)).toEqual({ events: 8, bytes: 80, refused: 0.8, duplicates: 4 });
  });

  it('ranks shardlets by the last minute and forgets older load', () => {
    const window = new LoadWindow();
    window.add(flush(1_000_000, [[7, 999, 0, 0]]));
    for (let s = 1_100; s < 1_160; s++) window.add(flush(s * 1_000, [[1, 10, 100, 0]]));
    const rates = window.ratesByShardlet(1_161_000);
    expect([...rates.keys()]).toEqual([1]);
    expect(rates.get(1)!.events).toBeCloseTo(10, 5);
  });

  it('gives the history of a shardlet in complete buckets, oldest first', () => {
    const window = new LoadWindow();
    for (let s = 590; s < 600; s++) window.add(flush(s * 1_000, [[3, 20, 0, 0]]));
    const history = window.history(3, 603_000);
    expect(history).toHaveLength(60);
    expect(history.at(-1)).toBe(20);
    expect(history.at(-2)).toBe(0);
  });

  it('remembers the last event after its second has left the window', () => {
    const window = new LoadWindow();
    window.add(flush(100_000, [[1, 1, 1, 0]]));
    window.prune(100_000 + (WINDOW_SECONDS + 60) * 1_000);
    expect(window.points(99, 100)[0]!.events).toBe(0);
    expect(window.lastEventAtMs).toBe(101_000);
  });

  it('does not count refusals as a last event', () => {
    const window = new LoadWindow();
    window.add(flush(100_000, [[1, 0, 0, 9]]));
    expect(window.lastEventAtMs).toBeUndefined();
  });

  it('calls a second settled only when every edge had time to tell about it', () => {
    expect(lastSettledSecond(103_900)).toBe(100);
  });
});
