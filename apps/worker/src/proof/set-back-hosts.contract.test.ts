/**
 * Real hosts of both kinds that go back to an older state: demoted and promoted in the same process, started
 * from an older copy of their data, recovered to a point in time, emptied. Each is found, not used, and used again once the loss is accepted.
 */
import { execFile } from 'node:child_process';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HostPool, openEventHost } from '@foreshard/core/adapters/event-hosts';
import { HostUnreachable } from '@foreshard/core/hosts';
import type { LockService } from '@foreshard/core/locking';
import { acceptLoss, type Shardlet, type TopologyStore } from '@foreshard/core/topology';
import {
  ARCHIVING,
  backUpPostgres,
  type LocalServer,
  recoverPostgres,
  startPostgres,
  startRedis,
  type TemporaryFolder,
  temporaryFolder,
} from '@foreshard/local';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { createMetrics } from '../process/metrics.ts';
import { HostAlarms } from '../reconcile/host-alarms.ts';
import { Reconciler } from '../reconcile/reconcile.ts';
import { appendTo, RealCluster, silent } from '../testing/real-cluster.ts';
import { HostProver } from './prove-hosts.ts';
import { readProofs } from './read-proofs.ts';

const run = promisify(execFile);
const never = new AbortController().signal;
const noLock: LockService = { during: (_, work) => work() };
const A = 1;

let cluster: RealCluster;
let folder: TemporaryFolder;
let prover: HostProver;
let reconciler: Reconciler;
let wakes = 0;
/** the topology store answers questions, and hears no decision */
let isDeaf = false;
const stoodStill: string[] = [];

beforeEach(async () => {
  folder = await temporaryFolder('foreshard-set-back-');
  cluster = await RealCluster.start(inject('postgresUrl'), 1);
  wakes = 0;
  isDeaf = false;
  stoodStill.length = 0;
  work();
});
afterEach(async () => {
  await cluster.stop();
  await folder.remove();
});

/** A worker's prover and reconciler, as if it had just started. */
function work(): void {
  const { follower, control, pool } = cluster;
  const metrics = createMetrics();
  const nowMs = () => Date.now();
  const doors = {
    trusted: (id: number) => pool.get(id),
    open: openEventHost,
    watch: (id: number) => pool.watch(id),
  };
  const topology: Pick<TopologyStore, 'decide'> = {
    decide: async (decision, actor) => {
      if (isDeaf) throw new Error('the topology store is away');
      return control.topology.decide(decision, actor);
    },
  };
  const shared = { follower, topology, doors, metrics, log: silent, nowMs, actor: 'test' };
  prover = new HostProver({
    ...{ ...shared, proofs: control.proofs, host: doors.trusted },
    wake: async () => void wakes++,
    older: (host, seen) => reconciler.noteOlder(host, seen),
  });
  reconciler = new Reconciler({
    ...{ ...shared, lock: noLock, proof: readProofs(control.proofs) },
    alarms: new HostAlarms({ redis: control.redis, metrics, log: silent, nowMs }),
    prove: (host) => prover.prove(host),
    proveRun: (host, handle) => prover.proveRun(host, handle),
    forgetMarks: (host) => prover.forgetMarks(host),
    remember: (host) => prover.remember(host),
    standStill: async (detail) => void stoodStill.push(detail),
  });
}

/** Worker and callers have seen nothing yet. */
async function startAnew(): Promise<void> {
  await cluster.pool.close();
  Reflect.set(cluster, 'pool', new HostPool(cluster.map));
  work();
}

/** With its owner: PostgreSQL runs as a user of its own. */
async function copyAll(from: string, to: string): Promise<void> {
  await run('cp', ['-a', from, to]);
}

async function prove(times = 1): Promise<void> {
  for (let i = 0; i < times; i++) await prover.run();
}

async function reconcile(): Promise<void> {
  await reconciler.run(never);
  await cluster.follower.upToDate();
}

async function fill(shardlet: Shardlet, from: number, to: number): Promise<void> {
  for (let i = from; i <= to; i++)
    expect(await cluster.append(shardlet, `event-${i}`)).toMatchObject({ kind: 'appended', stored: 1 });
}

function now({ id }: Shardlet): Shardlet {
  return cluster.map.shardlet(id)!;
}

async function expectSuspended(host: number, detail: RegExp): Promise<void> {
  await reconcile();
  expect(cluster.map.host(host)).toMatchObject({
    state: 'readmitting',
    readmission: { regressed: { detail: expect.stringMatching(detail) } },
  });
  await reconcile();
  expect(cluster.map.host(host)!.state).toBe('readmitting');
  await expect(cluster.pool.get(host)).rejects.toBeInstanceOf(HostUnreachable);
}

/** A person accepts the loss: the host is used again, and `lost` names everything above what is certain. */
async function accept(host: number, shardlet: Shardlet, certain: number): Promise<void> {
  await cluster.decide(acceptLoss(host, cluster.map.host(host)!.readmission!.incarnation));
  await cluster.until('the host is used again', async () => {
    await reconcile();
    return cluster.map.host(host)!.state === 'active';
  });
  const { epoch, lost } = now(shardlet);
  expect(epoch).toBeGreaterThan(shardlet.epoch);
  expect(lost).toHaveLength(1);
  expect(lost[0]!.seq).toBeLessThanOrEqual(certain);
  expect(await cluster.append(shardlet, 'late').catch((e) => e)).toMatchObject({ kind: 'stale' });
  expect(await cluster.append(now(shardlet), 'after')).toMatchObject({ kind: 'appended', stored: 1 });
  await prove(3);
  await reconcile();
  expect(cluster.map.host(host)!.state).toBe('active');
}

describe('a Redis host', () => {
  let server: LocalServer;
  let other: LocalServer;
  let shardlet: Shardlet;

  beforeEach(async () => {
    server = cluster.hosts[0]!;
    other = await startRedis({ dir: join(folder.path, 'other') });
    const stream = await cluster.createStream({ name: 'main', shardCount: 1 });
    await reconcile();
    shardlet = cluster.open(stream)[0]!;
    await prove(2);
  });
  afterEach(() => other.stop());

  async function command(port: number, ...args: [string, ...string[]]): Promise<unknown> {
    const redis = new Redis(port);
    try {
      return await redis.call(...args);
    } finally {
      redis.disconnect();
    }
  }

  async function replicate(from: number, to: number): Promise<void> {
    await command(to, 'REPLICAOF', '127.0.0.1', String(from));
    await cluster.until('the replica is in step', async () =>
      String(await command(to, 'INFO', 'replication')).includes('master_link_status:up'),
    );
  }

  /** The other follows, is cut off, and later everything of it comes back into the same process. */
  async function demoteAndPromote(between: () => Promise<void>): Promise<void> {
    await replicate(server.port, other.port);
    await command(other.port, 'REPLICAOF', 'NO', 'ONE');
    await between();
    await replicate(other.port, server.port);
    await command(server.port, 'REPLICAOF', 'NO', 'ONE');
  }

  /** Another server is what the host is now. */
  async function copyTo({ port }: LocalServer): Promise<void> {
    await replicate(server.port, port);
    await command(port, 'REPLICAOF', 'NO', 'ONE');
  }

  /** The host becomes what another server is, in the same process. */
  async function takeFrom({ port }: LocalServer): Promise<void> {
    await replicate(port, server.port);
    await command(server.port, 'REPLICAOF', 'NO', 'ONE');
  }

  test('demoted and promoted in the same process is found by its mark', async () => {
    await fill(shardlet, 1, 3);
    await prove(2);
    await demoteAndPromote(async () => {
      await fill(shardlet, 4, 5);
      await prove(2);
    });
    await prove();
    expect(wakes).toBeGreaterThan(0);
    await expectSuspended(A, /again, after|has counted/);
    expect(await cluster.control.proofs.remembered(A)).toEqual(new Map([[shardlet.id, 5]]));
    await accept(A, shardlet, 3);
  });

  test('that went back waits for a person, also when the newer state is put back in the same process', async () => {
    const newer = await startRedis({ dir: join(folder.path, 'newer') });
    try {
      await fill(shardlet, 1, 3);
      await prove(2);
      await demoteAndPromote(async () => {
        await fill(shardlet, 4, 5);
        await prove(2);
        await replicate(server.port, newer.port);
        await command(newer.port, 'REPLICAOF', 'NO', 'ONE');
      });
      await startAnew();
      // acknowledged in the older state, where the newer one has another event
      expect(await cluster.append(shardlet, 'only in the older state')).toMatchObject({ firstSeq: 4 });
      await expectSuspended(A, /again, after/);
      const before = cluster.map.host(A)!.readmission;
      await replicate(newer.port, server.port);
      await command(server.port, 'REPLICAOF', 'NO', 'ONE');
      await expectSuspended(A, /again, after/);
      await server.restart();
      await expectSuspended(A, /again, after/);
      expect(cluster.map.host(A)!.readmission!.regressed).toEqual(before!.regressed);
      await accept(A, shardlet, 3);
      const read = await cluster.read(now(shardlet));
      expect(read).toEqual(['event-1', 'event-2', 'event-3', 'event-4', 'event-5', 'after']);
    } finally {
      await newer.stop();
    }
  });

  test('that went back is suspended for it, also when a newer state was put back before the topology store heard it', async () => {
    const newer = await startRedis({ dir: join(folder.path, 'newer') });
    try {
      await fill(shardlet, 1, 3);
      await prove(2);
      await demoteAndPromote(async () => {
        await fill(shardlet, 4, 5);
        await prove(2);
        await replicate(server.port, newer.port);
        await command(newer.port, 'REPLICAOF', 'NO', 'ONE');
      });
      await startAnew();
      expect(await cluster.append(shardlet, 'only in the older state')).toMatchObject({ firstSeq: 4 });
      isDeaf = true;
      await expect(reconcile()).rejects.toThrow('away');
      isDeaf = false;
      await replicate(newer.port, server.port);
      await command(server.port, 'REPLICAOF', 'NO', 'ONE');
      await expectSuspended(A, /again, after/);
      await accept(A, shardlet, 3);
    } finally {
      await newer.stop();
    }
  });

  test('in a state from before an accepted loss is suspended for it, also when the newer state is put back first', async () => {
    const [before, newer] = await Promise.all(
      ['before', 'newer'].map((name) => startRedis({ dir: join(folder.path, name) })),
    );
    try {
      await fill(shardlet, 1, 3);
      await prove(2);
      await copyTo(before!);
      await fill(shardlet, 4, 5);
      await prove(2);
      await takeFrom(before!);
      await prove();
      await expectSuspended(A, /again, after/);
      await accept(A, shardlet, 3);
      await fill(now(shardlet), 6, 7);
      await prove(2);
      await copyTo(newer!);
      const { generation } = cluster.map.host(A)!;
      expect(generation).toBeGreaterThan(0);

      await takeFrom(before!);
      // an edge with the map of before the loss is answered as before
      const old = await openEventHost({ ...cluster.map.host(A)!, generation: 0 }, undefined);
      const stored = await appendTo(old, cluster.map, shardlet, 'by an old map').finally(() => old.close());
      expect(stored).toMatchObject({ kind: 'appended', firstSeq: 4 });
      await prove();
      await takeFrom(newer!);
      await expectSuspended(A, /in generation 0 again/);
      await cluster.decide(acceptLoss(A, cluster.map.host(A)!.readmission!.incarnation));
      await cluster.until('the host is used again', async () => {
        await reconcile();
        return cluster.map.host(A)!.state === 'active';
      });
      expect(now(shardlet).lost.at(-1)!.seq).toBeLessThan(4);
    } finally {
      await before!.stop();
      await newer!.stop();
    }
  });

  test('demoted and promoted between two marks is found by whoever had seen more', async () => {
    await prove(2);
    await demoteAndPromote(() => fill(shardlet, 1, 2));
    await expect(cluster.append(shardlet, 'again')).rejects.toMatchObject({ reason: 'regressed' });
    await expect(cluster.append(shardlet, 'again')).rejects.toMatchObject({ reason: 'regressed' });
    await expectSuspended(A, /answered change/);
    await accept(A, shardlet, 0);
  });

  test('that a process claims to have gone back is suspended when it holds another event there', async () => {
    await prove(2);
    let answered: unknown;
    await demoteAndPromote(async () => {
      answered = await cluster.append(shardlet, 'lost');
    });
    const { firstSeq: seq, firstTs: ts } = answered as { firstSeq: number; firstTs: number };
    // later events have overtaken the count
    await startAnew();
    await fill(shardlet, 1, 9);
    const acknowledged = { shardlet: shardlet.id, epoch: shardlet.epoch, seq, ts };
    const claim = { host: A, claimant: 'edge-x', generation: 0, seen: 3, answered: 2, acknowledged, atMs: 1 };
    await cluster.control.proofs.claim({ ...claim, claimant: 'liar', acknowledged: undefined });
    await prove();
    expect(await cluster.control.proofs.verdict({ host: A, claimant: 'liar' })).toBe('denied');
    expect(cluster.map.host(A)!.state).toBe('active');
    await cluster.control.proofs.claim(claim);
    await prove();
    expect(await cluster.control.proofs.verdict(claim)).toBe('confirmed');
    await expectSuspended(A, /edge-x/);
    await accept(A, shardlet, 0);
  });

  test('started from an older copy of its data is found, also when it has counted on since', async () => {
    await fill(shardlet, 1, 3);
    await prove(2);
    await server.stop();
    const copy = join(folder.path, 'copy');
    await cp(join(server.dir, 'appendonlydir'), copy, { recursive: true });
    await server.restart();
    await cluster.until('readmitted', async () => {
      await reconcile();
      return cluster.map.host(A)!.state === 'active';
    });
    await fill(now(shardlet), 4, 150);
    await prove(2);
    await server.stop();
    await rm(join(server.dir, 'appendonlydir'), { recursive: true });
    await cp(copy, join(server.dir, 'appendonlydir'), { recursive: true });
    await server.restart();
    await expectSuspended(A, /again, after/);
    await accept(A, now(shardlet), 3);
  });

  test('that lost everything is used again, empty, when a person accepts it', async () => {
    await fill(shardlet, 1, 3);
    await prove(2);
    await command(server.port, 'FLUSHALL');
    await expectSuspended(A, /empty/);
    await accept(A, shardlet, 0);
    expect(await cluster.read(now(shardlet))).toEqual(['after']);
  });

  test('that lacks a shardlet is used again by itself when that was put back, and nothing is lost', async () => {
    await fill(shardlet, 1, 3);
    await prove(2);
    const redis = new Redis(server.port);
    try {
      const key = `fs:r:${shardlet.id}`;
      const replica = await redis.dumpBuffer(key);
      expect(await redis.del(key)).toBe(1);
      work();
      await expectSuspended(A, /lacks what it has confirmed/);
      await server.restart();
      work();
      await expectSuspended(A, /lacks what it has confirmed/);
      await redis.restore(key, 0, replica!);
    } finally {
      redis.disconnect();
    }
    work();
    await cluster.until('readmitted', async () => {
      await reconcile();
      return cluster.map.host(A)!.state === 'active';
    });
    expect(now(shardlet).lost).toEqual([]);
    expect(await cluster.read(now(shardlet))).toEqual(['event-1', 'event-2', 'event-3']);
    await fill(now(shardlet), 4, 5);
    await prove(2);
    await reconcile();
    expect(cluster.map.host(A)!.state).toBe('active');
  });

  test('that has only restarted is readmitted as before, and nothing is lost', async () => {
    await fill(shardlet, 1, 3);
    await prove(2);
    await server.restart();
    await cluster.until('readmitted', async () => {
      await reconcile();
      return cluster.map.host(A)!.state === 'active';
    });
    expect(now(shardlet).lost).toEqual([]);
    await fill(now(shardlet), 4, 5);
    await prove(2);
    await reconcile();
    expect(cluster.map.host(A)!.state).toBe('active');
  });

  test('that another control plane marks is used by neither', async () => {
    await prove(2);
    const host = await cluster.pool.get(A);
    const { mark } = await host.identify();
    await host.mark(mark, '999.theirs', 0, 0);
    await prove();
    await reconcile();
    expect(stoodStill).toEqual([expect.stringContaining('999.theirs')]);
    expect(cluster.map.host(A)!.state).toBe('active');
  });
});

test('a PostgreSQL host started from an older copy of its data is found', async () => {
  const server = await startPostgres({ dir: join(folder.path, 'postgres') });
  try {
    const id = await cluster.addPostgresHost(server.url);
    const stream = await cluster.createStream({ name: 'main', shardCount: 2 });
    await reconcile();
    const shardlet = cluster.open(stream).find((s) => s.owner === id)!;
    await fill(shardlet, 1, 3);
    await prove(3);
    await server.stop();
    const copy = join(folder.path, 'copy');
    await copyAll(server.dir, copy);
    await server.restart();
    await cluster.until('readmitted', async () => {
      await reconcile();
      return cluster.map.host(id)!.state === 'active';
    });
    await fill(now(shardlet), 4, 20);
    await prove(2);
    await server.stop();
    await rm(server.dir, { recursive: true });
    await copyAll(copy, server.dir);
    await server.restart();
    await expectSuspended(id, /again, after/);
    await accept(id, now(shardlet), 3);
  } finally {
    await server.stop();
  }
}, 120_000);

test('a PostgreSQL host recovered to a point in time is found', async () => {
  const server = await startPostgres({ dir: join(folder.path, 'postgres'), settings: ARCHIVING });
  try {
    const id = await cluster.addPostgresHost(server.url);
    const stream = await cluster.createStream({ name: 'main', shardCount: 2 });
    await reconcile();
    const shardlet = cluster.open(stream).find((s) => s.owner === id)!;
    const backup = join(folder.path, 'backup');
    await backUpPostgres(server, backup);
    await fill(shardlet, 1, 3);
    await prove(3);
    const upTo = await timeOf(server);
    await fill(shardlet, 4, 20);
    await prove(2);
    await recoverPostgres(server, backup, upTo);
    await expectSuspended(id, /again, after/);
    const { incarnation, readmission } = cluster.map.host(id)!;
    const [system, timeline] = incarnation.split('.');
    expect(readmission!.incarnation.split('.')[0]).toBe(system);
    expect(readmission!.incarnation.split('.')[1]).not.toBe(timeline);
    await accept(id, shardlet, 3);
    expect(await cluster.read(now(shardlet))).toEqual(['event-1', 'event-2', 'event-3', 'after']);
  } finally {
    await server.stop();
  }
}, 120_000);

/** Later commits have a later time. */
async function timeOf({ url }: LocalServer): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query('SELECT clock_timestamp()::text AS now');
  await client.end();
  return rows[0].now;
}
