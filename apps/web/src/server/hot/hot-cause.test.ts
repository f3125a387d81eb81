import type { HotShardlet } from '@foreshard/core/telemetry';
import { describe, expect, it } from 'vitest';
import { causeOf, heldForMs } from './hot-cause.ts';

/** 1,000 events a minute for ten minutes, of which the named keys have so many. */
function hot(share: number, ...events: number[]): HotShardlet {
  return {
    shardlet: 1,
    value: 1_000 / 60,
    share,
    sparkline: new Float64Array(10).fill(1_000),
    stepMs: 60_000,
    keys: { topKeys: events.map((e, i) => ({ keyHash: i, key: `key-${i}`, events: e })), types: [] },
  };
}

describe('the cause of a hot shardlet', () => {
  it('is its key when one has half of the events, and a split of the range is not advised', () => {
    const cause = causeOf(hot(0.5, 7_000, 100), 8, false);
    expect(cause).toMatchObject({ kind: 'key', key: 'key-0', share: 0.7 });
    expect(cause.remedy).toContain('producer');
    expect(causeOf(hot(0.5, 7_000), 8, true).remedy).toContain('inside the key');
  });

  it('is a few keys, or the whole range', () => {
    expect(causeOf(hot(0.5, 3_000, 3_000, 3_000), 8, false).kind).toBe('few');
    expect(causeOf(hot(0.5, 300, 300, 300), 8, false)).toMatchObject({ kind: 'range', share: 0.03 });
  });

  it('is none when it carries about the average', () => {
    expect(causeOf(hot(0.15, 9_000), 8, false).kind).toBe('even');
  });

  it('is unknown without keys, and of metrics that do not add up', () => {
    expect(causeOf(hot(0.5), 8, false).kind).toBe('unknown');
    expect(causeOf(hot(Number.NaN, 5_000), 8, false).kind).toBe('unknown');
  });
});

describe('how long it is hot', () => {
  it.each([
    [[1, 1, 9, 9, 8], 3],
    [[9, 9, 1], 0],
    [[0, 0, 0], 0],
    [[1, 9, 9, Number.NaN], 2],
  ])('%j: %d steps', (course, steps) => {
    expect(heldForMs(Float64Array.from(course), 60_000)).toBe(steps * 60_000);
  });
});
