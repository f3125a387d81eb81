/**
 * A host that goes back to any earlier state of its own, after any history: what was acknowledged is where
 * readers find it, or `lost` names it; nothing is open twice; everything takes appends again.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { range } from '../keyspace/index.ts';
import { Killed, killedAt, repeated } from '../machines/cluster.fixture.ts';
import { expectSettled } from '../machines/settled.fixture.ts';
import {
  abortMigration,
  acceptLoss,
  beginReadmission,
  type Decision,
  markGone,
  prepareMigration,
  restructure,
  type Shardlet,
} from '../topology/index.ts';
import { CHANGES, type ChangeKind, SetBackCluster } from './set-back.fixture.ts';

const FINISHED = { kind: 'finished' };
const A = 1;

async function after(...changes: ChangeKind[]): Promise<SetBackCluster> {
  const cluster = await SetBackCluster.of(2, 2);
  for (const kind of changes) await cluster.change(kind, 0);
  return cluster;
}

/** Its host lost it as a whole and closed it again, empty. */
function forgetTime(id: number): Decision<null> {
  return {
    name: 'forgetTime',
    needs: { shardlets: [id] },
    rule(view) {
      const before = view.shardlet(id)!;
      const state = { ...before.state, finalSeq: 0, finalTs: 0 } as Shardlet['state'];
      return { kind: 'accept', puts: { shardlets: [{ ...before, state }] }, result: null };
    },
  };
}

/** Everything the protocol promises once the loss is accepted and the host readmitted. */
async function expectWhole(cluster: SetBackCluster, host: number): Promise<void> {
  expect(await cluster.unexplained()).toEqual([]);
  await cluster.finishAll();
  await expectSettled(cluster);
  expect(cluster.map.host(host)).toMatchObject({ state: 'active' });
  expect(cluster.map.host(host)!.readmission).toBeUndefined();
  const { progress } = await cluster.hosts.get(host)!.identify();
  expect(cluster.map.host(host)!.generation).toBe(progress.generation);
  for (const shardlet of cluster.open(cluster.stream)) {
    const before = cluster.acknowledged.length;
    await cluster.store1(shardlet);
    expect(cluster.acknowledged).toHaveLength(before + 1);
  }
  expect(await cluster.unexplained()).toEqual([]);
}

describe('a host that went back', () => {
  test('names what it lost, from the last certain event on', async () => {
    const cluster = await after('append', 'mark', 'append', 'append');
    const [shardlet] = cluster.open(cluster.stream);
    cluster.setBack(A, 3);
    await cluster.suspend(A);
    expect(await cluster.readmit(A)).toEqual(FINISHED);
    const { epoch, lost } = cluster.map.shardlet(shardlet!.id)!;
    // the second event is there and was not lost, but nobody can know it: it came after the mark
    expect(lost).toEqual([{ epoch, seq: 1 }]);
    expect(epoch).toBeGreaterThan(shardlet!.epoch);
    await expectWhole(cluster, A);
  });

  test('begins a generation of its own, in which the run is trusted again', async () => {
    const cluster = await after('append', 'mark', 'append');
    cluster.setBack(A, 2);
    await cluster.suspend(A);
    const accepted = cluster.map.version;
    await cluster.readmit(A);
    expect(cluster.map.host(A)).toMatchObject({
      generation: accepted,
      incarnation: 'run-1',
      state: 'active',
    });
  });

  test('creates anew what it has lost as a whole, and says so', async () => {
    const cluster = await after('append', 'mark', 'roll', 'append');
    const child = cluster.open(cluster.stream).find((s) => s.parents.length > 0)!;
    cluster.setBack(A, 2);
    await cluster.suspend(A);
    expect(await cluster.readmit(A)).toEqual(FINISHED);
    const now = cluster.map.shardlet(child.id)!;
    expect(now).toMatchObject({ state: { kind: 'open' }, lost: [{ epoch: now.epoch, seq: 0 }] });
    const parent = cluster.map.shardlet(child.parents[0]!)!;
    expect(parent).toMatchObject({ state: { kind: 'closed', finalSeq: 1 } });
    await expectWhole(cluster, A);
  });

  test('knows retries of what it still has where it creates anew', async () => {
    const cluster = await after('append', 'mark', 'roll', 'append');
    const childIn = () => cluster.open(cluster.stream).findIndex((s) => s.parents.length > 0);
    await cluster.change('roll', childIn());
    const [first] = cluster.acknowledged;
    cluster.setBack(A, 2);
    await cluster.suspend(A);
    expect(await cluster.readmit(A)).toEqual(FINISHED);
    await cluster.finishAll();
    const leaf = cluster.open(cluster.stream)[childIn()]!;
    expect(cluster.map.shardlet(leaf.parents[0]!)!.parents).toEqual([first!.shardlet]);
    // through a parent that was created anew as well
    expect(await cluster.append(leaf, first!.id)).toMatchObject({ kind: 'appended', stored: 0 });
    await expectWhole(cluster, A);
  });

  test('knows retries of one parent of a merged shardlet, where it has the other as a copy only', async () => {
    const cluster = await after('split');
    const [stays, comes] = cluster.open(cluster.stream).filter((s) => s.parents.length > 0);
    const placeOf = ({ id }: Shardlet) => cluster.open(cluster.stream).findIndex((s) => s.id === id);
    await cluster.change('append', placeOf(stays!));
    await cluster.change('append', placeOf(comes!));
    const [first] = cluster.acknowledged;
    await cluster.change('move', placeOf(comes!));
    await cluster.change('mark', 0);
    await cluster.change('halfMove', placeOf(comes!));
    const asCopy = cluster.statesOf(A) - 1;
    await cluster.change('finish', 0);
    const parents = [stays!, comes!].map(({ id }) => ({ id, epoch: cluster.map.shardlet(id)!.epoch }));
    await cluster.decide(restructure({ parents, children: [range(stays!.range.from, comes!.range.to)] }));
    await cluster.finishAll();
    cluster.setBack(A, asCopy);
    expect(await cluster.hosts.get(A)!.describe(comes!.id)).toMatchObject({ mode: 'ready' });
    await cluster.suspend(A);
    expect(await cluster.readmit(A)).toEqual(FINISHED);
    await cluster.finishAll();
    const child = cluster.open(cluster.stream).find((s) => s.parents.length === 2);
    expect(await cluster.append(child!, first!.id)).toMatchObject({ kind: 'appended', stored: 0 });
    await expectWhole(cluster, A);
  });

  test('is asked about what was raised meanwhile because its move was given up', async () => {
    const cluster = await after('append', 'mark', 'append', 'append');
    const [shardlet] = cluster.open(cluster.stream);
    const { id, epoch } = shardlet!;
    const { state } = await cluster.decide(prepareMigration({ id, epoch, dest: 2 }));
    cluster.setBack(A, 3);
    await cluster.suspend(A);
    await cluster.decide(abortMigration(id, state.kind === 'moving' ? state.nextEpoch : 0));
    expect(await cluster.readmit(A)).toEqual(FINISHED);
    expect(cluster.map.shardlet(id)!.lost).toMatchObject([{ seq: 1 }]);
    await expectWhole(cluster, A);
  });

  test('may go back once more before it is readmitted', async () => {
    const cluster = await after('append', 'mark', 'append', 'mark', 'append');
    const { id } = cluster.open(cluster.stream)[0]!;
    cluster.setBack(A, 4);
    await cluster.suspend(A);
    cluster.setBack(A, 2);
    // its clock goes back with it: what it takes late looks older than the mark it held when it was suspended
    const now = cluster.clock.nowMicros();
    cluster.clock.set(now - 6_000_000);
    await cluster.late(A, 1);
    cluster.clock.set(now);
    expect(await cluster.readmit(A)).toEqual(FINISHED);
    expect(cluster.map.shardlet(id)!.lost).toMatchObject([{ seq: 1 }]);
    await expectWhole(cluster, A);
  });

  test('leaves alone what was closed before the mark', async () => {
    const cluster = await after('append', 'roll', 'mark', 'append', 'append');
    const closed = [...cluster.map.shardlets()].find((s) => s.state.kind === 'closed')!;
    cluster.setBack(A, 4);
    await cluster.suspend(A);
    await cluster.readmit(A);
    expect(cluster.map.shardlet(closed.id)).toEqual(closed);
    await expectWhole(cluster, A);
  });

  test('asks about what was closed in the older state, at the time of the mark', async () => {
    const cluster = await after('mark', 'append');
    const [event] = cluster.acknowledged;
    cluster.setBack(A, 1);
    await cluster.change('roll', 0);
    expect(cluster.map.shardlet(event!.shardlet)).toMatchObject({ state: { kind: 'closed', finalSeq: 0 } });
    await cluster.suspend(A);
    expect(await cluster.readmit(A)).toEqual(FINISHED);
    expect(cluster.map.shardlet(event!.shardlet)!.lost).toMatchObject([{ seq: 0 }]);
    await expectWhole(cluster, A);
  });

  test('drops again what moved away, and what was dropped', async () => {
    const cluster = await after('append', 'mark', 'move', 'tidy', 'append');
    const moved = [...cluster.map.shardlets()].find((s) => s.owner === 2 && s.epoch > 5)!;
    cluster.setBack(A, 2);
    expect(await cluster.hosts.get(A)!.describe(moved.id)).toMatchObject({ mode: 'open' });
    await cluster.suspend(A);
    await cluster.readmit(A);
    expect(await cluster.hosts.get(A)!.describe(moved.id)).toMatchObject({ kind: 'stale' });
    // whoever still went there with an old map is told
    const lost = [{ epoch: 4, seq: 1 }];
    expect(cluster.map.shardlet(moved.id)).toEqual({ ...moved, lost });
    await expectWhole(cluster, A);
  });

  test('gives back to the source what a destination has lost before it opened it', async () => {
    const cluster = await after('append', 'append', 'mark', 'halfMove');
    const moved = [...cluster.map.shardlets()].find((s) => s.state.kind === 'opening')!;
    cluster.setBack(2, 3);
    await cluster.suspend(2);
    expect(await cluster.readmit(2)).toEqual(FINISHED);
    await cluster.finishAll();
    const now = cluster.map.shardlet(moved.id)!;
    expect(now).toMatchObject({ owner: A, state: { kind: 'open' }, lost: [{ seq: 2 }] });
    expect(await cluster.idsOn(A, moved.id)).toEqual(['event-1', 'event-2']);
    await expectWhole(cluster, 2);
  });

  test('gives it back as well where the destination holds a replica of before it gave the shardlet away', async () => {
    const cluster = await after('append', 'mark', 'move', 'append');
    const moved = [...cluster.map.shardlets()].find((s) => s.owner === 2 && s.epoch > 5)!;
    await cluster.change(
      'halfMove',
      cluster.open(cluster.stream).findIndex(({ id }) => id === moved.id),
    );
    expect(cluster.map.shardlet(moved.id)).toMatchObject({ owner: A, state: { kind: 'opening' } });
    cluster.setBack(A, 2);
    expect(await cluster.hosts.get(A)!.describe(moved.id)).toMatchObject({ mode: 'open', epoch: 3 });
    await cluster.suspend(A);
    expect(await cluster.readmit(A)).toEqual(FINISHED);
    expect(await cluster.hosts.get(A)!.describe(moved.id)).toMatchObject({ kind: 'stale' });
    const now = cluster.map.shardlet(moved.id)!;
    expect(now).toMatchObject({ owner: 2, lost: [{ seq: 2, epoch: now.epoch }, { epoch: 4 }] });
    await expectWhole(cluster, A);
  });

  test('leaves no copy at the source of a move that ends without being settled', async () => {
    const cluster = await after('append', 'mark', 'halfMove', 'mark');
    const moved = [...cluster.map.shardlets()].find((s) => s.state.kind === 'opening')!;
    cluster.setBack(2, cluster.statesOf(2) - 1);
    await cluster.suspend(2);
    expect(await cluster.readmit(2)).toEqual(FINISHED);
    expect(cluster.map.shardlet(moved.id)).toMatchObject({ owner: 2, state: { kind: 'open' } });
    expect(cluster.map.garbage()).toMatchObject([{ host: A, shardlet: moved.id, epoch: 3 }]);
    await expectWhole(cluster, 2);
  });

  test('does not take a closed shardlet for whole that late requests have filled and sealed', async () => {
    const cluster = await after('append', 'mark', 'append', 'roll');
    const closed = [...cluster.map.shardlets()].find((s) => s.state.kind === 'closed')!;
    cluster.setBack(A, 2);
    await cluster.late(A, 4);
    expect(await cluster.hosts.get(A)!.describe(closed.id)).toMatchObject({
      mode: 'sealed',
      epoch: closed.epoch,
    });
    await cluster.suspend(A);
    await cluster.readmit(A);
    expect(cluster.map.shardlet(closed.id)).toMatchObject({ lost: [{ seq: 1 }] });
    await expectWhole(cluster, A);
  });

  test('drops again what is past its retention', async () => {
    const cluster = await after('append', 'roll', 'mark');
    const closed = [...cluster.map.shardlets()].find((s) => s.state.kind === 'closed')!;
    await cluster.decide(markGone(closed.id));
    await cluster.change('tidy', 0);
    cluster.setBack(A, 3);
    cluster.acknowledged.length = 0;
    await cluster.suspend(A);
    await cluster.readmit(A);
    expect(await cluster.hosts.get(A)!.describe(closed.id)).toMatchObject({ kind: 'stale' });
    await expectWhole(cluster, A);
  });

  test('raises its create floor again', async () => {
    const cluster = await after('append', 'mark', 'append', 'floor');
    cluster.setBack(A, 3);
    await cluster.suspend(A);
    await cluster.readmit(A);
    const { range } = cluster.open(cluster.stream)[0]!;
    const spec = { stream: 1, range, dedup: { windowMicros: 1e9, leadMicros: 1e6 } };
    expect(await cluster.hosts.get(A)!.createShadow(9_999, 2, spec)).toMatchObject({ kind: 'belowFloor' });
  });

  test('is empty after all of it was lost, and takes appends', async () => {
    const cluster = await after('append', 'mark', 'roll', 'append');
    cluster.setBack(A, 0);
    Reflect.set(
      cluster.hosts.get(A)!,
      'state',
      Reflect.get((await SetBackCluster.of(1, 1)).hosts.get(A)!, 'state'),
    );
    await cluster.suspend(A);
    expect(await cluster.readmit(A)).toEqual(FINISHED);
    await expectWhole(cluster, A);
  });

  test('waits until its clock is past what readers were promised', async () => {
    const cluster = await after('append', 'mark', 'append');
    cluster.setBack(A, 2);
    const promise = cluster.clock.nowMicros() + 90_000_000;
    await cluster.decide(beginReadmission(A, 'run-1', { detail: 'x', byMarks: true, certainTs: 1, promise }));
    await expect(cluster.readmit(A)).rejects.toThrow('nobody has accepted');
    await cluster.decide(acceptLoss(A, 'run-1'));
    expect(await cluster.readmit(A)).toMatchObject({ kind: 'blocked', detail: expect.stringContaining('s') });
    cluster.clock.advance(100_000_000);
    expect(await cluster.readmit(A)).toEqual(FINISHED);
    await expectWhole(cluster, A);
  });

  test.each([1, 2])(
    'begins anew after what its ancestor %i back holds under a clock ahead',
    async (rolls) => {
      const cluster = await after('append', 'mark');
      const now = cluster.clock.nowMicros();
      cluster.clock.advance(90_000_000);
      const onOther = () => cluster.open(cluster.stream).findIndex((s) => s.owner === 2);
      await cluster.change('append', onOther());
      for (let i = 0; i < rolls; i++) await cluster.change('roll', onOther());
      await cluster.change('move', onOther());
      cluster.clock.set(now + 10_000_000);
      const moved = cluster.open(cluster.stream).find((s) => s.owner === A && s.parents.length > 0)!;
      const parent = cluster.map.shardlet(moved.parents[0]!)!;
      const eldest = cluster.map.shardlet(parent.parents[0] ?? parent.id)!;
      if (rolls > 1) await cluster.decide(forgetTime(parent.id));
      cluster.setBack(A, 2);
      await cluster.suspend(A);
      expect(await cluster.readmit(A)).toMatchObject({ kind: 'blocked' });
      cluster.clock.set(now + 200_000_000);
      expect(await cluster.readmit(A)).toEqual(FINISHED);
      cluster.clock.set(now + 10_000_000);
      const reply = await cluster.append(cluster.map.shardlet(moved.id)!, 'first');
      const { finalTs } = eldest.state as { finalTs: number };
      expect(reply.kind === 'appended' && reply.firstTs).toBeGreaterThan(finalTs);
    },
  );

  test.each(['before', 'after'] as const)(
    'is readmitted by another worker when one is killed %s any action',
    async (when) => {
      for (let n = 0; ; n++) {
        expect(n).toBeLessThan(100);
        const cluster = await after('append', 'roll', 'append', 'mark', 'move', 'append', 'split', 'append');
        cluster.setBack(A, 4);
        await cluster.suspend(A);
        const killed = await cluster
          .readmit(A, (p) => killedAt(n, when, p))
          .then(
            () => false,
            (error) => error instanceof Killed || Promise.reject(error),
          );
        // killed after its last action it had finished
        if (cluster.map.host(A)!.state === 'readmitting') expect(await cluster.readmit(A)).toEqual(FINISHED);
        await expectWhole(cluster, A);
        if (!killed) return expect(n).toBeGreaterThan(15);
      }
    },
  );

  test.each([
    ['a newer', 2, 4],
    ['an older', 4, 2],
  ])('whose readmission stops gets %s state put in its place', async (_, first, then) => {
    for (let n = 0; n < 12; n++) {
      const cluster = await after('mark', 'append', 'append', 'roll', 'append');
      const [closed] = [...cluster.map.shardlets()].filter((s) => s.state.kind === 'closed');
      cluster.setBack(A, first);
      await cluster.suspend(A);
      await cluster.readmit(A, (p) => killedAt(n, 'after', p)).catch((error) => error);
      if (cluster.map.host(A)!.state !== 'readmitting') continue;
      cluster.setBack(A, then);
      for (let i = 0; i < 3 && cluster.map.host(A)!.state === 'readmitting'; i++) await cluster.readmit(A);
      await expectWhole(cluster, A);
      const { state } = cluster.map.shardlet(closed!.id)!;
      const { lastSeq } = (await cluster.hosts.get(A)!.describe(closed!.id)) as { lastSeq: number };
      expect(state).toMatchObject({ kind: 'closed', finalSeq: lastSeq });
    }
  });

  test('is asked again when another state of its generation is put in place before a closed shardlet is sealed', async () => {
    const cluster = await after('mark', 'append', 'append', 'roll', 'append');
    const [closed] = [...cluster.map.shardlets()].filter((s) => s.state.kind === 'closed');
    cluster.setBack(A, 2);
    await cluster.suspend(A);
    const { accepted } = cluster.map.host(A)!.readmission!.regressed!;
    let isSwapped = false;
    const outcome = await cluster.readmit(A, (perform) => async (action) => {
      if (action.kind === 'raise' && action.shardlet === closed!.id && !isSwapped) {
        isSwapped = true;
        cluster.setBack(A, 4);
        await cluster.hosts.get(A)!.admit(accepted!, 0);
      }
      return perform(action);
    });
    expect([isSwapped, outcome.kind]).toEqual([true, 'stale']);
    for (let i = 0; i < 3 && cluster.map.host(A)!.state === 'readmitting'; i++) await cluster.readmit(A);
    await expectWhole(cluster, A);
    const { state } = cluster.map.shardlet(closed!.id)!;
    const { lastSeq } = (await cluster.hosts.get(A)!.describe(closed!.id)) as { lastSeq: number };
    expect(state).toMatchObject({ kind: 'closed', finalSeq: lastSeq });
  });

  test('survives that every host call and decision is sent twice', async () => {
    const cluster = await after('append', 'roll', 'append', 'mark', 'move', 'append', 'split');
    cluster.setBack(A, 4);
    await cluster.suspend(A);
    await cluster.readmit(A, repeated);
    if (cluster.map.host(A)!.state === 'readmitting') await cluster.readmit(A);
    await expectWhole(cluster, A);
  });

  test('loses nothing in silence, whatever came before and whatever it goes back to', async () => {
    const history = fc.array(fc.tuple(fc.constantFrom(...CHANGES), fc.nat(7)), {
      minLength: 1,
      maxLength: 14,
    });
    await fc.assert(
      fc.asyncProperty(
        history,
        fc.integer({ min: 1, max: 2 }),
        fc.nat(),
        fc.nat(3),
        async (changes, host, back, late) => {
          const cluster = await SetBackCluster.of(2, 2);
          for (const [kind, pick] of changes) await cluster.change(kind, pick);
          cluster.setBack(host, back % cluster.statesOf(host));
          await cluster.late(host, late);
          await cluster.suspend(host);
          expect(await cluster.readmit(host)).toEqual(FINISHED);
          await expectWhole(cluster, host);
        },
      ),
      { numRuns: 300 },
    );
  });
});
