import { addHost, TopologyMap } from '@foreshard/core/topology';
import { expect, it } from 'vitest';
import { paletteHits } from './palette-hits.ts';
import { testMap, testStore } from './test-cluster.ts';

const map = await testMap();

it('finds hosts and streams by any part of their names, whatever the case', () => {
  expect(paletteHits(map, ' DIS-A ')).toEqual({ hosts: ['redis-a'], streams: [], shardlet: null });
  expect(paletteHits(map, 'ai')).toEqual({ hosts: [], streams: ['main'], shardlet: null });
  expect(paletteHits(map, 'nowhere')).toEqual({ hosts: [], streams: [], shardlet: null });
});

it.each(['', '#'])('finds a shardlet by its number after "%s"', (sign) => {
  const { id } = [...map.shardlets()][1]!;
  expect(paletteHits(map, `${sign}${id}`).shardlet).toEqual({ id, stream: 'main', owner: 'redis-b' });
  expect(paletteHits(map, `${sign}999`).shardlet).toBeNull();
  expect(paletteHits(map, `${sign}${id}x`).shardlet).toBeNull();
});

it('shows eight of many', async () => {
  const store = await testStore();
  const host = { engine: 'redis', url: 'redis://127.0.0.1:1', durability: 'always' } as const;
  for (let i = 0; i < 9; i++) {
    const url = `redis://127.0.0.1:${7_000 + i}`;
    await store.decide(addHost({ ...host, url, name: `many-${i}`, incarnation: `many-${i}` }), 'test');
  }
  const { hosts } = paletteHits(new TopologyMap(await store.snapshot()), 'many');
  expect(hosts).toEqual(Array.from({ length: 8 }, (_, i) => `many-${i}`));
});
