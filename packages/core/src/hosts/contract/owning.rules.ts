/** Ownership: creation, seal, open, raise, drop, tombstones and the floor. Epochs alone decide. */
import { expect } from 'vitest';
import type { Rule } from './rule.ts';
import { ALL, expectationOf, recordsOf, SECOND, SPEC, stale, T0 } from './scene.ts';

const CREATED = { kind: 'created' };
const info = (shardlet: number, epoch: number, mode: string, firstSeq = 1, lastSeq = 0) => ({
  shardlet,
  epoch,
  mode,
  firstSeq,
  lastSeq,
});

export function owningRules(rule: Rule): void {
  rule('a shadow begins empty, and creating it again changes nothing', async (s) => {
    await s.createShadow(1, 10);
    await s.host.ingest(1, 10, recordsOf([1, 2]));
    expect(await s.host.createShadow(1, 10, SPEC)).toEqual(CREATED);
    expect(await s.host.describe(1)).toMatchObject(info(1, 10, 'shadow', 1, 2));
  });

  rule('a shadow replaces what has a lower epoch, but never an open replica', async (s) => {
    await s.createOpen(1, 10);
    await s.append(1, 10, [1]);
    expect(await s.host.createShadow(1, 11, SPEC)).toEqual(stale(10, 'open'));
    await s.seal(1, 10);
    expect(await s.host.createShadow(1, 9, SPEC)).toEqual(stale(10, 'sealed'));
    await s.createShadow(1, 11);
    expect(await s.host.describe(1)).toMatchObject({ ...info(1, 11, 'shadow'), bytes: 0 });
    await s.host.ingest(1, 11, recordsOf([2]));
    await s.createShadow(1, 12);
    expect(await s.host.describe(1)).toMatchObject(info(1, 12, 'shadow'));
    await s.host.ready(1, 12, expectationOf([]));
    await s.createShadow(1, 13);
    await s.host.drop(1, 13);
    expect(await s.host.createShadow(1, 13, SPEC)).toEqual(stale(13, 'dropped'));
    expect(await s.host.createShadow(1, 12, SPEC)).toEqual(stale(13, 'dropped'));
    await s.createShadow(1, 14);
  });

  rule('what a shadow replaced is gone with its ids', async (s) => {
    await s.createOpen(1, 10);
    await s.append(1, 10, [1]);
    await s.seal(1, 10);
    await s.copyOf(1, 11, []);
    expect(await s.append(1, 11, [1])).toMatchObject({ stored: 1, firstSeq: 1 });
  });

  rule('an open replica is created only where none is and only from parents sealed here', async (s) => {
    const create = (shardlet: number, epoch: number, parent: number, at: number) =>
      s.host.createOpen(shardlet, epoch, SPEC, [{ shardlet: parent, epoch: at }]);
    expect(await create(2, 11, 1, 10)).toEqual(stale(0, 'absent'));
    await s.createOpen(1, 10);
    expect(await create(2, 11, 1, 10)).toEqual(stale(10, 'open'));
    await s.seal(1, 10);
    expect(await create(2, 11, 1, 9)).toEqual(stale(10, 'sealed'));
    expect(await create(2, 11, 1, 10)).toEqual(CREATED);
    await s.append(2, 11, [1]);
    expect(await create(2, 11, 1, 10)).toEqual(CREATED);
    expect(await s.records(2)).toHaveLength(1);
    expect(await create(2, 12, 1, 10)).toEqual(stale(11, 'open'));
    await s.host.raise(2, 13);
    expect(await create(2, 11, 1, 10)).toEqual(stale(13, 'open'));
    await s.host.drop(2, 13);
    expect(await create(2, 13, 1, 10)).toEqual(stale(13, 'dropped'));
    expect(await create(2, 14, 1, 10)).toEqual(CREATED);
  });

  rule('of several parents the first that does not fit is named', async (s) => {
    await s.createOpen(1, 10);
    await s.createOpen(2, 10);
    await s.seal(1, 10);
    const parents = [1, 2, 3].map((shardlet) => ({ shardlet, epoch: 10 }));
    expect(await s.host.createOpen(4, 11, SPEC, parents)).toEqual(stale(10, 'open'));
    await s.seal(2, 10);
    expect(await s.host.createOpen(4, 11, SPEC, parents)).toEqual(stale(0, 'absent'));
    expect(await s.host.describe(4)).toEqual(stale(0, 'absent'));
  });

  rule('a child gives no timestamp at or below what its parents gave or the host promised', async (s) => {
    await s.createOpen(1, 10);
    await s.append(1, 10, [1, 2], { edgeTs: T0 + SECOND });
    await s.seal(1, 10);
    await s.createOpen(2, 11, [[1, 10]]);
    expect((await s.append(2, 11, [3])).firstTs).toBe(T0 + SECOND + 2);
    await s.later(5 * SECOND);
    await s.host.frontier(s.now, 0);
    await s.createOpen(3, 12);
    const promised = s.now - 2_000;
    expect((await s.append(3, 12, [4], { edgeTs: T0 })).firstTs).toBe(promised + 1);
  });

  rule('seal ends appends, answers the end, and is the same when repeated', async (s) => {
    expect(await s.host.seal(1, 10)).toEqual(stale(0, 'absent'));
    await s.createOpen(1, 10);
    await s.append(1, 10, [1, 2, 3]);
    expect(await s.host.seal(1, 9)).toEqual(stale(10, 'open'));
    expect(await s.host.seal(1, 11)).toEqual(stale(10, 'open'));
    expect(await s.host.seal(1, 10)).toEqual({ kind: 'done', lastSeq: 3 });
    expect(await s.host.seal(1, 10)).toEqual({ kind: 'done', lastSeq: 3 });
  });

  rule('a replica sealed at a lower epoch is not taken for the one to seal', async (s) => {
    await s.createOpen(1, 10);
    await s.seal(1, 10);
    expect(await s.host.seal(1, 11)).toEqual(stale(10, 'sealed'));
    await s.host.raise(1, 12);
    expect(await s.host.seal(1, 10)).toEqual(stale(12, 'open'));
  });

  rule('seal keeps what the host promised', async (s) => {
    await s.createOpen(1, 10);
    await s.append(1, 10, [1]);
    await s.later(5 * SECOND);
    await s.host.frontier(s.now, 0);
    await s.seal(1, 10);
    expect(await s.host.describe(1)).toMatchObject({ last: s.now - 2_000 });
  });

  rule('only a ready replica opens, at its own epoch', async (s) => {
    await s.createShadow(1, 10);
    expect(await s.host.open(1, 10)).toEqual(stale(10, 'shadow'));
    const records = recordsOf([1, 2]);
    await s.host.ingest(1, 10, records);
    await s.host.ready(1, 10, expectationOf(records));
    expect(await s.host.open(1, 11)).toEqual(stale(10, 'ready'));
    expect(await s.host.open(1, 10)).toEqual({ kind: 'done', lastSeq: 2 });
    await s.append(1, 10, [3]);
    expect(await s.host.open(1, 10)).toEqual({ kind: 'done', lastSeq: 3 });
    await s.seal(1, 10);
    expect(await s.host.open(1, 10)).toEqual(stale(10, 'sealed'));
  });

  rule('raise opens an open or sealed replica again, under a new epoch', async (s) => {
    expect(await s.host.raise(1, 11)).toEqual(stale(0, 'absent'));
    await s.createOpen(1, 10);
    await s.append(1, 10, [1]);
    expect(await s.host.raise(1, 11)).toEqual({ kind: 'done', lastSeq: 1 });
    expect(await s.tryAppend(1, 10, [])).toEqual(stale(11, 'open'));
    await s.append(1, 11, [2]);
    expect(await s.host.raise(1, 11)).toEqual({ kind: 'done', lastSeq: 2 });
    expect(await s.host.raise(1, 10)).toEqual(stale(11, 'open'));
    await s.seal(1, 11);
    expect(await s.host.raise(1, 11)).toEqual(stale(11, 'sealed'));
    expect(await s.host.raise(1, 12)).toEqual({ kind: 'done', lastSeq: 2 });
    expect(await s.append(1, 12, [3, 1])).toMatchObject({ firstSeq: 3, stored: 1 });
  });

  rule('raise does not touch a shadow, a ready replica or a tombstone', async (s) => {
    await s.createShadow(1, 10);
    expect(await s.host.raise(1, 11)).toEqual(stale(10, 'shadow'));
    await s.host.ready(1, 10, expectationOf([]));
    expect(await s.host.raise(1, 11)).toEqual(stale(10, 'ready'));
    await s.host.drop(1, 10);
    expect(await s.host.raise(1, 11)).toEqual(stale(10, 'dropped'));
  });

  rule('drop removes what has this epoch or a lower one, in any mode, and nothing else', async (s) => {
    await s.createOpen(1, 10);
    await s.append(1, 10, [1]);
    expect(await s.host.drop(1, 9)).toEqual(stale(10, 'open'));
    expect(await s.host.drop(1, 12)).toEqual({ kind: 'dropped' });
    expect(await s.host.describe(1)).toEqual(stale(12, 'dropped'));
    expect(await s.host.drop(1, 12)).toEqual({ kind: 'dropped' });
    expect(await s.host.drop(1, 11)).toEqual(stale(12, 'dropped'));
    expect(await s.host.read(1, 1, 0, ALL)).toEqual(stale(12, 'dropped'));
    await s.createShadow(2, 10);
    expect(await s.host.drop(2, 10)).toEqual({ kind: 'dropped' });
  });

  rule('drop leaves a tombstone also where nothing was, but not below the floor', async (s) => {
    expect(await s.host.drop(1, 10)).toEqual({ kind: 'dropped' });
    expect(await s.host.createShadow(1, 10, SPEC)).toEqual(stale(10, 'dropped'));
    await s.host.createFloor(20);
    expect(await s.host.drop(2, 19)).toEqual({ kind: 'dropped' });
    expect(await s.host.describe(2)).toEqual(stale(0, 'absent'));
    expect(await s.host.drop(2, 20)).toEqual({ kind: 'dropped' });
    expect(await s.host.describe(2)).toEqual(stale(20, 'dropped'));
  });

  rule(
    'a replica dropped below the floor still leaves its tombstone, for readers of the frontier',
    async (s) => {
      await s.createOpen(1, 10);
      await s.host.createFloor(20);
      const { since } = await s.host.frontier(0, 0);
      await s.host.drop(1, 10);
      expect((await s.host.frontier(0, since)).changed).toEqual([info(1, 10, 'dropped')]);
      await s.host.createFloor(20);
      expect(await s.host.describe(1)).toEqual(stale(0, 'absent'));
    },
  );

  rule('below the floor nothing is created; the floor never falls and clears tombstones', async (s) => {
    await s.host.drop(1, 10);
    await s.host.drop(2, 20);
    await s.host.createFloor(20);
    await s.host.createFloor(15);
    expect(await s.host.describe(1)).toEqual(stale(0, 'absent'));
    expect(await s.host.describe(2)).toEqual(stale(20, 'dropped'));
    const refused = { kind: 'belowFloor', createFloor: 20 };
    expect(await s.host.createShadow(1, 19, SPEC)).toEqual(refused);
    expect(await s.host.createOpen(1, 19, SPEC, [])).toEqual(refused);
    await s.createShadow(1, 20);
    await s.createOpen(3, 20);
  });

  rule('creating again what is there is answered like the first time, also below a floor', async (s) => {
    await s.createOpen(1, 10);
    await s.createShadow(2, 10);
    await s.host.createFloor(20);
    await s.createOpen(1, 10);
    await s.createShadow(2, 10);
  });

  rule('list and describe tell what is there', async (s) => {
    await s.createOpen(3, 10);
    await s.append(3, 10, [1, 2]);
    await s.createShadow(1, 11);
    await s.host.drop(2, 12);
    const all = [info(1, 11, 'shadow'), info(2, 12, 'dropped'), info(3, 10, 'open', 1, 2)];
    expect(await s.host.list(0, 10)).toEqual(all);
    expect(await s.host.list(0, 2)).toEqual(all.slice(0, 2));
    expect(await s.host.list(2, 10)).toEqual(all.slice(2));
    expect(await s.host.list(3, 10)).toEqual([]);
    expect(await s.host.describe(3)).toEqual({
      ...info(3, 10, 'open', 1, 2),
      stream: SPEC.stream,
      range: SPEC.range,
      last: T0 + 1,
      inheritedIdSets: [],
      bytes: (await s.records(3)).reduce((sum, record) => sum + record.frame.length, 0),
    });
  });

  rule('an empty store takes one host id and keeps it', async (s) => {
    expect(await s.host.identify()).toMatchObject({ hostId: undefined, clockMicros: T0 });
    expect(await s.host.adopt(7)).toBe(true);
    expect(await s.host.adopt(8)).toBe(false);
    await s.createOpen(1, 10);
    expect(await s.host.adopt(7)).toBe(true);
    expect((await s.host.identify()).hostId).toBe(7);
  });

  rule('a store that holds replicas but no host id is not adopted', async (s) => {
    await s.createOpen(1, 10);
    expect(await s.host.adopt(7)).toBe(false);
    expect((await s.host.identify()).hostId).toBeUndefined();
  });
}
