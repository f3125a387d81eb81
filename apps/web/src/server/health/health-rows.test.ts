import { type Health, healthSettingsSchema, hostHealth } from '@foreshard/core/profiling';
import { describe, expect, it } from 'vitest';
import { testMap } from '../cluster/test-cluster.ts';
import { bandsOf, healthRows } from './health-rows.ts';

const map = await testMap();
const scored = (score: number | null): Health => ({ score, parts: [] });
const pictureOf = (healths: readonly (readonly [number, Health])[]) => ({
  ...{ atMs: 1, shardlets: new Map(healths), hosts: new Map(healths) },
});

describe('the list of scores', () => {
  it('begins with the worst; unknown ones stand before good ones, equal ones in the order of their ids', () => {
    const healths = [
      [1, scored(100)],
      [2, scored(null)],
      [3, scored(99)],
      [5, scored(10)],
      [4, scored(10)],
    ] as const;
    expect(healthRows('shardlet', pictureOf(healths), map).map(({ id }) => id)).toEqual([4, 5, 3, 2, 1]);
  });

  it('names hosts, and shardlets with their stream and host', () => {
    const picture = pictureOf([[1, scored(50)]]);
    expect(healthRows('host', picture, map)[0]).toMatchObject({ name: 'redis-a', owner: null, kind: 'host' });
    const { id, owner } = [...map.shardlets()][0]!;
    expect(healthRows('shardlet', pictureOf([[id, scored(50)]]), map)[0]).toMatchObject({
      ...{ kind: 'shardlet', name: `main, shardlet ${id}`, owner: map.host(owner)!.name },
    });
  });

  it('names what has left the map by its number', () => {
    const picture = pictureOf([[77, scored(50)]]);
    expect(healthRows('host', picture, map)[0]!.name).toBe('#77');
    expect(healthRows('shardlet', picture, map)[0]).toMatchObject({
      ...{ name: 'unknown stream, shardlet 77', owner: null },
    });
  });

  it('says which part costs most, and none where none costs anything', () => {
    const settings = healthSettingsSchema.parse({});
    const worstOf = (facts: Parameters<typeof hostHealth>[0]) =>
      healthRows('host', pictureOf([[1, hostHealth(facts, settings)]]), map)[0]!.worst;
    expect(worstOf({ reachable: 1, fullness: 0.9, latency: 30_000 })).toMatchObject({ part: 'fullness' });
    expect(worstOf({ reachable: 0, fullness: 0.9 })).toMatchObject({ part: 'reachable' });
    expect(worstOf({ reachable: 1, fullness: 0.1 })).toBeNull();
  });
});

it('counts how many are well, middling, bad and unknown, with the bounds in the better band', () => {
  const scores = [100, 80, 79.9, 50, 49.9, 0, null];
  expect(bandsOf(new Map(scores.map((score, i) => [i, scored(score)])))).toEqual({
    ...{ well: 2, middling: 2, bad: 2, unknown: 1 },
  });
});
