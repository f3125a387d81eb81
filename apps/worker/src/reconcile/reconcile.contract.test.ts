/** Reconciler and retention on real servers, in this process, with clocks that can be moved. */

import { connectControl } from '@foreshard/core/adapters/control';
import { openEventHost } from '@foreshard/core/adapters/event-hosts';
import { MICROS_PER_MS } from '@foreshard/core/kernel';
import type { LockService } from '@foreshard/core/locking';
import { GARBAGE_GRACE_MS } from '@foreshard/core/retention';
import { acceptLoss, beginReadmission, restructure, type Shardlet } from '@foreshard/core/topology';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { createMetrics } from '../process/metrics.ts';
import { RetentionJob } from '../retention/retention-job.ts';
import { RealCluster, silent } from '../testing/real-cluster.ts';
import { UNPROVEN } from '../testing/unproven.ts';
import { HostAlarms } from './host-alarms.ts';
import { Reconciler } from './reconcile.ts';

const never = new AbortController().signal;
/** The worst case: a lock that everybody always gets. */
const noLock: LockService = { during: (_, work) => work() };

let cluster: RealCluster;
/** added to the wall clock, on the hosts and for the worker */
let aheadMs = 0;

beforeEach(async () => {
  aheadMs = 0;
  cluster = await RealCluster.start(inject('postgresUrl'), 2);
});
afterEach(() => cluster.stop());

function parts() {
  const metrics = createMetrics();
  const nowMs = () => Date.now() + aheadMs;
  const { follower, control, pool } = cluster;
  const doors = { trusted: (id: number) => pool.get(id), open: openEventHost, watch: () => undefined };
  const alarms = new HostAlarms({ redis: control.redis, metrics, log: silent, nowMs });
  return {
    follower,
    topology: control.topology,
    doors,
    ...UNPROVEN,
    lock: noLock,
    alarms,
    metrics,
    log: silent,
    nowMs,
    actor: 'test',
  };
}

async function reconcile(): Promise<void> {
  await new Reconciler(parts()).run(never);
  await cluster.follower.upToDate();
}

async function retain(): Promise<void> {
  await new RetentionJob(parts()).run(never);
  await cluster.follower.upToDate();
}

/** Hosts and worker go ahead together. */
async function advance(ms: number): Promise<void> {
  aheadMs += ms;
  for (const { url } of cluster.hosts) {
    const redis = new Redis(url);
    await redis.hset('foreshard:host', 'clock', (Date.now() + aheadMs) * MICROS_PER_MS);
    redis.disconnect();
  }
}

async function roll(shardlet: Shardlet): Promise<Shardlet> {
  const { id, epoch, range } = shardlet;
  const { children } = await cluster.decide(restructure({ parents: [{ id, epoch }], children: [range] }));
  await reconcile();
  return cluster.map.shardlet(children[0]!.id)!;
}

async function fill(shardlet: Shardlet, count: number, name: string): Promise<void> {
  for (let i = 0; i < count; i++)
    expect(await cluster.append(shardlet, `${name}-${i}`)).toMatchObject({ kind: 'appended', stored: 1 });
}

test('shardlets closed by three rolls are dropped once everything in them is past retention', async () => {
  const settings = { retentionMs: 600_000, dedupWindowMs: 180_000 };
  const stream = await cluster.createStream({ name: 'short', shardCount: 1, settings });
  await reconcile();
  await advance(0);
  const generations = [cluster.open(stream)[0]!];
  for (let n = 0; n < 3; n++) {
    await fill(generations.at(-1)!, 5, `generation-${n}`);
    await advance(60_000);
    generations.push(await roll(generations.at(-1)!));
  }
  const [first, second, third, last] = generations as [Shardlet, Shardlet, Shardlet, Shardlet];
  await fill(last, 5, 'last');
  await retain();
  expect(cluster.map.shardlet(first.id)!.state.kind).toBe('closed');
  await advance(600_000 - 90_000);
  await retain();
  const states = () => generations.map((s) => cluster.map.shardlet(s.id)!.state.kind);
  expect(states()).toEqual(['gone', 'gone', 'closed', 'open']);
  await advance(GARBAGE_GRACE_MS);
  await reconcile();
  const host = await cluster.pool.get(first.owner);
  for (const { id } of [first, second]) expect(await host.describe(id)).toMatchObject({ kind: 'stale' });
  expect(cluster.map.garbage()).toEqual([]);
  expect(await cluster.read(third)).toHaveLength(5);
  await advance(600_000);
  await retain();
  expect(states()).toEqual(['gone', 'gone', 'gone', 'open']);
  expect(await host.describe(last.id)).toMatchObject({ firstSeq: 6, lastSeq: 5 });
  expect(await cluster.append(last, 'new')).toMatchObject({ kind: 'appended', stored: 1 });
});

test('a stream above its bytes loses its oldest events first, and no more than it has to', async () => {
  const settings = { retentionBytes: 1_000_000, dedupWindowMs: 180_000 };
  const stream = await cluster.createStream({ name: 'small', shardCount: 2, settings });
  await reconcile();
  const [a, b] = cluster.open(stream) as [Shardlet, Shardlet];
  const padding = 'x'.repeat(10_000);
  await advance(0);
  await fill(a, 80, `a-${padding}`);
  await advance(10_000);
  await fill(b, 80, `b-${padding}`);
  await advance(600_000);
  await retain();
  const details = [];
  for (const s of [a, b]) details.push(await (await cluster.pool.get(s.owner)).describe(s.id));
  const bytes = details.reduce((sum, d) => sum + ('bytes' in d ? d.bytes : 0), 0);
  expect(bytes).toBeLessThanOrEqual(1_050_000);
  expect(bytes).toBeGreaterThan(900_000);
  expect(details[1]).toMatchObject({ firstSeq: 1 });
});

test('large old events and small new ones count with their own sizes', async () => {
  const settings = { retentionBytes: 1_000_000, dedupWindowMs: 180_000 };
  const stream = await cluster.createStream({ name: 'mixed', shardCount: 1, settings });
  await reconcile();
  const [shardlet] = cluster.open(stream) as [Shardlet];
  await advance(0);
  await fill(shardlet, 110, `large-${'x'.repeat(10_000)}`);
  await advance(10_000);
  await fill(shardlet, 1_000, 'small');
  await advance(600_000);
  await retain();
  const host = await cluster.pool.get(shardlet.owner);
  const found = await host.describe(shardlet.id);
  const bytes = 'bytes' in found ? found.bytes : 0;
  expect(bytes).toBeLessThanOrEqual(1_020_000);
  expect(bytes).toBeGreaterThanOrEqual(1_000_000);
});

test('a host whose loss was accepted begins its next generation and is used again', async () => {
  const stream = await cluster.createStream({ name: 'set-back', shardCount: 2, settings: {} });
  await reconcile();
  const [shardlet] = cluster.open(stream) as [Shardlet];
  await fill(shardlet, 2, 'before');
  const { id, incarnation } = cluster.map.host(shardlet.owner)!;
  const loss = { detail: 'older', byMarks: true, certainTs: 0, promise: 0 };
  await cluster.decide(beginReadmission(id, incarnation, loss));
  await cluster.decide(acceptLoss(id, incarnation));
  const { accepted } = cluster.map.host(id)!.readmission!.regressed!;
  await reconcile();
  expect(cluster.map.host(id)).toMatchObject({ state: 'active', generation: accepted });
  const now = cluster.map.shardlet(shardlet.id)!;
  expect(now.lost).toEqual([{ epoch: now.epoch, seq: 0 }]);
  await fill(now, 2, 'after');
});

test('two workers without a working lock end at the same T as one', async () => {
  const stream = await cluster.createStream({ name: 'twice', shardCount: 40 });
  const other = connectControl({ databaseUrl: cluster.databaseUrl, redisUrl: cluster.controlRedis.url });
  const second = new Reconciler({ ...parts(), topology: other.topology });
  await Promise.all([new Reconciler(parts()).run(never), second.run(never)]);
  await cluster.follower.upToDate();
  const open = cluster.open(stream);
  expect(open).toHaveLength(40);
  for (const { id, epoch, range } of open.slice(0, 20))
    await cluster.decide(restructure({ parents: [{ id, epoch }], children: [range] }));
  await Promise.all([second.run(never), new Reconciler(parts()).run(never)]);
  await reconcile();
  expect(cluster.open(stream)).toHaveLength(40);
  for (const shardlet of cluster.open(stream))
    expect(await cluster.append(shardlet, 'once')).toMatchObject({ kind: 'appended', stored: 1 });
  await other.close();
});

test('tombstones below every unsettled decision are removed in time', async () => {
  const stream = await cluster.createStream({ name: 'floor', shardCount: 2 });
  await reconcile();
  const [shardlet] = cluster.open(stream) as [Shardlet];
  const host = await cluster.pool.get(shardlet.owner);
  const absent = 9_999;
  await host.drop(absent, cluster.map.version + 1);
  expect(await host.describe(absent)).toMatchObject({ mode: 'dropped' });
  await reconcile();
  expect(await host.describe(absent)).toMatchObject({ mode: 'dropped' });
  await cluster.createStream({ name: 'later', shardCount: 2 });
  await reconcile();
  await reconcile();
  expect(await host.describe(absent)).toMatchObject({ mode: 'absent' });
});

test('ids past their window are freed', async () => {
  const stream = await cluster.createStream({
    name: 'ids',
    shardCount: 1,
    settings: { dedupWindowMs: 180_000 },
  });
  await reconcile();
  await advance(0);
  const [shardlet] = cluster.open(stream) as [Shardlet];
  await fill(shardlet, 20, 'early');
  await advance(200_000);
  await fill(shardlet, 1, 'next window');
  await advance(200_000);
  await fill(shardlet, 1, 'window after');
  const freed = (await new RetentionJob(parts()).run(never)) as { idsFreed: number };
  expect(freed.idsFreed).toBeGreaterThanOrEqual(20);
});
