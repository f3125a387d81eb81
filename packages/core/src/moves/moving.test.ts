/** Moves under everything a worker, a network and an operator can do to them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Killed, killedAt, repeated, TestCluster } from '../machines/cluster.fixture.ts';
import { driveAll, type MoveOrder, type Outcome, type Perform } from '../machines/index.ts';
import { expectSettled } from '../machines/settled.fixture.ts';
import { dueGarbage, GARBAGE_GRACE_MS, garbageMachine } from '../retention/index.ts';
import { abortMigration, prepareMigration, restructure, type Shardlet } from '../topology/index.ts';
import { moveMachine, movingShardlets } from './backlog.ts';

const FINISHED = { kind: 'finished' };
const A = 1;
const B = 2;

/** Two hosts, one shardlet on the first with some events. */
async function withEvents(count = 5) {
  const cluster = new TestCluster();
  await cluster.addHost();
  const stream = await cluster.addStream(1);
  await cluster.finishAll();
  await cluster.addHost();
  const shardlet = cluster.open(stream)[0]!;
  for (let i = 0; i < count; i++) await cluster.append(shardlet, `event-${i}`);
  return { cluster, stream, shardlet, now: () => cluster.map.shardlet(shardlet.id)! };
}

async function prepared(count = 5, dest = B) {
  const set = await withEvents(count);
  const { id, epoch } = set.shardlet;
  await set.cluster.decide(prepareMigration({ id, epoch, dest }));
  return set;
}

/** A closed shardlet of which the child is open. */
async function preparedClosed() {
  const set = await withEvents();
  const { id, epoch, range } = set.shardlet;
  await set.cluster.decide(restructure({ parents: [{ id, epoch }], children: [range] }));
  await set.cluster.finishAll();
  await set.cluster.decide(prepareMigration({ id, epoch, dest: B }));
  return set;
}

async function moveAll(cluster: TestCluster, perform: Perform = cluster.performer()): Promise<Outcome[]> {
  await cluster.refresh();
  const moves = movingShardlets(cluster.map).map((s) => moveMachine(cluster.map, s));
  const outcomes = await driveAll(moves, perform);
  await cluster.refresh();
  return outcomes;
}

const EVENTS = ['event-0', 'event-1', 'event-2', 'event-3', 'event-4'];

describe('a migration', () => {
  test('takes the events, their ids and the appends to the destination', async () => {
    const { cluster, shardlet, now } = await prepared();
    const n = cluster.map.version;
    expect(await moveAll(cluster)).toEqual([FINISHED]);
    await expectSettled(cluster);
    expect(now()).toMatchObject({ owner: B, epoch: n, state: { kind: 'open' } });
    expect(await cluster.idsOn(B, shardlet.id)).toEqual(EVENTS);
    expect(await cluster.append(now(), 'event-3')).toMatchObject({ duplicates: [{ seq: 4 }] });
    expect(await cluster.append(now(), 'new')).toMatchObject({ firstSeq: 6, stored: 1 });
    expect(await cluster.append(shardlet, 'late')).toMatchObject({ kind: 'stale' });
  });

  test('leaves its source until the grace time is over', async () => {
    const { cluster, shardlet } = await prepared();
    await moveAll(cluster);
    const nowMs = cluster.clock.nowMicros() / 1_000;
    expect(dueGarbage(cluster.map, A, nowMs)).toEqual([]);
    const [batch] = dueGarbage(cluster.map, A, nowMs + GARBAGE_GRACE_MS);
    await driveAll([garbageMachine(batch!, cluster.map)], cluster.performer());
    expect(await cluster.hosts.get(A)!.describe(shardlet.id)).toMatchObject({ mode: 'dropped' });
  });

  test.each(['before', 'after'] as const)(
    'is finished by another worker when one is killed %s any action',
    async (when) => {
      for (let n = 0; ; n++) {
        expect(n).toBeLessThan(100);
        const { cluster, now } = await prepared();
        const killed = await moveAll(cluster, killedAt(n, when, cluster.performer())).then(
          () => false,
          (error) => error instanceof Killed || Promise.reject(error),
        );
        await cluster.finishAll();
        for (const outcome of await moveAll(cluster)) expect(outcome).toEqual(FINISHED);
        await expectSettled(cluster);
        expect(now().owner).toBe(B);
        expect(await cluster.idsOn(B, now().id)).toEqual(EVENTS);
        if (!killed) return expect(n).toBeGreaterThan(12);
      }
    },
  );

  test('survives that every host call and decision is sent twice', async () => {
    const { cluster, now } = await prepared();
    await moveAll(cluster, repeated(cluster.performer()));
    await cluster.finishAll();
    await expectSettled(cluster);
    expect(now().owner).toBe(B);
  });

  test('copies what is appended meanwhile, through more chunks than one', async () => {
    const { cluster, shardlet, now } = await prepared(50);
    const inner = cluster.performer();
    let count = 0;
    const appending: Perform = async (action) => {
      if (action.kind === 'read' && count < 20) {
        const { kind } = await cluster.append(shardlet, `during-${count}`);
        if (kind === 'appended') count++;
      }
      if (action.kind === 'consult') return { kind: 'go', chunkBytes: 200 } as never;
      return inner(action);
    };
    expect(await moveAll(cluster, appending)).toEqual([FINISHED]);
    await expectSettled(cluster);
    const ids = await cluster.idsOn(B, now().id);
    expect(ids).toHaveLength(50 + count);
    expect(new Set(ids).size).toBe(50 + count);
  });

  test('finds a corrupt record of the shadow, tells it, and copies it again', async () => {
    const { cluster, shardlet, now } = await prepared(5);
    const reported: string[] = [];
    const inner = cluster.performer();
    let spoilt = false;
    const spoiling: Perform = async (action) => {
      if (action.kind === 'note' && action.step.what === 'differed') reported.push(action.step.detail);
      if (action.kind !== 'ingest' || spoilt) return inner(action);
      spoilt = true;
      const records = action.records.map((r, i) => (i === 2 ? { ...r, ts: r.ts + 1 } : r));
      return inner({ ...action, records });
    };
    expect(await moveAll(cluster, spoiling)).toEqual([FINISHED]);
    expect(reported).toEqual(['from seq 1 to 5: copied again']);
    expect(now().owner).toBe(B);
    expect(await cluster.idsOn(B, shardlet.id)).toEqual(EVENTS);
    await expectSettled(cluster);
  });

  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])(
    'goes on when the source is trimmed before action %i',
    async (at) => {
      const { cluster, shardlet, now } = await prepared(20);
      const inner = cluster.performer();
      let count = 0;
      const trimming: Perform = async (action) => {
        if (action.kind === 'consult') return { kind: 'go', chunkBytes: 300 } as never;
        if (count++ === at) {
          cluster.clock.advance(2 * 3_600_000_000);
          await cluster.hosts.get(A)!.trim(shardlet.id, shardlet.epoch, 12);
        }
        return inner(action);
      };
      expect(await moveAll(cluster, trimming)).toEqual([FINISHED]);
      const host = cluster.hosts.get(B)!;
      expect(await host.describe(now().id)).toMatchObject({ firstSeq: 12, lastSeq: 20, mode: 'open' });
      await expectSettled(cluster);
    },
  );

  test('takes inherited ids along, so that a retry from before the roll is still known', async () => {
    const { cluster, stream, shardlet } = await withEvents();
    const { id, epoch, range } = shardlet;
    await cluster.decide(restructure({ parents: [{ id, epoch }], children: [range] }));
    await cluster.finishAll();
    const child = cluster.open(stream)[0]!;
    await cluster.decide(prepareMigration({ id: child.id, epoch: child.epoch, dest: B }));
    expect(await moveAll(cluster)).toEqual([FINISHED]);
    const moved = cluster.map.shardlet(child.id)!;
    expect(moved.owner).toBe(B);
    expect(await cluster.append(moved, 'event-2')).toMatchObject({
      stored: 0,
      duplicates: [{ shardlet: id, seq: 3 }],
    });
  });
});

describe('an operator', () => {
  const ordering =
    (order: MoveOrder, at: number, inner: Perform): Perform =>
    async (action) => {
      if (action.kind === 'consult' && at-- <= 0) return order as never;
      return inner(action);
    };

  test.each([0, 1, 2])('pauses it at question %i, and it goes on later', async (at) => {
    const { cluster, shardlet, now } = await prepared();
    const pause = { kind: 'pause', reason: 'lunch' } as const;
    const [outcome] = await moveAll(cluster, ordering(pause, at, cluster.performer()));
    expect(outcome).toEqual({ kind: 'paused', detail: 'lunch' });
    expect(await cluster.append(shardlet, 'during')).toMatchObject({ kind: 'appended' });
    expect(await moveAll(cluster)).toEqual([FINISHED]);
    expect(now().owner).toBe(B);
    await expectSettled(cluster);
  });

  test.each([0, 1, 2])('aborts it at question %i: the source goes on at a new epoch', async (at) => {
    const { cluster, shardlet, now } = await prepared();
    const abort = { kind: 'abort', reason: 'not now' } as const;
    const [outcome] = await moveAll(cluster, ordering(abort, at, cluster.performer()));
    expect(outcome).toEqual({ kind: 'aborted', detail: 'not now' });
    expect(now()).toMatchObject({ owner: A, state: { kind: 'open' } });
    expect(now().epoch).toBeGreaterThan(shardlet.epoch);
    await expectSettled(cluster);
    expect(await cluster.append(now(), 'after')).toMatchObject({ firstSeq: 6 });
  });

  test('aborts it when the destination fills up while edges wait', async () => {
    const { cluster, shardlet, now } = await prepared();
    const inner = cluster.performer();
    const filling: Perform = async (action) => {
      if (action.kind === 'seal') {
        await cluster.append(shardlet, 'last');
        cluster.hosts.get(B)!.limitBytes = 1;
      }
      return inner(action);
    };
    expect(await moveAll(cluster, filling)).toMatchObject([{ kind: 'aborted' }]);
    expect(now()).toMatchObject({ owner: A, state: { kind: 'open' } });
    await expectSettled(cluster);
    expect(await cluster.idsOn(A, shardlet.id)).toEqual([...EVENTS, 'last']);
  });

  test('is told that a full destination blocks it, before anybody waits', async () => {
    const { cluster, shardlet } = await prepared();
    cluster.hosts.get(B)!.limitBytes = 0;
    expect(await moveAll(cluster)).toMatchObject([{ kind: 'blocked' }]);
    expect(await cluster.append(shardlet, 'during')).toMatchObject({ kind: 'appended' });
  });
});

test('a move there and back and there again ends right, with every old call delivered once more', async () => {
  const { cluster, now } = await withEvents();
  const late: (() => Promise<unknown>)[] = [];
  const inner = cluster.performer();
  const recording: Perform = (action) => {
    if (action.kind !== 'readTopology') late.push(() => inner(action));
    return inner(action);
  };
  for (const dest of [B, A, B]) {
    const { id, epoch } = now();
    await cluster.decide(prepareMigration({ id, epoch, dest }));
    expect(await moveAll(cluster, recording)).toEqual([FINISHED]);
    await cluster.append(now(), `on-${dest}-${epoch}`);
  }
  const before = await cluster.held();
  for (const call of [...late, ...late.reverse()]) await call();
  expect(await cluster.held()).toEqual(before);
  await expectSettled(cluster);
  expect(await cluster.idsOn(B, now().id)).toHaveLength(EVENTS.length + 3);
});

describe('a closed shardlet', () => {
  test('moves without a cutover, and is read where it is then', async () => {
    const { cluster, shardlet, now } = await preparedClosed();
    expect(await moveAll(cluster)).toEqual([FINISHED]);
    expect(now()).toMatchObject({ owner: B, state: { kind: 'closed', finalSeq: 5 } });
    expect(await cluster.idsOn(B, shardlet.id)).toEqual(EVENTS);
    await expectSettled(cluster);
    await cluster.decide(prepareMigration({ id: shardlet.id, epoch: now().epoch, dest: A }));
    expect(await moveAll(cluster)).toEqual([FINISHED]);
    expect(now().owner).toBe(A);
    expect(await cluster.idsOn(A, shardlet.id)).toEqual(EVENTS);
  });

  test.each(['before', 'after'] as const)(
    'is moved by another worker when one is killed %s any action',
    async (when) => {
      for (let n = 0; ; n++) {
        expect(n).toBeLessThan(100);
        const { cluster, now } = await preparedClosed();
        const killed = await moveAll(cluster, killedAt(n, when, cluster.performer())).then(
          () => false,
          (error) => error instanceof Killed || Promise.reject(error),
        );
        for (const outcome of await moveAll(cluster)) expect(outcome).toEqual(FINISHED);
        await expectSettled(cluster);
        expect(now().owner).toBe(B);
        if (!killed) return;
      }
    },
  );
});

/** Appends to whoever the topology store names, as an edge does; a refusal is retried when the map has moved on. */
async function appendAnywhere(cluster: TestCluster, id: number, name: string): Promise<boolean> {
  const shardlet: Shardlet = (await cluster.refresh()).shardlet(id)!;
  const reply = await cluster.append(shardlet, name);
  return reply.kind === 'appended' && reply.stored === 1;
}

test('two workers, an abort and appends in any order lose no acknowledged event', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.boolean(), async (scheduler, aborts) => {
      const { cluster, now } = await prepared(3);
      const inner = cluster.performer();
      const shuffled: Perform = async (action) => {
        await scheduler.schedule(Promise.resolve());
        return inner(action);
      };
      const acknowledged = ['event-0', 'event-1', 'event-2'];
      const appends = async () => {
        for (let i = 0; i < 6; i++) {
          await scheduler.schedule(Promise.resolve());
          if (await appendAnywhere(cluster, now().id, `live-${i}`)) acknowledged.push(`live-${i}`);
        }
      };
      const abort = async () => {
        await scheduler.schedule(Promise.resolve());
        await cluster.store.decide(
          abortMigration(now().id, now().state.kind === 'moving' ? cluster.map.version : 0),
          'test',
        );
      };
      const work = [moveAll(cluster, shuffled), moveAll(cluster, shuffled), appends()];
      await scheduler.waitFor(Promise.all(aborts ? [...work, abort()] : work));
      await cluster.finishAll();
      await moveAll(cluster);
      await cluster.finishAll();
      await expectSettled(cluster);
      expect(await cluster.idsOn(now().owner, now().id)).toEqual(acknowledged);
    }),
    { numRuns: 60 },
  );
});
