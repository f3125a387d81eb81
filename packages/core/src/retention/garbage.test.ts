import { expect, test } from 'vitest';
import { MICROS_PER_MS } from '../kernel/index.ts';
import { WHOLE } from '../keyspace/index.ts';
import { Killed, killedAt, TestCluster } from '../machines/cluster.fixture.ts';
import { drive } from '../machines/index.ts';
import { moveMachine } from '../moves/index.ts';
import { regressionMachine } from '../readmission/index.ts';
import { acceptLoss, beginReadmission, deleteStream, prepareMigration } from '../topology/index.ts';
import { dueGarbage, GARBAGE_BATCH_MAX, GARBAGE_GRACE_MS, garbageMachine } from './garbage.ts';

const SPEC = { stream: 1, range: WHOLE, dedup: { windowMicros: 1e9, leadMicros: 1e6 } };

async function withDeletedStream(shards: number) {
  const cluster = new TestCluster();
  const host = await cluster.addHost();
  const stream = await cluster.addStream(shards);
  await cluster.finishAll();
  await cluster.decide(deleteStream(stream));
  return { cluster, host };
}

function nowMs(cluster: TestCluster): number {
  return cluster.clock.nowMicros() / MICROS_PER_MS;
}

test('garbage is left alone until its grace time is over', async () => {
  const { cluster, host } = await withDeletedStream(1);
  expect(dueGarbage(cluster.map, host, nowMs(cluster) + GARBAGE_GRACE_MS - 1)).toEqual([]);
  expect(dueGarbage(cluster.map, host, nowMs(cluster) + GARBAGE_GRACE_MS)).toHaveLength(1);
  expect(dueGarbage(cluster.map, host + 1, nowMs(cluster) + GARBAGE_GRACE_MS)).toEqual([]);
});

test('a copy that was let go of before a loss is dropped at once: it may hold other records at the same numbers', async () => {
  const cluster = new TestCluster();
  const a = await cluster.addHost();
  const stream = await cluster.addStream(1);
  await cluster.finishAll();
  const b = await cluster.addHost();
  const { id, epoch } = cluster.open(stream)[0]!;
  await cluster.decide(prepareMigration({ id, epoch, dest: b }));
  expect(await drive(moveMachine(cluster.map, cluster.map.shardlet(id)!), cluster.performer())).toEqual({
    kind: 'finished',
  });
  await cluster.refresh();
  expect(dueGarbage(cluster.map, a, nowMs(cluster))).toEqual([]);
  const loss = { detail: 'it went back', byMarks: true, certainTs: 0, promise: 0 };
  await cluster.decide(beginReadmission(b, 'run-1', loss));
  await cluster.decide(acceptLoss(b, 'run-1'));
  await drive(regressionMachine(cluster.map.host(b)!, 'run-1', 0), cluster.performer());
  await cluster.refresh();
  expect(dueGarbage(cluster.map, a, nowMs(cluster))).toMatchObject([[{ host: a, shardlet: id, epoch }]]);
});

test('garbage is dropped on its host before T forgets it, in batches', async () => {
  const { cluster, host } = await withDeletedStream(GARBAGE_BATCH_MAX + 20);
  const batches = dueGarbage(cluster.map, host, nowMs(cluster) + GARBAGE_GRACE_MS);
  expect(batches.map((b) => b.length)).toEqual([GARBAGE_BATCH_MAX, 20]);
  for (const batch of batches)
    expect(await drive(garbageMachine(batch, cluster.map), cluster.performer())).toEqual({
      kind: 'finished',
    });
  expect((await cluster.refresh()).garbage()).toEqual([]);
  const left = await cluster.hosts.get(host)!.list(0, 1_000);
  expect(left.every((r) => r.mode === 'dropped')).toBe(true);
});

test('a worker killed while dropping leaves the garbage in T until another has dropped it', async () => {
  for (let n = 0; n < 4; n++) {
    const { cluster, host } = await withDeletedStream(3);
    const [batch] = dueGarbage(cluster.map, host, nowMs(cluster) + GARBAGE_GRACE_MS);
    const killed = drive(garbageMachine(batch!, cluster.map), killedAt(n, 'before', cluster.performer()));
    await expect(killed).rejects.toThrow(Killed);
    expect((await cluster.refresh()).garbage()).toHaveLength(3);
    await drive(garbageMachine(batch!, cluster.map), cluster.performer());
    expect((await cluster.refresh()).garbage()).toEqual([]);
  }
});

test('a newer replica in the place of the garbage stays', async () => {
  const { cluster, host } = await withDeletedStream(1);
  const store = cluster.hosts.get(host)!;
  const batch = dueGarbage(cluster.map, host, nowMs(cluster) + GARBAGE_GRACE_MS)[0]!;
  const { shardlet, epoch } = batch[0]!;
  await store.raise(shardlet, epoch + 9);
  await drive(garbageMachine(batch, cluster.map), cluster.performer());
  expect(await store.describe(shardlet)).toMatchObject({ mode: 'open', epoch: epoch + 9 });
  expect((await cluster.refresh()).garbage()).toEqual([]);
});

test('what is open again although it was let go of is not dropped: the host went back', async () => {
  const cluster = new TestCluster();
  const [host, other] = [await cluster.addHost(), await cluster.addHost()];
  const stream = await cluster.addStream(1);
  await cluster.finishAll();
  const shardlet = cluster.open(stream)[0]!;
  const dest = shardlet.owner === host ? other : host;
  await cluster.decide(prepareMigration({ id: shardlet.id, epoch: shardlet.epoch, dest }));
  await drive(moveMachine(cluster.map, cluster.map.shardlet(shardlet.id)!), cluster.performer());
  await cluster.refresh();
  const source = cluster.hosts.get(shardlet.owner)!;
  await source.drop(shardlet.id, shardlet.epoch);
  await source.createOpen(shardlet.id, shardlet.epoch + 1, SPEC, []);
  const [batch] = dueGarbage(cluster.map, shardlet.owner, nowMs(cluster) + GARBAGE_GRACE_MS);
  const older = batch!.map((garbage) => ({ ...garbage, epoch: shardlet.epoch + 1 }));
  expect(await drive(garbageMachine(older, cluster.map), cluster.performer())).toMatchObject({
    ...{ kind: 'refused', reason: 'regressed' },
    detail: expect.stringContaining(`shardlet ${shardlet.id} open again`),
  });
  expect(await source.describe(shardlet.id)).toMatchObject({ mode: 'open' });
});
