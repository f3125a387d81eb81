import { expect, test } from 'vitest';
import { TestCluster } from '../machines/cluster.fixture.ts';
import { beginReadmission, prepareMigration, setHostState } from '../topology/index.ts';
import { drainPreview, NO_FACTS, nextDrainMoves } from './draining.ts';

const [DRAINED, SECOND, THIRD] = [1, 2, 3];

/** Six shardlets, two on each of three hosts; the first is drained. */
async function draining() {
  const cluster = new TestCluster();
  for (let n = 0; n < 3; n++) await cluster.addHost();
  const stream = await cluster.addStream(6);
  await cluster.finishAll();
  await cluster.decide(setHostState(DRAINED, 'draining'));
  const on = (host: number) => cluster.open(stream).filter((s) => s.owner === host);
  return { cluster, map: cluster.map, on };
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
  expect(nextDrainMoves(map, 10, { ...NO_FACTS, loads }).map((m) => m.dest)).toEqual([THIRD, THIRD]);
});

test('a host without room takes nothing, and with no other the drain waits', async () => {
  const { map } = await draining();
  const loads = new Map<number, number>();
  const fills = new Map([[SECOND, 0.9]]);
  expect(nextDrainMoves(map, 10, { ...NO_FACTS, fills, loads }).map((m) => m.dest)).toEqual([THIRD, THIRD]);
  expect(nextDrainMoves(map, 10, { ...NO_FACTS, fills: fills.set(THIRD, 0.8), loads })).toEqual([]);
});

test('a host that is away takes nothing, and one that is away itself gives nothing', async () => {
  const { map, on } = await draining();
  const dests = (away: number[]) =>
    nextDrainMoves(map, 10, { ...NO_FACTS, away: new Map(away.map((host) => [host, 'unreachable'])) }).map(
      (m) => m.dest,
    );
  expect(dests([SECOND])).toEqual([THIRD, THIRD]);
  expect(dests([SECOND, THIRD])).toEqual([]);
  expect(dests([DRAINED])).toEqual([]);
  expect(on(DRAINED)).toHaveLength(2);
});

test('moves to or from a host that is away leave their places to others', async () => {
  const { cluster, map, on } = await draining();
  const fourth = await cluster.addHost();
  const [stuck] = on(SECOND);
  await cluster.decide(prepareMigration({ ...stuck!, dest: THIRD }));
  const facts = (away: number[]) => ({
    ...NO_FACTS,
    away: new Map(away.map((host) => [host, 'unreachable'])),
  });
  expect(nextDrainMoves(map, 1)).toEqual([]);
  expect(nextDrainMoves(map, 1, facts([SECOND]))).toMatchObject([{ dest: fourth }]);
  expect(nextDrainMoves(map, 1, facts([THIRD]))).toMatchObject([{ dest: fourth }]);
  expect(nextDrainMoves(map, 1, facts([fourth]))).toEqual([]);
});

test('a host that is being readmitted counts as away', async () => {
  const { cluster, map, on } = await draining();
  const [stuck] = on(SECOND);
  await cluster.decide(prepareMigration({ ...stuck!, dest: THIRD }));
  await cluster.decide(beginReadmission(SECOND, 'run-2'));
  expect(nextDrainMoves(map, 1)).toMatchObject([{ dest: THIRD }]);
});

test('a preview proposes no host that is away, and says why nothing can be placed', async () => {
  const { cluster, on } = await draining();
  const topology = await cluster.store.snapshot();
  const preview = (away: [number, string][], fills = new Map<number, number>()) =>
    drainPreview(topology, DRAINED, { ...NO_FACTS, fills, away: new Map(away) });
  expect(preview([[SECOND, 'unreachable']])).toMatchObject({
    left: 2,
    moves: [{ dest: THIRD }, { dest: THIRD }],
    waiting: [],
  });
  const shardlets = on(DRAINED);
  expect(preview([[SECOND, 'unreachable (ECONNREFUSED)']], new Map([[THIRD, 0.82]]))).toEqual({
    left: 2,
    moves: [],
    waiting: [
      {
        why: `no host can take it: ${cluster.map.host(SECOND)!.name} is unreachable (ECONNREFUSED); ${cluster.map.host(THIRD)!.name} is 82 % full (limit 75 %)`,
        shardlets,
      },
    ],
  });
  expect(preview([[DRAINED, 'unreachable']])).toMatchObject({
    moves: [],
    waiting: [{ why: `host ${cluster.map.host(DRAINED)!.name} is unreachable`, shardlets }],
  });
});
