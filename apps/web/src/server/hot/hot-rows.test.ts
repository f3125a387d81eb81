import type { HotShardlet } from '@foreshard/core/telemetry';
import { describe, expect, it } from 'vitest';
import { testMap } from '../cluster/test-cluster.ts';
import { hotRows, thinned } from './hot-rows.ts';

const map = await testMap();
const [first, second] = [...map.shardlets()];
const NONE = Number.NaN;
const MINUTE_MS = 60_000;

function hot(shardlet: number, changes: Partial<HotShardlet> = {}): HotShardlet {
  return {
    ...{ shardlet, value: 10, share: 0.75, stepMs: MINUTE_MS, keys: { topKeys: [], types: [] } },
    sparkline: Float64Array.of(600, 600),
    ...changes,
  };
}
const rowsOf = (...list: HotShardlet[]) => hotRows(map, { splitKeys: false }, 4, list);

describe('rows of hot shardlets', () => {
  it('keep the order they come in, with their place on the map', () => {
    const rows = rowsOf(hot(second!.id), hot(first!.id));
    expect(rows.map(({ rank, shardlet }) => [rank, shardlet])).toEqual([
      [1, second!.id],
      [2, first!.id],
    ]);
    expect(rows[1]).toMatchObject({
      ...{ shard: 0, owner: 'redis-a', state: 'open' },
      ...{ from: '0000000000000000', to: '4000000000000000' },
    });
  });

  it('state a load against the average shardlet of the stream', () => {
    expect(rowsOf(hot(first!.id))[0]).toMatchObject({
      share: 0.75,
      timesAverage: 3,
      hotForMs: 2 * MINUTE_MS,
    });
  });

  it('have no share of what does not add up', () => {
    expect(rowsOf(hot(first!.id, { share: NONE }))[0]).toMatchObject({ share: null, timesAverage: null });
  });

  it('say that a shardlet which has gone is unknown, with what it carried', () => {
    expect(rowsOf(hot(999))[0]).toMatchObject({
      ...{ shardlet: 999, value: 10, shard: null, owner: null, state: 'unknown', from: null, to: null },
    });
  });

  it('have the three heaviest keys, by hash where no name was sampled', () => {
    const topKeys = ['a', undefined, 'c', 'd'].map((key, i) => ({ key, keyHash: 255 - i, events: 90 - i }));
    expect(rowsOf(hot(first!.id, { keys: { topKeys, types: [] } }))[0]!.topKeys).toEqual([
      { key: 'a', hash: '000000ff', events: 90 },
      { key: null, hash: '000000fe', events: 89 },
      { key: 'c', hash: '000000fd', events: 88 },
    ]);
  });
});

describe('a thinned course', () => {
  it('keeps short peaks, wherever they lie', () => {
    for (const at of [0, 1, 47, 48, 95]) {
      const course = new Float64Array(96).fill(1);
      course[at] = 9;
      const points = thinned(course);
      expect(points).toHaveLength(48);
      expect(points.indexOf(9)).toBe(Math.floor(at / 2));
    }
  });

  it('loses no step where steps and points do not divide', () => {
    for (let at = 0; at < 50; at++) {
      const course = new Float64Array(50).fill(1);
      course[at] = 9;
      expect(thinned(course).filter((point) => point === 9)).toHaveLength(1);
    }
  });

  it('is as it was when it is short, and nothing of nothing', () => {
    expect(thinned(Float64Array.of(3, NONE, 0))).toEqual([3, null, 0]);
    expect(thinned(new Float64Array())).toEqual([]);
  });

  it('knows a point of which some is known', () => {
    const course = new Float64Array(96).fill(NONE);
    course[3] = 2;
    expect(thinned(course).slice(0, 3)).toEqual([null, 2, null]);
  });
});
