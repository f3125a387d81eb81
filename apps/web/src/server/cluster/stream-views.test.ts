import { createStream, TopologyMap } from '@foreshard/core/topology';
import { expect, it } from 'vitest';
import { streamViews } from './stream-views.ts';
import { testStore } from './test-cluster.ts';

it('a stream has its settings, its shardlets and the sum of what they carry', async () => {
  const store = await testStore();
  await store.decide(createStream({ name: 'idle', shardCount: 2 }), 'test');
  const map = new TopologyMap(await store.snapshot());
  const [first, second] = [...map.shardlets(1)].map(({ id }) => id);
  const rates = new Map([
    [first!, { events: 3, bytes: 30, refused: 0 }],
    [second!, { events: 4, bytes: 40, refused: 0 }],
    [999, { events: 100, bytes: 100, refused: 0 }],
  ]);
  expect(streamViews(map, rates)).toMatchObject([
    { name: 'main', shardlets: 4, eventsPerSecond: 7, bytesPerSecond: 70, splitKeys: false },
    { name: 'idle', shardlets: 2, eventsPerSecond: 0, bytesPerSecond: 0 },
  ]);
});
