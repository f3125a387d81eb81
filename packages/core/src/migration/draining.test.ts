import { expect, test } from 'vitest';
import { setHostState } from '../topology/index.ts';
import { nextDrainMoves } from './draining.ts';
import { TestCluster } from './test-cluster.ts';

const [DRAINED, SECOND, THIRD] = [1, 2, 3];

/** Six shardlets, two on each of three hosts; the first is drained. */
async function draining() {
  const cluster = new TestCluster();
  for (let n = 0; n < 3; n++) await cluster.addHost();
  const stream = await cluster.addStream(6);
  await cluster.finishAll();
  await cluster.decide(setHostState(DRAINED, 'draining'));
  const on = (host: number) => cluster.open(stream).filter((s) => s.owner === host);
  return { map: cluster.map, on };
}

test('without any facts the hosts with the fewest shardlets take them', async () => {
  const { map } = await draining();
  expect(nextDrainMoves(map, 10).map((m) => m.dest)).toEqual([SECOND, THIRD]);
  expect(nextDrainMoves(map, 1)).toHaveLength(1);
});

test('the host with the least load takes them, until it has as much as the others', async () => {
  const { map, on } = await draining();
  const loads = new Map([
    [on(SECOND)[0]!.id, 100],
    [on(THIRD)[0]!.id, 10],
    [on(DRAINED)[0]!.id, 50],
    [on(DRAINED)[1]!.id, 30],
  ]);
  expect(nextDrainMoves(map, 10, { fills: new Map(), loads }).map((m) => m.dest)).toEqual([THIRD, THIRD]);
});

test('a host without room takes nothing, and with no other the drain waits', async () => {
  const { map } = await draining();
  const loads = new Map<number, number>();
  const fills = new Map([[SECOND, 0.9]]);
  expect(nextDrainMoves(map, 10, { fills, loads }).map((m) => m.dest)).toEqual([THIRD, THIRD]);
  expect(nextDrainMoves(map, 10, { fills: fills.set(THIRD, 0.8), loads })).toEqual([]);
});
