/** A host that is frozen, so that calls to it hang: moves and drains among the other hosts must get on. */
import type { LockService } from '@foreshard/core/locking';
import { moveOf, NO_FACTS } from '@foreshard/core/moves';
import { HOST_ALARMS_KEY, HOST_USAGE_KEY } from '@foreshard/core/telemetry';
import { prepareMigration, type Shardlet, setHostState } from '@foreshard/core/topology';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { createMetrics } from '../process/metrics.ts';
import { HostAlarms } from '../reconcile/host-alarms.ts';
import { Reconciler } from '../reconcile/reconcile.ts';
import { RealCluster, silent } from '../testing/real-cluster.ts';
import { UNPROVEN } from '../testing/unproven.ts';
import { Mover } from './mover.ts';

const never = new AbortController().signal;
const noLock: LockService = { during: (_, work) => work() };
const [FIRST, SECOND, FROZEN] = [1, 2, 3];

let cluster: RealCluster;
let shardlets: Shardlet[];
beforeEach(async () => {
  cluster = await RealCluster.start(inject('postgresUrl'), 3);
  const stream = await cluster.createStream({ name: 'main', shardCount: 6 });
  await new Reconciler(parts()).run(never);
  await cluster.follower.upToDate();
  shardlets = cluster.open(stream);
  await cluster.control.moves.setControls({ concurrencyMax: 1 }, 'me');
});
afterEach(async () => {
  await thaw();
  await cluster.stop();
});

function parts() {
  const { follower, control, pool } = cluster;
  const metrics = createMetrics();
  return {
    follower,
    topology: control.topology,
    moves: control.moves,
    doors: {
      trusted: (id: number) => pool.get(id),
      open: () => Promise.reject(new Error('no host has restarted')),
      watch: () => undefined,
    },
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

const freeze = () => cluster.hosts[2]!.kill('SIGSTOP');
const thaw = () => cluster.hosts[2]!.kill('SIGCONT');
const on = (host: number) => shardlets.filter((s) => cluster.map.shardlet(s.id)!.owner === host);

/** @returns the move */
async function move({ id, epoch }: Shardlet, dest: number, deadlineAtMs?: number): Promise<number> {
  const moving = moveOf(await cluster.decide(prepareMigration({ id, epoch, dest })))!;
  const intent = { move: moving, kind: 'open', actor: 'me', reason: 'a test' } as const;
  await cluster.control.moves.add([{ ...intent, deadlineAtMs }]);
  return moving.nextEpoch;
}

async function runUntil(
  what: string,
  mover: Mover,
  holds: () => boolean | Promise<boolean>,
  withinMs = 25_000,
) {
  await cluster.until(
    what,
    async () => {
      await mover.run(never);
      await cluster.follower.upToDate();
      return holds();
    },
    withinMs,
  );
}

test('a drain passes over a silent host, also where nobody has measured it', async () => {
  expect(on(FROZEN)).toHaveLength(2);
  await cluster.decide(setHostState(FIRST, 'draining'));
  await freeze();
  await runUntil('host 1 is empty', new Mover(parts()), () => on(FIRST).length === 0);
  expect(on(SECOND)).toHaveLength(4);
});

test('a drain of a silent host waits and begins nothing', async () => {
  await cluster.decide(setHostState(FROZEN, 'draining'));
  await freeze();
  const mover = new Mover(parts());
  await mover.run(never);
  expect(on(FROZEN).map((s) => cluster.map.shardlet(s.id)!.state.kind)).toEqual(['open', 'open']);
  await thaw();
  await runUntil('it is empty', mover, () => on(FROZEN).length === 0);
});

test('moves to and from a silent host wait, say so, leave the only place to others, and go on later', async () => {
  const from = await move(on(FROZEN)[0]!, FIRST);
  const to = await move(on(FIRST)[0]!, FROZEN);
  const [healthy] = on(SECOND);
  await move(healthy!, FIRST);
  await freeze();
  const mover = new Mover(parts());
  await runUntil('the healthy move is done', mover, () => on(FIRST).includes(healthy!));
  for (const id of [from, to]) {
    const { obstacle, endedAtMs } = (await cluster.control.moves.find(id))!;
    expect(obstacle).toMatch(/^waiting for host ".+": no answer within/);
    expect(endedAtMs).toBeNull();
  }
  await thaw();
  const results = () =>
    Promise.all([from, to].map(async (id) => (await cluster.control.moves.find(id))!.result));
  await runUntil('they are done', mover, async () => (await results()).every((r) => r === 'moved'));
});

test('a move whose window ends while its host is silent is given up', async () => {
  const id = await move(on(FIRST)[0]!, FROZEN, Date.now() + 200);
  await freeze();
  const mover = new Mover(parts());
  await runUntil('it has ended', mover, async () => (await cluster.control.moves.find(id))!.result !== null);
  expect(await cluster.control.moves.find(id)).toMatchObject({
    result: 'aborted',
    detail: 'its window is over',
  });
});

test('what was measured tells who is away: unreachable, restarted or alarmed hosts, not old reports', async () => {
  const { redis, drainFacts } = cluster.control;
  const report = (measuredAtMs: number, reachable: boolean, incarnationKnown: boolean) =>
    JSON.stringify({ measuredAtMs, reachable, incarnationKnown, usedBytes: 30, limitBytes: 100 });
  const now = Date.now();
  await redis.hset(HOST_USAGE_KEY, {
    1: report(now, true, true),
    2: report(now, true, false),
    3: report(now, false, false),
    4: report(now - 61_000, false, false),
  });
  await redis.hset(HOST_ALARMS_KEY, '5', JSON.stringify({ reason: 'empty', detail: '', sinceMs: now }));
  const facts = await drainFacts(cluster.map);
  expect(Object.fromEntries(facts.away)).toEqual({
    2: 'restarted, not readmitted yet',
    3: 'unreachable',
    5: 'waits for an operator (alarm "empty")',
  });
  expect(facts.fills.get(1)).toBe(0.3);
});
