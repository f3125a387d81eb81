import { describe, expect, it } from 'vitest';
import { testMap, wentBack } from '../cluster/test-cluster.ts';
import { driftOf, rankedRow } from './forecast-views.ts';

describe('drift', () => {
  it('compares the mean of the last errors with the error of the training', () => {
    expect(driftOf(JSON.stringify({ errors: [1, 2, 6] }), 2)).toEqual({ recent: 3, expected: 2 });
  });

  it.each([
    ['nothing was forecast', undefined, 2],
    ['no error is known', JSON.stringify({ errors: [] }), 2],
    ['the state has none', '{}', 2],
    ['no model serves', JSON.stringify({ errors: [1] }), undefined],
  ])('is unknown where %s', (_, state, mae) => {
    expect(driftOf(state, mae)).toBeNull();
  });
});

describe('a row of the ranking', async () => {
  const map = wentBack(await testMap());
  const ranked = { rank: 1, stepMs: 300_000, expected: 600, p90: 900, confidence: 0.5 };

  it('has its place, and rates a second', () => {
    const { id } = [...map.shardlets()][3]!;
    expect(rankedRow(map, { ...ranked, shardlet: id })).toEqual({
      ...{ ...ranked, shardlet: id, shard: 3, owner: 'redis-b', perSecond: 2, p90PerSecond: 3 },
    });
  });

  it.each([map, undefined])('has none where the map does not know it', (known) => {
    expect(rankedRow(known, { ...ranked, shardlet: 999 })).toMatchObject({ shard: null, owner: null });
  });
});
