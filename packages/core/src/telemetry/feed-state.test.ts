import { describe, expect, it } from 'vitest';
import { FeedState } from './feed-state.ts';

const flush = (edge: string, runMs: number, seq: number, atMs = runMs + seq * 1_000) => ({
  ...{ edge, runMs, seq, atMs },
  duplicates: 0,
});

describe('the numbers of flushes', () => {
  it('tell what came twice and what never came', () => {
    const state = new FeedState(undefined);
    // what came before the first that is seen was cut off, or never was
    expect(state.take(flush('a', 1, 3))).toBe(true);
    expect(state.missing).toBe(0);
    expect(state.take(flush('a', 1, 3))).toBe(false);
    expect(state.take(flush('a', 1, 2))).toBe(false);
    expect(state.take(flush('a', 1, 6))).toBe(true);
    expect(state.missing).toBe(2);
    // its next run begins at 1
    expect(state.take(flush('a', 50_000, 2))).toBe(true);
    expect(state.missing).toBe(3);
  });

  it('are kept for a day after the last', () => {
    const state = new FeedState(undefined);
    state.position = '17-0';
    state.take(flush('old', 1, 1, 10_000));
    state.take(flush('new', 1, 1, 10_001));
    const text = state.toText(10_000 + 86_400_000);
    expect(JSON.parse(text)).toEqual({
      position: '17-0',
      edges: { 'new@1': { runMs: 1, seq: 1, atMs: 10_001 } },
    });
    const again = new FeedState(text);
    expect(again.position).toBe('17-0');
    expect(again.take(flush('new', 1, 1))).toBe(false);
  });

  it('of an earlier release go on', () => {
    const text = JSON.stringify({ position: '1-0', edges: { 'edge-1': { runMs: 5, seq: 7, atMs: 1 } } });
    const state = new FeedState(text);
    expect(state.take(flush('edge-1', 5, 7))).toBe(false);
    state.take(flush('edge-1', 5, 9));
    expect(state.missing).toBe(1);
  });
});

describe('two edges with one id', () => {
  it('lose nothing, and are named', () => {
    const state = new FeedState(undefined);
    for (let second = 1; second <= 60; second += 1) {
      expect(state.take(flush('edge-1', 1_000, second + 4))).toBe(true);
      expect(state.take(flush('edge-1', 5_000, second))).toBe(true);
    }
    expect(state.missing).toBe(0);
    // the older one has told of 60 s after the newer one began, as one that is being replaced might
    expect([...state.sharedIds]).toEqual([]);
    state.take(flush('edge-1', 1_000, 65, 65_001));
    expect([...state.sharedIds]).toEqual(['edge-1']);
  });

  it('are not seen in one that was started again', () => {
    const state = new FeedState(new FeedState(undefined).toText(0));
    state.take(flush('edge-1', 1_000, 1));
    state.take(flush('edge-1', 900_000, 1));
    state.take(flush('edge-1', 900_000, 200));
    state.take(flush('edge-2', 1_000, 2_000));
    expect([...state.sharedIds]).toEqual([]);
  });
});
