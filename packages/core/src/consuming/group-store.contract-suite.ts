/** What every store of consumer groups keeps to, also when many write at once. */
import { describe, expect, it } from 'vitest';
import { type GroupCheckpointing, groupCheckpointingSchema } from '../checkpointing/index.ts';
import type { CommitPosition } from './commit.ts';
import type { Committed, GroupStore, KnownGroup } from './group-store.ts';
import { type Checkpoint, EMPTY_GROUP, type GroupState, type Member } from './model.ts';

const SESSION_MS = 60_000;
const A = { member: 'a', subject: 'token:a' };
const B = { member: 'b', subject: 'token:b' };

/** `store` is called before each test; names of groups are unlike those of other tests. */
export function describeGroupStore(name: string, open: () => GroupStore): void {
  describe(name, () => {
    let store: GroupStore;
    let group: string;
    let count = 0;

    async function start(state: Partial<GroupState> = {}): Promise<void> {
      store = open();
      group = `suite-${++count}`;
      await store.create({ name: group, stream: 1, sessionMs: SESSION_MS }, EMPTY_GROUP);
      await put({ ...EMPTY_GROUP, ...state });
    }

    const put = (state: GroupState) => store.change(group, () => ({ state, result: 'done' }));
    const known = async (): Promise<KnownGroup> => (await store.find(group))!;
    const state = async () => (await known()).state;
    const commit = (caller: typeof A, positions: readonly CommitPosition[]) =>
      store.commit(group, { ...caller, positions: [...positions] });
    const touch = async (caller: typeof A, name = group) =>
      (await store.touch([{ group: name, ...caller }]))[0];
    const results = (committed: Committed | undefined) =>
      committed?.kind === 'done' ? committed.results : committed;

    /** seen now by the store's clock */
    async function member({ member: id, subject }: typeof A, ago = 0): Promise<Member> {
      let nowMs = 0;
      await store.change(group, ({ state }, now) => {
        nowMs = now;
        return { state, result: undefined };
      });
      return { id, subject, seenAtMs: nowMs - ago, commits: 0 };
    }

    function checkpoint(shardlet: number, member: string | undefined, assignment = 1): Checkpoint {
      return { ...{ shardlet, seq: 0, epoch: 1, assignment, member }, revoking: false, skipped: 0 };
    }

    const checkpoints = (...all: readonly Checkpoint[]) => new Map(all.map((c) => [c.shardlet, c]));
    const at = (shardlet: number, seq: number, assignment = 1) => ({ shardlet, seq, epoch: 1, assignment });

    async function twoMembers(): Promise<void> {
      await start();
      await put({
        version: 3,
        members: [await member(A), await member(B)],
        checkpoints: checkpoints(checkpoint(1, 'a'), checkpoint(2, 'b'), checkpoint(3, 'a')),
      });
    }

    it('keeps within how long a backlog is to be processed', async () => {
      await start();
      expect((await known()).group).not.toHaveProperty('drainMinutes');
      await store.create({ name: `${group}-d`, stream: 1, sessionMs: 1_000, drainMinutes: 3 }, EMPTY_GROUP);
      expect((await store.find(`${group}-d`))!.group.drainMinutes).toBe(3);
    });

    it('reads the weights of the stream of a group with it, all of one writing', async () => {
      await start();
      // of a stream of its own: other tests see no weights
      const stream = 77;
      group = `${group}-w`;
      await store.create({ name: group, stream, sessionMs: SESSION_MS }, EMPTY_GROUP);
      await put({ ...EMPTY_GROUP, members: [await member(A)] });
      expect((await known()).weights).toEqual({ atMs: 0, perSecond: new Map() });
      await store.weigh(stream, new Map([[2, 4]]));
      const seen = await store.change(group, ({ state, weights }) => ({ state, result: weights }));
      expect(seen).toEqual(await store.weightsOf(stream));
      expect(seen!.perSecond).toEqual(new Map([[2, 4]]));
      expect((await touch(A))!.weightsAtMs).toBe(seen!.atMs);
    });

    it('keeps in which order members get events', async () => {
      await start();
      const ordered = { name: `${group}-log`, stream: 1, sessionMs: 10_000, order: 'log' } as const;
      await store.create(ordered, EMPTY_GROUP);
      expect((await store.find(ordered.name))!.group).toEqual(ordered);
      expect((await store.list()).filter(({ name }) => name === ordered.name)).toEqual([ordered]);
      await store.remove(ordered.name);
    });

    it('answers what was kept, and undefined for a group that is not there', async () => {
      await twoMembers();
      const { group: kept, state } = await known();
      expect(kept).toEqual({ name: group, stream: 1, sessionMs: SESSION_MS });
      expect([state.version, state.members.map((m) => m.id)]).toEqual([3, ['a', 'b']]);
      expect([...state.checkpoints.values()]).toEqual([
        ...[checkpoint(1, 'a'), checkpoint(2, 'b'), checkpoint(3, 'a')],
      ]);
      expect(await store.find('nowhere')).toBeUndefined();
      expect(await touch(A, 'nowhere')).toBeUndefined();
      expect(await store.commit('nowhere', { ...A, positions: [at(1, 1)] })).toBeUndefined();
    });

    it('is another group when it is created again', async () => {
      await start();
      const { born } = await known();
      await store.remove(group);
      await new Promise((resolve) => setTimeout(resolve, 5));
      await store.create({ name: group, stream: 1, sessionMs: SESSION_MS }, EMPTY_GROUP);
      expect((await known()).born).not.toBe(born);
      expect((await touch(A))!.born).not.toBe(born);
    });

    describe('a sign of life', () => {
      it('of a member tells the version and how often it has committed', async () => {
        await twoMembers();
        await commit(A, [at(1, 5)]);
        const { born } = await known();
        expect(await touch(A)).toEqual({
          ...{ born, version: 3, members: 2, weightsAtMs: 0 },
          ...{ hasExpired: false, standing: 'member', commits: 1 },
        });
      });

      it('moves its session forward, and nobody else', async () => {
        await start();
        const old = { a: await member(A, 30_000), b: await member(B, 30_000) };
        await put({ ...EMPTY_GROUP, members: [old.a, old.b] });
        await touch(A);
        const { members } = await state();
        expect(members[0]!.seenAtMs).toBeGreaterThanOrEqual(old.a.seenAtMs + 30_000);
        expect(members[1]).toEqual(old.b);
      });

      it('may come with others, of this group and another one, and each has its own answer', async () => {
        await twoMembers();
        const other = `${group}-other`;
        await store.create({ name: other, stream: 1, sessionMs: SESSION_MS }, EMPTY_GROUP);
        const old = await member(A, 30_000);
        const members = [old, await member(B, SESSION_MS + 1)];
        await store.change(other, () => ({ state: { ...EMPTY_GROUP, version: 7, members }, result: 0 }));
        const stranger = { ...B, subject: 'x' };
        const answers = await store.touch([
          ...[A, B, { member: 'c', subject: 'token:c' }].map((caller) => ({ group: other, ...caller })),
          ...[stranger, A, { member: 'a', subject: 'x' }].map((caller) => ({ group, ...caller })),
          { group: 'nowhere', ...A },
        ]);
        const said = answers.map((one) => one && [one.standing, one.hasExpired, one.version, one.members]);
        expect(said).toEqual([
          ['member', true, 7, 2],
          // whose own session is the one that is over
          ['unsettled', false, 7, 2],
          ['unsettled', true, 7, 2],
          ['foreign', false, 3, 2],
          ['member', false, 3, 2],
          ['foreign', false, 3, 2],
          undefined,
        ]);
        const { state: after } = (await store.find(other))!;
        expect(after.members[0]!.seenAtMs).toBeGreaterThanOrEqual(old.seenAtMs + 30_000);
        expect(await store.touch([])).toEqual([]);
      });

      it('tells that another session is over', async () => {
        await start();
        await put({ ...EMPTY_GROUP, members: [await member(A), await member(B, SESSION_MS + 1)] });
        expect(await touch(A)).toMatchObject({ hasExpired: true, standing: 'member' });
      });

      it('writes nothing for who is no member, whose session is over, or whose subject is another', async () => {
        await start();
        const members = [await member(A, SESSION_MS + 1), { ...(await member(B)), subject: undefined }];
        await put({ ...EMPTY_GROUP, members });
        for (const caller of [A, B, { member: 'c', subject: 'token:c' }])
          expect(await touch(caller)).toMatchObject({ standing: 'unsettled' });
        expect((await state()).members).toEqual(members);
        await put({ ...EMPTY_GROUP, members: [await member(A)] });
        const before = await state();
        expect(await touch({ ...A, subject: 'x' })).toMatchObject({ standing: 'foreign' });
        expect(await state()).toEqual(before);
      });
    });

    describe('a commit', () => {
      it('moves each position forward on its own, and counts', async () => {
        await twoMembers();
        const first = await commit(A, [at(1, 5), at(3, 7)]);
        expect(first).toMatchObject({ kind: 'done', version: 3, commits: 1 });
        expect(results(first)).toEqual([{ kind: 'committed' }, { kind: 'committed' }]);
        const second = await commit(A, [at(1, 5), at(3, 6), at(2, 1), at(9, 1), at(1, 9, 7)]);
        expect(second).toMatchObject({ commits: 2 });
        expect(results(second)).toEqual([
          { kind: 'committed' },
          { kind: 'behind', seq: 7 },
          { kind: 'fenced', assignment: 1 },
          { kind: 'fenced', assignment: 0 },
          { kind: 'fenced', assignment: 1 },
        ]);
        const { checkpoints, members } = await state();
        expect([...checkpoints.values()].map((c) => c.seq)).toEqual([5, 0, 7]);
        expect(members.map((m) => m.commits)).toEqual([2, 0]);
      });

      it('of several positions of one shardlet takes the highest', async () => {
        await twoMembers();
        expect(results(await commit(A, [at(1, 2), at(1, 9), at(1, 4)]))).toEqual([
          ...[{ kind: 'committed' }, { kind: 'committed' }, { kind: 'committed' }],
        ]);
        expect((await state()).checkpoints.get(1)!.seq).toBe(9);
      });

      it('is a sign of life', async () => {
        await start();
        const before = await member(A, 30_000);
        await put({
          ...EMPTY_GROUP,
          version: 1,
          members: [before],
          checkpoints: checkpoints(checkpoint(1, 'a')),
        });
        await commit(A, [at(1, 1)]);
        expect((await state()).members[0]!.seenAtMs).toBeGreaterThanOrEqual(before.seenAtMs + 30_000);
      });

      it('of another subject, or of nobody, changes nothing', async () => {
        await twoMembers();
        const before = await state();
        expect(await commit({ ...A, subject: 'token:x' }, [at(1, 5)])).toEqual({ kind: 'foreign' });
        expect(await commit({ member: 'c', subject: 'token:c' }, [at(1, 5)])).toMatchObject({
          ...{ kind: 'done', commits: 0, results: [{ kind: 'fenced', assignment: 1 }] },
        });
        expect(await state()).toEqual(before);
      });

      it('leaves the count to itself: a change does not write it', async () => {
        await twoMembers();
        const before = await state();
        await commit(A, [at(1, 5)]);
        await put({ ...(await state()), version: 4 });
        await store.change(group, ({ state: now }) => ({
          state: { ...now, members: before.members },
          result: 0,
        }));
        expect((await touch(A))!.commits).toBe(1);
      });
    });

    it('tells what a member has, and which positions have come how far', async () => {
      await twoMembers();
      await commit(A, [at(1, 5)]);
      const { commits, positions } = await store.positionsOf(group, 'a');
      expect(commits).toBe(1);
      expect(
        positions.map(({ shardlet, seq, epoch, assignment }) => [shardlet, seq, epoch, assignment]),
      ).toEqual([
        [1, 5, 1, 1],
        [3, 0, 1, 1],
      ]);
      const ends = [
        { shardlet: 1, seq: 5 },
        { shardlet: 2, seq: 1 },
        { shardlet: 8, seq: 0 },
      ];
      expect((await store.reached(group, ends)).map((p) => p.shardlet)).toEqual([1]);
      expect((await store.positionsOf('nowhere', 'a')).positions).toEqual([]);
    });

    describe('sums up', () => {
      const STREAM = 91;
      const end = (shardlet: number, lastSeq: number | undefined, isClosed = false) => ({
        ...{ shardlet, stream: STREAM, isClosed, lastSeq, firstSeq: lastSeq === undefined ? undefined : 1 },
      });
      const sums = async (ends: readonly ReturnType<typeof end>[]) =>
        (await store.sums([group, 'nowhere'], ends)).map(({ group: _, ...one }) => one);

      async function start(
        checkpoints: readonly Partial<Checkpoint>[],
        checkpointing?: GroupCheckpointing,
      ): Promise<void> {
        store = open();
        group = `suite-sums-${++count}`;
        const settings = checkpointing === undefined ? {} : { checkpointing };
        await store.create({ name: group, stream: STREAM, sessionMs: SESSION_MS, ...settings }, EMPTY_GROUP);
        const all = checkpoints.map((c) => ({ ...checkpoint(c.shardlet!, c.member), ...c }));
        const members = [await member(A), await member(B)];
        await put({ version: 7, members, checkpoints: new Map(all.map((c) => [c.shardlet, c])) });
      }

      it('positions, without those that are done or whose shardlet is not there', async () => {
        await start([
          { shardlet: 1, seq: 10, skipped: 4, member: 'a' },
          { shardlet: 2, seq: 5, member: 'b', revoking: true },
          { shardlet: 3, seq: 9, revoking: true },
          { shardlet: 4, seq: 50 },
        ]);
        const ends = [end(1, 30), end(2, 6), end(3, 9, true), { ...end(5, 8), stream: STREAM + 1 }];
        expect(await sums(ends)).toEqual([
          {
            ...{ version: 7, members: 2, processed: 70, skipped: 4, held: 2, revoking: 1 },
            ...{ lag: 21, unknown: 0, unfinished: [] },
          },
        ]);
      });

      it('a lag that is not known where a host does not answer, or holds too few', async () => {
        await start([
          { shardlet: 1, seq: 10 },
          { shardlet: 2, seq: 5 },
          { shardlet: 3, seq: 5 },
        ]);
        expect(await sums([end(1, undefined), end(2, 4), end(3, 6)])).toMatchObject([{ lag: 1, unknown: 2 }]);
      });

      it('which closed shardlets it has not finished, also those it has not begun', async () => {
        await start([
          { shardlet: 1, seq: 9 },
          { shardlet: 2, seq: 3, member: 'a' },
          { shardlet: 6, seq: 12 },
        ]);
        const other = { ...end(5, 7, true), stream: STREAM + 1 };
        const ends = [
          end(1, 9, true),
          end(2, 8, true),
          end(3, 2, true),
          end(4, 0, true),
          other,
          end(6, 9, true),
        ];
        expect(await sums(ends)).toMatchObject([{ held: 1, lag: 5 + 2, unfinished: [2, 3] }]);
      });

      it('of a group that keeps state, those that are held at their end', async () => {
        await start(
          [
            { shardlet: 1, seq: 9, member: 'a' },
            { shardlet: 2, seq: 8 },
          ],
          groupCheckpointingSchema.parse({}),
        );
        expect(await sums([end(1, 9, true), end(2, 8, true)])).toMatchObject([{ held: 1, unfinished: [1] }]);
      });

      it('all that is kept of shardlets without a position', async () => {
        await start([{ shardlet: 1, seq: 7 }]);
        const trimmed = { ...end(2, 9), firstSeq: 4 };
        const other = { ...end(5, 7), stream: STREAM + 1 };
        const gone = { ...end(4, 3, true), firstSeq: 4 };
        const ends = [end(1, 9), trimmed, end(3, 5, true), gone, end(6, 0), other];
        expect(await sums(ends)).toMatchObject([{ processed: 7, lag: 2 + 6 + 5, unknown: 0 }]);
        const dark = [end(1, 9), end(2, undefined), { ...end(3, 5, true), firstSeq: undefined }];
        expect(await sums(dark)).toMatchObject([{ lag: 2, unknown: 2 }]);
      });

      it('of a group that has not begun, all that is kept', async () => {
        await start([]);
        expect(await sums([end(1, 9)])).toMatchObject([
          { processed: 0, held: 0, lag: 9, unknown: 0, unfinished: [] },
        ]);
        expect(await sums([end(1, 9, true)])).toMatchObject([{ lag: 9, unfinished: [1] }]);
        expect(await sums([])).toMatchObject([{ lag: 0, unknown: 0 }]);
        expect(await store.sums([], [])).toEqual([]);
      });
    });

    it('neither loses a commit to a change nor lets one through that it fences', async () => {
      await twoMembers();
      const taken: number[] = [];
      let fenced = 0;
      const committing = async () => {
        let assignment = 1;
        for (let seq = 1; seq <= 60; seq++) {
          const reply = (await commit(A, [at(1, seq, assignment)])) as Extract<Committed, { kind: 'done' }>;
          const [result] = reply.results;
          if (result!.kind === 'committed') taken.push(seq);
          if (result?.kind === 'fenced') {
            fenced++;
            assignment = result.assignment;
          }
        }
      };
      // each assignment takes over the position that it finds, as the one before must not write any more
      const found: { assignment: number; seq: number }[] = [];
      const changing = async () => {
        for (let i = 0; i < 12; i++) {
          await store.change(group, ({ state }) => {
            const c = state.checkpoints.get(1)!;
            const version = state.version + 1;
            found.push({ assignment: version, seq: c.seq });
            const changed = { ...c, assignment: version };
            return {
              state: { ...state, version, checkpoints: new Map(state.checkpoints).set(1, changed) },
              result: undefined,
            };
          });
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
      };
      await Promise.all([committing(), changing()]);
      const { checkpoints } = await state();
      expect(checkpoints.get(1)!.seq).toBe(taken.at(-1));
      for (const { seq } of found) expect(seq === 0 || taken.includes(seq)).toBe(true);
      expect(found.map((f) => f.seq)).toEqual(found.map((f) => f.seq).toSorted((x, y) => x - y));
      expect(fenced).toBeGreaterThan(0);
    });
  });
}
