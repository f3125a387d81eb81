import { describe, expect, it } from 'vitest';
import { ProbabilityMap } from './probability-map.ts';

const OPTIONS = { keysMax: 2, probabilityMin: 0.3 };
const expectation = (type: string, probability: number, expectedAtMs?: number) => ({
  type,
  probability,
  expectedAtMs,
});

describe('the map', () => {
  it('says of each type which keys expect it, most likely first', () => {
    const map = new ProbabilityMap(OPTIONS);
    map.update('k1', 4, [expectation('paid', 0.5, 1_000), expectation('failed', 0.4)]);
    map.update('k2', 4, [expectation('paid', 0.8, 2_000)]);
    expect(map.types()).toEqual(['failed', 'paid']);
    expect(map.ofType('paid')).toEqual([
      { key: 'k2', shardlet: 4, type: 'paid', probability: 0.8, expectedAtMs: 2_000 },
      { key: 'k1', shardlet: 4, type: 'paid', probability: 0.5, expectedAtMs: 1_000 },
    ]);
    expect(map.expectedByShardlet('paid')).toEqual(new Map([[4, 1.3]]));
    expect(map.ofType('other')).toEqual([]);
  });

  it('replaces what a key expected, and leaves out what is unlikely', () => {
    const map = new ProbabilityMap(OPTIONS);
    map.update('k1', 1, [expectation('a', 0.9)]);
    map.update('k1', 1, [expectation('b', 0.7), expectation('c', 0.29)]);
    expect(map.types()).toEqual(['b']);
    expect(map.ofKey('k1').map(({ type }) => type)).toEqual(['b']);
  });

  it('has a new version with each change and only then', () => {
    const map = new ProbabilityMap(OPTIONS);
    map.update('k1', 1, [expectation('a', 0.1)]);
    expect(map.version).toBe(0);
    map.update('k1', 1, [expectation('a', 0.9)]);
    map.update('k1', 1, []);
    expect([map.version, map.keys]).toEqual([2, 0]);
    map.expire(1e9, 0);
    expect(map.version).toBe(2);
  });

  it('drops the key that changed longest ago when there are too many', () => {
    const map = new ProbabilityMap(OPTIONS);
    for (const key of ['k1', 'k2', 'k1', 'k3']) map.update(key, 1, [expectation('a', 0.9)]);
    expect(map.ofType('a').map(({ key }) => key)).toEqual(['k1', 'k3']);
  });

  it('drops what is overdue, and keeps what has no time', () => {
    const map = new ProbabilityMap(OPTIONS);
    map.update('k1', 1, [expectation('a', 0.5, 1_000), expectation('b', 0.4)]);
    map.update('k2', 1, [expectation('a', 0.5, 5_000)]);
    const before = map.version;
    map.expire(1_500, 500);
    expect(map.version).toBe(before);
    map.expire(1_501, 500);
    expect(map.version).toBe(before + 1);
    expect(map.ofType('a').map(({ key }) => key)).toEqual(['k2']);
    expect(map.ofKey('k1').map(({ type }) => type)).toEqual(['b']);
  });
});
