import { expect, it } from 'vitest';
import { imbalanceOf } from './standing.ts';
import { testMap } from './test-cluster.ts';

const load = (events: number) => ({ events, bytes: 0, refused: 0 });

it('tells how much more than the average the busiest host carries', async () => {
  const map = await testMap();
  const [first, second] = map
    .hosts()
    .map((host) => [...map.shardlets()].find((s) => s.owner === host.id)!.id);
  const rates = new Map([
    [first!, load(10)],
    [second!, load(30)],
  ]);
  expect(imbalanceOf(map, rates)).toEqual({ times: 1.5, host: 'redis-b' });
});

it('tells nothing without load', async () => {
  expect(imbalanceOf(await testMap(), new Map())).toBeNull();
});
