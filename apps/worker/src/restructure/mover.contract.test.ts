/** Moves between real servers of both kinds, by workers that die, run at once, are paused and told to stop. */

import { openEventHost } from '@foreshard/core/adapters/event-hosts';
import type { LockService } from '@foreshard/core/locking';
import { drive, type Outcome, performer } from '@foreshard/core/machines';
import { moveMachine, NO_FACTS, requestMoves } from '@foreshard/core/moves';
import { prepareMigration, restructure, type Shardlet, setHostState } from '@foreshard/core/topology';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { createMetrics } from '../process/metrics.ts';
import { HostAlarms } from '../reconcile/host-alarms.ts';
import { Reconciler } from '../reconcile/reconcile.ts';
import { RealCluster, silent } from '../testing/real-cluster.ts';
import { UNPROVEN } from '../testing/unproven.ts';
import { Mover } from './mover.ts';

const never = new AbortController().signal;
/** The worst case: a lock that everybody always gets. */
const noLock: LockService = { during: (_, work) => work() };

let cluster: RealCluster;
beforeEach(async () => {
  cluster = await RealCluster.start(inject('postgresUrl'), 2);
});
afterEach(() => cluster.stop());

function parts() {
  const { follower, control, pool } = cluster;
  const metrics = createMetrics();
  return {
    follower,
    topology: control.topology,
    moves: control.moves,
    doors: { trusted: (id: number) => pool.get(id), open: openEventHost, watch: () => undefined },
    ...UNPROVEN,
    lock: noLock,
    difference: async () => undefined,
    drainFacts: async () => NO_FACTS,
    alarms: new HostAlarms({ redis: control.redis, metrics, log: silent, nowMs: Date.now }),
    metrics,
    log: silent,
    nowMs: () => Date.now(),
    actor: 'test',
  };
}

async function reconcile(): Promise<void> {
  await new Reconciler(parts()).run(never);
  await cluster.follower.upToDate();
}

async function stream(shardCount: number): Promise<number> {
  const id = await cluster.createStream({ name: 'main', shardCount });
  await reconcile();
  return id;
}

const now = ({ id }: Shardlet) => cluster.map.shardlet(id)!;
const at = ({ id, epoch }: Shardlet) => ({ id, epoch });

/** Carries the move out with a worker that dies after its n-th action, and then the next, and the next. */
async function moveWithDeaths(shardlet: Shardlet, dest: number, live: () => Promise<void>): Promise<number> {
  await cluster.decide(prepareMigration({ ...at(now(shardlet)), dest }));
  const { topology, doors } = parts();
  for (let deaths = 0; ; deaths++) {
    expect(deaths).toBeLessThan(60);
    await cluster.follower.upToDate();
    if (now(shardlet).state.kind !== 'moving') return deaths;
    let left = deaths;
    const die = () => {
      if (left-- <= 0) throw new Error('killed');
    };
    const perform = performer({
      host: async (id) => {
        die();
        return doors.trusted(id);
      },
      decide: async (decision) => {
        const reply = await topology.decide(decision, 'test');
        die();
        return reply;
      },
      readTopology: () => cluster.follower.upToDate(),
    });
    await drive(moveMachine(cluster.map, now(shardlet)), perform).catch((error): Outcome | undefined => {
      if (error.message !== 'killed') throw error;
      return undefined;
    });
    await live();
  }
}

test('a shardlet goes from Redis to PostgreSQL and back with all its events and ids, its workers dying at each step', async () => {
  const postgres = await cluster.addPostgresHost(inject('postgresUrl'));
  const id = await cluster.createStream({ name: 'main', shardCount: 1 });
  await reconcile();
  const first = cluster.open(id)[0]!;
  const sent: string[] = [];
  const append = async (shardlet: Shardlet, name: string) => {
    const reply = await cluster.append(now(shardlet), name);
    if (reply.kind === 'appended' && reply.stored === 1) sent.push(name);
  };
  const redis = first.owner;
  if (redis === postgres) throw new Error('the stream begins on Redis');
  for (let i = 0; i < 10; i++) await append(first, `early-${i}`);
  const { children } = await cluster.decide(restructure({ parents: [at(first)], children: [first.range] }));
  await reconcile();
  const child = now(children[0]!);
  sent.length = 0;
  for (let i = 0; i < 300; i++) await append(child, `event-${i}`);
  let live = 0;
  for (const dest of [postgres, redis, postgres]) {
    const deaths = await moveWithDeaths(child, dest, () => append(child, `live-${live++}`));
    expect(deaths).toBeGreaterThan(8);
    await reconcile();
    expect(now(child)).toMatchObject({ owner: dest, state: { kind: 'open' } });
    await append(child, `on-${dest}-${live}`);
  }
  expect(await cluster.read(now(child))).toEqual(sent);
  expect(await cluster.append(now(child), 'event-7')).toMatchObject({
    stored: 0,
    duplicates: [{ shardlet: child.id, seq: 8 }],
  });
  expect(await cluster.append(now(child), 'early-3')).toMatchObject({
    stored: 0,
    duplicates: [{ shardlet: first.id, seq: 4 }],
  });
});

test('a worker process carries a move out and tells each of its steps', async () => {
  const id = await stream(1);
  const shardlet = cluster.open(id)[0]!;
  for (let i = 0; i < 200; i++) await cluster.append(shardlet, `event-${i}`);
  await cluster.startWorker();
  const { topology, moves, jobs } = cluster.control;
  const operator = {
    topology,
    moves,
    wake: (job: 'move' | 'reconcile') => jobs.wake(job),
    nowMs: Date.now,
    actor: 'somebody',
  };
  const dest = shardlet.owner === 1 ? 2 : 1;
  const [answer] = await requestMoves(operator, { shardlets: [shardlet.id], dest, reason: 'a test' });
  const move = answer!.kind === 'move' ? answer!.move : 0;
  await cluster.until('it is told', async () => (await moves.find(move))?.result === 'moved');
  const steps = (await moves.journal(move)).map((step) => step.what);
  expect(steps).toEqual(['shadow created', 'verified', 'sealed', 'ready', 'committed', 'opened']);
  expect(await moves.find(move)).toMatchObject({
    actor: 'somebody',
    reason: 'a test',
    records: 200,
    phase: 'done',
  });
});

test('two movers without a working lock move everything once', async () => {
  const id = await stream(6);
  for (const shardlet of cluster.open(id)) {
    for (let i = 0; i < 20; i++) await cluster.append(shardlet, `event-${i}`);
    await cluster.decide(prepareMigration({ ...at(shardlet), dest: shardlet.owner === 1 ? 2 : 1 }));
  }
  const [one, two] = [new Mover(parts()), new Mover(parts())];
  await cluster.until('they are there', async () => {
    await Promise.all([one.run(never), two.run(never), reconcile()]);
    return cluster.open(id).length === 6;
  });
  for (const shardlet of cluster.open(id)) {
    expect(await cluster.read(shardlet)).toHaveLength(20);
    expect(await cluster.append(shardlet, 'after')).toMatchObject({ firstSeq: 21 });
  }
  await cluster.until('all are told', async () => {
    await one.run(never);
    return (await cluster.control.moves.list({ ended: false, limit: 10 })).length === 0;
  });
});

test('pauses, the switch for all, a window that is over and an abort are heard by whoever works next', async () => {
  const id = await stream(1);
  const shardlet = cluster.open(id)[0]!;
  const dest = shardlet.owner === 1 ? 2 : 1;
  const { moves } = cluster.control;
  const start = async (intent: object = {}) => {
    const { state } = await cluster.decide(prepareMigration({ ...at(now(shardlet)), dest }));
    const nextEpoch = 'nextEpoch' in state ? state.nextEpoch : 0;
    const move = { shardlet: shardlet.id, nextEpoch, source: shardlet.owner, dest };
    await moves.add([{ move, kind: 'open', actor: 'me', reason: 'a test', ...intent }]);
    return nextEpoch;
  };
  const run = async () => {
    await new Mover(parts()).run(never);
    await reconcile();
    return now(shardlet).state.kind;
  };
  const first = await start();
  expect(await moves.order(first, 'pause', 'lunch', 'me')).toBe(true);
  expect(await run()).toBe('moving');
  await moves.order(first, 'go', '', 'me');
  await moves.setControls({ paused: true, reason: 'fire' }, 'me');
  expect(await run()).toBe('moving');
  expect(await moves.controls()).toMatchObject({ paused: true, reason: 'fire', changedBy: 'me' });
  await moves.setControls({ paused: false }, 'me');
  expect(await moves.order(first, 'abort', 'enough', 'me')).toBe(true);
  expect(await moves.order(first, 'go', '', 'me')).toBe(false);
  expect(await run()).toBe('open');
  expect(await moves.find(first)).toMatchObject({ result: 'aborted', detail: 'enough' });
  const late = await start({ deadlineAtMs: Date.now() - 1 });
  expect(await run()).toBe('open');
  expect(now(shardlet).owner).toBe(shardlet.owner);
  expect(await moves.find(late)).toMatchObject({ result: 'aborted', detail: 'its window is over' });
});

test('a host at the limit of its memory is drained of open and closed shardlets, and removed', async () => {
  const id = await stream(4);
  for (const shardlet of cluster.open(id)) {
    for (let i = 0; i < 20; i++) await cluster.append(shardlet, `event-${i}`);
  }
  const rolled = cluster.open(id).find((s) => s.owner === 1)!;
  await cluster.decide(restructure({ parents: [at(rolled)], children: [rolled.range] }));
  await reconcile();
  const full = new Redis(cluster.hosts[0]!.url);
  await full.config('SET', 'maxmemory', '1mb');
  const [onFull] = cluster.open(id).filter((s) => s.owner === 1) as [Shardlet];
  expect(await cluster.append(onFull, 'refused')).toMatchObject({ kind: 'full' });
  await cluster.decide(setHostState(1, 'draining'));
  const mover = new Mover(parts());
  await cluster.until('it is empty', async () => {
    await mover.run(never);
    await reconcile();
    return [...cluster.map.shardlets(id)].every((s) => s.owner === 2);
  });
  full.disconnect();
  expect(now(rolled)).toMatchObject({ owner: 2, state: { kind: 'closed', finalSeq: 20 } });
  expect(await cluster.read(now(rolled))).toHaveLength(20);
  for (const shardlet of cluster.open(id))
    expect(await cluster.append(shardlet, 'after')).toMatchObject({ kind: 'appended', stored: 1 });
});
