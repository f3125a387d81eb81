/** What every store of the rows of checkpoints keeps to: nothing but the holder of a shardlet makes one valid. */
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { GroupStore } from '../consuming/index.ts';
import type { Announced, CheckpointRecords } from './records.ts';
import { groupCheckpointingSchema } from './settings.ts';

const SUBJECT = 'token:a';
const OTHER = 'token:b';

interface Stores {
  readonly groups: Pick<GroupStore, 'create' | 'change' | 'remove'>;
  readonly records: CheckpointRecords;
}

/** `open`: called in each test. Names of groups are unlike those of other tests. */
export function describeCheckpointRecords(name: string, open: () => Stores): void {
  describe(name, () => {
    let groups: Stores['groups'];
    let records: CheckpointRecords;
    let group: string;
    let count = 0;

    /** Shardlet 1 is of `member` in this assignment, and committed to seq 10 at epoch 3. */
    async function assign(
      member: string | undefined,
      assignment: number,
      seq = 10,
      shardlet = 1,
    ): Promise<void> {
      const c = { shardlet, seq, epoch: 3, assignment, member, revoking: false, skipped: 0 };
      const members = [
        { id: 'a', subject: SUBJECT, seenAtMs: 1, commits: 0 },
        { id: 'b', subject: OTHER, seenAtMs: 1, commits: 0 },
      ];
      await groups.change(group, () => ({
        state: { version: assignment, members, checkpoints: new Map([[shardlet, c]]) },
        result: undefined,
      }));
    }

    const offer = (more: Partial<Announced> = {}): Announced => {
      const id = randomUUID();
      return {
        ...{ id, group, shardlet: 1, seq: 10, epoch: 3, assignment: 5, member: 'a', handlerVersion: '1' },
        ...{ base: undefined, bytes: 7, keys: 2, digest: 'sha-256:0', object: `${group}/${id}` },
        ...{ store: 'folder', reason: 'due' },
        ...more,
      };
    };
    async function valid(more: Partial<Announced> = {}): Promise<string> {
      const announced = offer(more);
      expect(await records.announce(announced, SUBJECT)).toEqual({ kind: 'announced' });
      expect((await records.validate(group, announced.id)).kind).toBe('valid');
      return announced.id;
    }

    beforeEach(async () => {
      ({ groups, records } = open());
      group = `records-${++count}`;
      const start = { shardlet: 1, seq: 4, epoch: 2, assignment: 0, member: undefined };
      await groups.create(
        { name: group, stream: 1, sessionMs: 1_000, checkpointing: groupCheckpointingSchema.parse({}) },
        { version: 0, members: [], checkpoints: new Map([[1, { ...start, revoking: false, skipped: 0 }]]) },
      );
      await assign('a', 5);
    });

    it('keeps a row that is pending, and then valid', async () => {
      const announced = offer();
      await records.announce(announced, SUBJECT);
      const { base: _, ...facts } = announced;
      expect(await records.find(group, announced.id)).toMatchObject({ ...facts, state: 'pending' });
      expect((await records.valid(group, [1])).map(({ reason }) => reason)).toEqual(['start']);
      const reply = await records.validate(group, announced.id);
      expect(reply).toMatchObject({ kind: 'valid', checkpoint: { id: announced.id, state: 'valid' } });
      expect(await records.validate(group, announced.id)).toMatchObject({ kind: 'valid' });
      expect((await records.list(group, { limit: 5 })).map(({ id }) => id)).toEqual([announced.id]);
      expect(await records.list(group, { limit: 5, state: 'pending' })).toEqual([]);
      expect(await records.list(group, { limit: 5, shardlet: 2 })).toEqual([]);
    });

    it('remembers where the state of the group begins', async () => {
      expect(await records.valid(group)).toMatchObject([{ reason: 'start', shardlet: 1, seq: 4, epoch: 2 }]);
      expect(await records.valid(group, [2])).toEqual([]);
      expect(await records.list(group, { limit: 5 })).toEqual([]);
    });

    it('takes one of the holder only, up to what is committed, and of no later epoch', async () => {
      const announce = (more: Partial<Announced>, subject = SUBJECT) =>
        records.announce(offer(more), subject);
      expect(await announce({ assignment: 4 })).toEqual({ kind: 'fenced', assignment: 5 });
      expect(await announce({ member: 'b' }, OTHER)).toEqual({ kind: 'fenced', assignment: 5 });
      expect(await announce({ shardlet: 2 })).toEqual({ kind: 'fenced', assignment: 0 });
      expect(await announce({}, OTHER)).toEqual({ kind: 'foreign' });
      expect(await announce({ seq: 11 })).toEqual({ kind: 'ahead', committed: 10 });
      expect(await announce({ epoch: 4 })).toEqual({ kind: 'future', epoch: 3 });
      expect(await announce({ seq: 0, epoch: 0 })).toEqual({ kind: 'announced' });
    });

    it('makes none valid whose assignment ended after it was announced, nor one that was removed', async () => {
      const one = offer();
      await records.announce(one, SUBJECT);
      await assign('b', 6);
      expect(await records.validate(group, one.id)).toEqual({ kind: 'fenced', assignment: 6 });
      // to the same member again, as after its session was over
      await assign('a', 7);
      expect(await records.validate(group, one.id)).toEqual({ kind: 'fenced', assignment: 7 });
      const removed = offer({ assignment: 7 });
      await records.announce(removed, SUBJECT);
      expect(await records.condemn(group, [removed.id])).toMatchObject([
        { id: removed.id, state: 'deleting' },
      ]);
      expect(await records.validate(group, removed.id)).toEqual({ kind: 'gone' });
      await records.remove([removed.id]);
      expect(await records.validate(group, removed.id)).toEqual({ kind: 'gone' });
      expect(await records.validate('another', one.id)).toEqual({ kind: 'gone' });
    });

    it('bases deltas on valid ones of the same version, eight at most, and removes no base below them', async () => {
      const announce = (more: Partial<Announced>) => records.announce(offer(more), SUBJECT);
      let base = await valid();
      const whole = base;
      expect(await announce({ base: randomUUID() })).toEqual({ kind: 'base' });
      expect(await announce({ base, handlerVersion: '2' })).toEqual({ kind: 'base' });
      expect(await announce({ base, seq: 9 })).toEqual({ kind: 'base' });
      for (let i = 0; i < 8; i++) base = await valid({ base });
      expect(await announce({ base })).toEqual({ kind: 'base' });
      expect(await records.condemn(group, [whole])).toEqual([]);
      expect((await records.condemn(group, [base])).map(({ id }) => id)).toEqual([base]);
    });

    it('bases no delta on a damaged one, nor on a delta on it', async () => {
      const whole = await valid();
      const delta = await valid({ base: whole });
      const started = offer({ base: whole });
      await records.announce(started, SUBJECT);
      await records.verified(whole, 'damaged');
      for (const base of [whole, delta])
        expect(await records.announce(offer({ base }), SUBJECT)).toEqual({ kind: 'base' });
      // found while the delta was uploaded
      expect(await records.validate(group, started.id)).toEqual({ kind: 'gone' });
      await records.verified(whole, undefined);
      expect(await records.announce(offer({ base: delta }), SUBJECT)).toEqual({ kind: 'announced' });
    });

    it('answers the newest of each shardlet with what it is based on, and where the group begins', async () => {
      const newest = async () =>
        (await records.newest(group)).map(({ id, reason }) => (reason === 'start' ? reason : id)).sort();
      expect(await newest()).toEqual(['start']);
      await valid({ seq: 6 });
      const whole = await valid({ seq: 7 });
      const delta = await valid({ seq: 8, base: whole });
      const tip = await valid({ seq: 9, base: delta });
      const pending = offer({ seq: 10 });
      await records.announce(pending, SUBJECT);
      expect(await newest()).toEqual([whole, delta, tip, 'start'].sort());
      expect(await newest()).toHaveLength(4);
      const all = await records.valid(group);
      const rows = await records.newest(group);
      expect(rows.find(({ id }) => id === tip)).toEqual(all.find(({ id }) => id === tip));
      // it is not for the store to say which are sound
      await records.verified(tip, 'damaged');
      expect(await newest()).toHaveLength(4);
      expect(await records.newest('another')).toEqual([]);
      await assign('a', 6, 30, 2);
      const other = await valid({ shardlet: 2, seq: 30, assignment: 6 });
      expect(await newest()).toEqual([whole, delta, tip, other, 'start'].sort());
    });

    it('knows which was not looked at for longest', async () => {
      expect(await records.leastVerified(group)).toBeUndefined();
      const [first, second] = [await valid(), await valid()];
      const least = async () => (await records.leastVerified(group))!.id;
      await records.verified(await least(), undefined);
      const other = await least();
      expect([first, second]).toContain(other);
      await records.verified(other, 'damaged');
      // by the clock, which has to go on
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(await least()).not.toBe(other);
      await records.verified(await least(), undefined);
      expect(await least()).toBe(other);
    });

    it('answers what pruning goes by, of some shardlets', async () => {
      const whole = await valid({ seq: 7 });
      const delta = await valid({ seq: 8, base: whole, bytes: 5_000_000_000 });
      await records.verified(whole, 'damaged "x"');
      await records.announce(offer({ seq: 10 }), SUBJECT);
      await assign('a', 6, 30, 2);
      const other = await valid({ shardlet: 2, seq: 30, assignment: 6 });
      const gone = await valid({ shardlet: 2, seq: 30, assignment: 6 });
      await records.condemn(group, [gone]);
      await assign('a', 7, 30, 3);
      await records.announce(offer({ shardlet: 3, assignment: 7 }), SUBJECT);
      expect(await records.shardlets(group)).toEqual([1, 2]);
      expect(await records.shardlets('another')).toEqual([]);
      expect(await records.outlines(group, [])).toEqual([]);
      expect(await records.outlines('another', [1, 2])).toEqual([]);
      const outlines = await records.outlines(group, [1, 9]);
      expect(outlines.map(({ id, reason }) => (reason === 'start' ? reason : id)).sort()).toEqual(
        [whole, delta, 'start'].sort(),
      );
      const all = new Map((await records.valid(group)).map((one) => [one.id, one]));
      for (const one of [...outlines, ...(await records.outlines(group, [2]))])
        expect(all.get(one.id)).toMatchObject(one);
      expect((await records.outlines(group, [2])).map(({ id }) => id)).toEqual([other]);
    });

    it('removes a chain with its bases, also when others of it are gone', async () => {
      const whole = await valid();
      const delta = await valid({ base: whole });
      const tip = await valid({ base: delta });
      const ids = async (some: readonly string[]) =>
        (await records.condemn(group, some)).map(({ id }) => id).sort();
      expect(await ids([whole, tip])).toEqual([tip]);
      expect(await ids([whole, tip])).toEqual([]);
      expect(await records.condemn('another', [delta])).toEqual([]);
      expect(await ids([whole, delta])).toEqual([whole, delta].sort());
      await records.remove([whole, delta, tip]);
      expect(await records.find(group, whole)).toBeUndefined();
    });

    it('keeps where the group begins, whoever condemns it', async () => {
      const [start] = await records.valid(group);
      expect(await records.condemn(group, [start!.id, randomUUID()])).toEqual([]);
      expect(await records.valid(group)).toHaveLength(1);
    });

    it('makes no delta valid whose base went meanwhile', async () => {
      const base = await valid();
      const delta = offer({ base });
      await records.announce(delta, SUBJECT);
      await records.condemn(group, [base, delta.id]);
      expect(await records.validate(group, delta.id)).toEqual({ kind: 'gone' });
    });

    it('names what is to be swept, and what is not', async () => {
      const kept = await valid();
      const pending = offer();
      await records.announce(pending, SUBJECT);
      const overdue = async (beforeMs: number) =>
        (await records.overdue(beforeMs, 100)).filter((one) => one.group === group).map(({ id }) => id);
      expect(await overdue(0)).toEqual([]);
      expect(await overdue(Number.MAX_SAFE_INTEGER / 10)).toEqual([pending.id]);
      await records.condemn(group, [kept]);
      expect(await overdue(0)).toEqual([kept]);
      const objects = [pending.object, 'nobody'];
      expect([...(await records.named(objects))]).toEqual([pending.object]);
    });

    it('takes those that a member could not restore for damaged, until they are looked at', async () => {
      const [first, second, third] = [await valid(), await valid(), await valid()];
      for (const id of [first, second, third]) await records.verified(id, undefined);
      await records.verified(third, 'gone');
      const start = (await records.valid(group)).find(({ reason }) => reason === 'start');
      const pending = offer();
      await records.announce(pending, SUBJECT);
      await records.doubt('another', [first], 'doubted');
      await records.doubt(group, [second, third, pending.id, start!.id, randomUUID()], 'doubted');
      const found = async (id: string) => (await records.find(group, id))!;
      expect((await found(first)).verifyError).toBeUndefined();
      expect(await found(second)).toMatchObject({ verifyError: 'doubted', verifiedAtMs: undefined });
      // what is known of it already says more
      expect(await found(third)).toMatchObject({ verifyError: 'gone', verifiedAtMs: expect.any(Number) });
      expect((await found(pending.id)).verifyError).toBeUndefined();
      expect((await records.leastVerified(group))!.id).toBe(second);
      await records.verified(second, undefined);
      expect((await found(second)).verifyError).toBeUndefined();
    });

    it('keeps what a look at a content found', async () => {
      const id = await valid();
      await records.verified(id, 'damaged');
      expect(await records.find(group, id)).toMatchObject({
        verifyError: 'damaged',
        verifiedAtMs: expect.any(Number),
      });
      expect((await records.damaged()).map((one) => one.id)).toContain(id);
      await records.verified(id, undefined);
      expect((await records.find(group, id))!.verifyError).toBeUndefined();
      expect((await records.damaged()).map((one) => one.id)).not.toContain(id);
    });
  });
}
