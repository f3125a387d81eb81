/** What polls and commits cost and promise: hints that are lost, hosts that hang, maps and views that are old. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Poll } from './group-service.ts';
import type { Refused } from './membership.ts';
import { ServiceWorld, TestMember } from './service-world.fixture.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const given = ({ batches }: Poll) => batches.map((b) => b.shardlet.id);
const countOf = ({ batches }: Poll) => batches.reduce((sum, b) => sum + b.records.length, 0);
const assigned = (poll: Poll) => poll.assigned.map((c) => c.shardlet);

async function worldOf(owners: readonly number[]): Promise<ServiceWorld> {
  const world = new ServiceWorld(owners);
  await world.create();
  return world;
}

describe('a poll', () => {
  it('reads what is beyond the checkpoints, again until it is committed', async () => {
    const world = await worldOf([1, 1, 2]);
    for (const shardlet of [1, 3]) world.append(shardlet, 5);
    const a = new TestMember('a', world.service());
    expect(countOf(await a.poll())).toBe(10);
    const again = await a.poll();
    expect([given(again).sort(), countOf(again)]).toEqual([[1, 3], 10]);
    await a.commit(again);
    expect(countOf(await a.poll())).toBe(0);
  });

  it('goes on behind what the member holds, and stays within its limit', async () => {
    const world = await worldOf([1, 1]);
    world.append(1, 150);
    const a = new TestMember('a', world.service());
    const first = await a.poll();
    expect([countOf(first), first.batches[0]!.through]).toEqual([100, 100]);
    const held = { seq: 100, assignment: first.batches[0]!.assignment };
    const second = await a.poll({ after: new Map([[1, held]]) });
    expect([countOf(second), second.batches[0]!.records[0]!.seq]).toEqual([50, 101]);
    // of another assignment nothing is held
    const other = { ...held, assignment: 99 };
    expect((await a.poll({ after: new Map([[1, other]]) })).batches[0]!.records[0]!.seq).toBe(1);
  });

  it('lets no shardlet starve behind busy ones', async () => {
    const world = await worldOf(Array.from({ length: 40 }, () => 1));
    for (let shardlet = 1; shardlet <= 40; shardlet++) world.append(shardlet, 1_000);
    const a = new TestMember('a', world.service());
    const seen = new Set<number>();
    for (let i = 0; i < 60 && seen.size < 40; i++) {
      const poll = await a.poll({ limit: 10 });
      for (const shardlet of given(poll)) seen.add(shardlet);
      await a.commit(poll);
    }
    expect(seen.size).toBe(40);
  });

  it('asks only where there is news, and is woken by it', async () => {
    const world = await worldOf(Array.from({ length: 500 }, () => 1));
    world.knowHeads();
    const a = new TestMember('a', world.service());
    // what is known of a stream that nobody followed may be old
    await a.poll({ waitMs: 1_000 });
    expect(world.read).toHaveLength(500);
    world.read.length = 0;
    const waiting = a.poll({ waitMs: 10_000 });
    setTimeout(() => world.append(77), 3_210);
    const startedMs = Date.now();
    const poll = await waiting;
    expect([given(poll), world.read]).toEqual([[77], [77]]);
    expect(Date.now() - startedMs).toBeLessThan(3_215);
    await a.commit(poll);
    await a.poll();
    expect(world.read).toEqual([77]);
  });

  it('finds within a second what no hint told of', async () => {
    const world = await worldOf([1, 1]);
    const a = new TestMember('a', world.service());
    for (const areKnown of [false, true]) {
      if (areKnown) world.knowHeads();
      await a.commit(await a.poll());
      const waiting = a.poll({ waitMs: 10_000 });
      const startedMs = Date.now();
      setTimeout(() => {
        world.append(2, 1, true);
        if (areKnown) world.knowHeads();
      }, 500);
      expect(given(await waiting)).toEqual([2]);
      expect(Date.now() - startedMs).toBeLessThanOrEqual(1_600);
    }
  });

  it('does not ask again and again where a hint promises more than there is', async () => {
    const world = await worldOf([1]);
    world.heads.last.set(1, 10);
    const a = new TestMember('a', world.service());
    await a.poll({ waitMs: 5_000 });
    expect(world.read.length).toBeLessThanOrEqual(7);
  });

  it('finds within a second what a host had that was behind, although nothing was heard of it since', async () => {
    const world = await worldOf([1]);
    world.heads.last.set(1, 3);
    const a = new TestMember('a', world.service());
    await a.poll({ waitMs: 3_000 });
    const waiting = a.poll({ waitMs: 10_000 });
    const startedMs = Date.now();
    world.logs.set(1, 3);
    expect(countOf(await waiting)).toBe(3);
    expect(Date.now() - startedMs).toBeLessThanOrEqual(1_100);
  });

  it('looks at all shardlets of a member again only where something has changed', async () => {
    const world = await worldOf(Array.from({ length: 300 }, () => 1));
    world.knowHeads();
    const a = new TestMember('a', world.service());
    await a.poll({ waitMs: 3_000 });
    const asked = vi.spyOn(world.heads, 'lastSeq');
    await a.poll({ waitMs: 5_000 });
    expect(asked).not.toHaveBeenCalled();
    // no hint tells of it
    world.heads.last.set(9, 0);
    world.append(8, 1, true);
    world.heads.last.set(8, 1);
    expect(given(await a.poll({ waitMs: 2_000 }))).toEqual([8]);
  });

  it('costs an idle member at most two statements a second, however many shardlets there are', async () => {
    const world = await worldOf(Array.from({ length: 300 }, () => 1));
    world.knowHeads();
    const a = new TestMember('a', world.service());
    await a.poll();
    for (const call of Object.keys(world.calls)) delete world.calls[call];
    for (let i = 0; i < 4; i++) await a.poll({ waitMs: 5_000 });
    const statements = Object.values(world.calls).reduce((x, y) => x + y, 0);
    expect(statements).toBeLessThanOrEqual(2 * 20);
    expect(Object.keys(world.calls)).toEqual(['touch']);
  });

  it('of a member that says which version it knows costs no look at the store each time', async () => {
    const world = await worldOf([1]);
    const a = new TestMember('a', world.service());
    let { version } = await a.poll();
    const before = world.calls.touch ?? 0;
    for (let i = 0; i < 50; i++) ({ version } = await a.poll({ version }));
    expect(world.calls.touch! - before).toBeLessThanOrEqual(2);
  });

  it('behind a commit costs no other look, but the dead are noticed all the same', async () => {
    const world = await worldOf([1, 1]);
    const at = world.service();
    const [a, dead] = [new TestMember('a', at), new TestMember('dead', at)];
    await a.poll();
    await dead.poll();
    await a.poll();
    let poll = await dead.poll();
    expect(assigned(poll)).toHaveLength(1);
    const before = world.calls.touch!;
    const startedMs = Date.now();
    let version: number | undefined;
    while (Date.now() - startedMs < 12_000) {
      for (const shardlet of [1, 2]) world.append(shardlet);
      poll = await a.poll({ version });
      version = poll.version;
      await vi.advanceTimersByTimeAsync(80);
      await a.commit(poll);
      await vi.advanceTimersByTimeAsync(40);
    }
    expect(assigned(poll)).toEqual([1, 2]);
    expect(world.calls.touch! - before).toBeLessThanOrEqual(20);
  });

  it('follows news of its stream while it goes on, and a little longer', async () => {
    const world = await worldOf([1]);
    const a = new TestMember('a', world.service());
    await a.poll({ waitMs: 5_000 });
    expect(world.heads.followers).toBe(1);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(world.heads.followers).toBe(0);
  });

  it('ends when the caller has gone, or may not go on', async () => {
    const world = await worldOf([1]);
    const a = new TestMember('a', world.service());
    const startedMs = Date.now();
    await a.poll({ waitMs: 30_000, signal: AbortSignal.abort() });
    await a.poll({ waitMs: 30_000, goesOn: () => Date.now() - startedMs < 2_000 });
    expect(Date.now() - startedMs).toBeLessThan(3_500);
  });
});

describe('hosts', () => {
  it('that hang hold up nobody who has news elsewhere', async () => {
    const world = await worldOf([1, 1, 2, 2]);
    world.delays.set(1, Number.POSITIVE_INFINITY);
    world.append(3, 5);
    const a = new TestMember('a', world.service());
    const startedMs = Date.now();
    expect(given(await a.poll())).toEqual([3]);
    expect(Date.now() - startedMs).toBeLessThan(300);
    // nor while it waits
    const waiting = a.poll({ waitMs: 20_000, except: new Set([3]) });
    setTimeout(() => world.append(4), 2_000);
    world.knowHeads();
    expect(given(await waiting)).toEqual([4]);
    expect(Date.now() - startedMs).toBeLessThan(3_500);
  });

  it('that are slow give what they have all the same, while others are fast', async () => {
    const world = await worldOf([1, 2]);
    world.delays.set(1, 400);
    const a = new TestMember('a', world.service());
    const got = new Set<number>();
    for (let i = 0; i < 20; i++) {
      for (const shardlet of [1, 2]) world.append(shardlet);
      const poll = await a.poll({ waitMs: 200 });
      for (const shardlet of given(poll)) got.add(shardlet);
      await a.commit(poll);
      await vi.advanceTimersByTimeAsync(50);
    }
    expect([...got].sort()).toEqual([1, 2]);
  });

  it('that are away are asked now and then, and used again when they answer', async () => {
    const world = await worldOf([1, 1, 1, 2]);
    world.away.add(1);
    world.append(1, 3);
    world.append(4, 3);
    const a = new TestMember('a', world.service());
    const poll = await a.poll();
    expect(given(poll)).toEqual([4]);
    await a.commit(poll);
    const before = world.read.length;
    await a.poll({ waitMs: 3_000 });
    expect(world.read.length - before).toBeLessThanOrEqual(16);
    world.away.clear();
    expect(given(await a.poll({ waitMs: 3_000 }))).toEqual([1]);
  });
});

describe('a host that has lost its last writes', () => {
  it('gives nothing of after the loss through an edge whose map does not name it: a position would skip events', async () => {
    const world = await worldOf([1]);
    const map = world.currentMap();
    const a = new TestMember('a', world.service(map));
    world.append(1, 5);
    await a.commit(await a.poll());
    world.lose(1, 2);
    world.append(1, 6);
    await vi.advanceTimersByTimeAsync(1_500);
    expect(given(await a.poll())).toEqual([]);
    world.catchUp(map);
    const { batches } = await a.poll({ waitMs: 1_000 });
    expect(batches[0]!.records.map((r) => r.seq)).toEqual([3, 4, 5, 6, 7, 8]);
  });
});

describe('several edges', () => {
  it('know of each other what was committed', async () => {
    const world = await worldOf([1, 1]);
    const [one, two] = [world.service(), world.service()];
    const a = new TestMember('a', one);
    world.append(1, 5);
    expect(countOf(await a.poll())).toBe(5);
    a.at = two;
    await a.commit(await a.poll());
    a.at = one;
    expect(countOf(await a.poll())).toBe(0);
    world.append(1, 2);
    expect((await a.poll({ waitMs: 2_000 })).batches[0]!.records[0]!.seq).toBe(6);
  });

  it('hand a shardlet over only after its member has let go, through whatever edge it polls', async () => {
    const world = await worldOf([1, 1]);
    for (const shardlet of [1, 2]) world.append(shardlet, 5);
    const [one, two] = [world.service(), world.service()];
    const a = new TestMember('a', one);
    const b = new TestMember('b', two);
    const first = await a.poll();
    expect(assigned(first)).toEqual([1, 2]);
    expect(assigned(await b.poll())).toEqual([]);
    const after = new Map(
      first.batches.map((x) => [x.shardlet.id, { seq: x.through, assignment: x.assignment }]),
    );
    expect(assigned(await a.poll({ after }))).toEqual([1, 2]);
    await a.commit(first);
    a.at = two;
    const now = await a.poll();
    expect(assigned(now)).toEqual([1]);
    expect(assigned(await b.poll())).toEqual([2]);
    // the first edge knows an older state: the member names the one that it knows, and gets nothing of before
    a.at = one;
    expect(assigned(await a.poll({ version: now.version }))).toEqual([1]);
  });

  it('give a silent member out after its session, and a member that comes back what is left', async () => {
    const world = await worldOf([1, 1]);
    const [one, two] = [world.service(), world.service()];
    const a = new TestMember('a', one);
    const b = new TestMember('b', two);
    await a.poll();
    await b.poll();
    let last: Poll = await b.poll();
    for (let i = 0; i < 12 && assigned(last).length < 2; i++) last = await b.poll({ waitMs: 1_000 });
    expect(assigned(last)).toEqual([1, 2]);
    expect(assigned(await a.poll())).toEqual([]);
  });

  it('find within a second what was ended through one whose map is old', async () => {
    const world = await worldOf([1, 1]);
    world.append(1, 5);
    const old = world.currentMap();
    const [behind, ahead] = [world.service(old), world.service()];
    const a = new TestMember('a', behind);
    const b = new TestMember('b', ahead);
    await a.poll();
    await b.poll();
    await a.poll();
    const first = await a.poll();
    expect([assigned(first), assigned(await b.poll())]).toEqual([[1], [2]]);
    const child = world.roll(1);
    world.catchUp(world.map);
    await b.poll();
    await a.commit(first);
    // a stays with the edge that does not know the end, and never says so anywhere else
    const startedMs = Date.now();
    const holder = async () => (await world.store.find('g'))!.state.checkpoints.get(child)?.member;
    while (Date.now() - startedMs < 5_000 && (await holder()) === undefined) {
      await b.poll({ waitMs: 100 });
      await a.poll();
    }
    expect(Date.now() - startedMs).toBeLessThanOrEqual(1_300);
  });

  it('give out a child as soon as its parent is committed, while somebody waits', async () => {
    const world = await worldOf([1]);
    world.append(1, 5);
    world.knowHeads();
    const a = new TestMember('a', world.service());
    const first = await a.poll();
    const child = world.roll(1);
    world.catchUp(world.map);
    world.append(child, 2);
    await a.commit(first);
    const startedMs = Date.now();
    expect(given(await a.poll({ waitMs: 5_000 }))).toEqual([child]);
    expect(Date.now() - startedMs).toBeLessThan(50);
  });
});

describe('what can never be right', () => {
  const refused = async (world: ServiceWorld, position: { shardlet: number; seq: number }) => {
    const a = new TestMember('a', world.service());
    const poll = await a.poll();
    const before = (await world.store.find('g'))!.state;
    const positions = [
      { ...{ shardlet: 1, seq: 1, epoch: 1 }, assignment: poll.assigned[0]!.assignment },
      { ...position, epoch: 1, assignment: poll.assigned.at(-1)!.assignment },
    ];
    const reply = await a.at.commit('g', { ...a.caller, positions });
    expect((await world.store.find('g'))!.state.checkpoints).toEqual(before.checkpoints);
    return reply as Refused;
  };

  it('is a position of no shardlet, or of one of another stream', async () => {
    const world = await worldOf([1, 1]);
    world.append(1);
    world.shardlets.set(9, { ...world.shardlets.get(1)!, id: 9, stream: 2 });
    expect(await refused(world, { shardlet: 8, seq: 1 })).toEqual({
      ...{ refused: 'position', at: 1, wrong: { kind: 'noShardlet' } },
    });
  });

  it('is a position of what was never there', async () => {
    const world = await worldOf([1, 1]);
    world.append(1);
    expect(await refused(world, { shardlet: 2, seq: 7 })).toEqual({
      ...{ refused: 'position', at: 1, wrong: { kind: 'beyondEnd', lastSeq: 0 } },
    });
  });

  it('is a position of an epoch that the shardlet never had, and not of one that this process has yet to hear of', async () => {
    const world = await worldOf([1]);
    world.append(1, 2);
    const a = new TestMember('a', world.service());
    const { assignment } = (await a.poll()).assigned[0]!;
    world.lose(1, 1);
    world.onRefresh = () => world.catchUp(world.map);
    const position = { shardlet: 1, seq: 1, assignment };
    const commit = (epoch: number) => a.at.commit('g', { ...a.caller, positions: [{ ...position, epoch }] });
    expect(await commit(3)).toEqual({
      ...{ refused: 'position', at: 0, wrong: { kind: 'futureEpoch', epoch: 2 } },
    });
    expect((await world.store.find('g'))!.state.checkpoints.get(1)).toMatchObject({ seq: 0, epoch: 0 });
    world.lose(1, 1);
    expect(await commit(3)).toEqual([{ kind: 'committed' }]);
  });

  it('is a position beyond the end of what is closed', async () => {
    const world = await worldOf([1, 1]);
    for (const shardlet of [1, 2]) world.append(shardlet);
    world.roll(2);
    world.catchUp(world.map);
    expect(await refused(world, { shardlet: 2, seq: 2 })).toEqual({
      ...{ refused: 'position', at: 1, wrong: { kind: 'beyondEnd', lastSeq: 1 } },
    });
  });

  it('is not for the service to say while the host is away: what was processed may be committed', async () => {
    const world = await worldOf([1]);
    world.append(1, 3);
    const a = new TestMember('a', world.service());
    const poll = await a.poll();
    world.away.add(1);
    a.at = world.service();
    expect(await a.commit(poll)).toEqual([{ kind: 'committed' }]);
  });

  it('is a group whose stream was deleted', async () => {
    const world = new ServiceWorld([1]);
    await world.create({ stream: 5 });
    const a = new TestMember('a', world.service());
    expect(await a.poll()).toEqual({ refused: 'deleted' });
    const positions = [{ shardlet: 1, seq: 1, epoch: 1, assignment: 1 }];
    expect(await a.at.commit('g', { ...a.caller, positions })).toEqual({ refused: 'deleted' });
    expect(world.calls.commit ?? 0).toBe(0);
    expect(await a.at.leave('g', a.caller)).toBeUndefined();
  });
});

describe('the lag of a group', () => {
  const checkpoints = (shardlets: readonly number[], seq: number) =>
    shardlets.map((shardlet) => {
      const nobody = { assignment: 0, member: undefined, revoking: false, skipped: 0 };
      return { shardlet, seq, epoch: 1, ...nobody };
    });

  it('asks each host once, however many shardlets it has', async () => {
    const owners = Array.from({ length: 2_000 }, (_, i) => 1 + (i % 4));
    const world = await worldOf(owners);
    const all = [...world.shardlets.keys()];
    for (const shardlet of all) world.append(shardlet, 7);
    const lags = await world.service().lags(checkpoints(all, 3));
    expect(lags).toEqual(all.map(() => 4));
    expect([world.askedForAll.toSorted(), world.described]).toEqual([[1, 2, 3, 4], []]);
  });

  it('of many groups asks each host once where its shardlets end', async () => {
    const world = await worldOf([1, 2, 2]);
    for (const shardlet of [1, 2, 3]) world.append(shardlet, 5);
    const child = world.roll(3);
    world.away.add(1);
    const ends = await world.service(world.currentMap()).ends([1]);
    const open = { stream: 1, isClosed: false };
    expect(ends.toSorted((a, b) => a.shardlet - b.shardlet)).toEqual([
      { ...open, shardlet: 1, firstSeq: undefined, lastSeq: undefined },
      { ...open, shardlet: 2, firstSeq: 1, lastSeq: 5 },
      { ...open, shardlet: 3, isClosed: true, firstSeq: 1, lastSeq: 5 },
      { ...open, shardlet: child, firstSeq: 1, lastSeq: 0 },
    ]);
    expect([world.askedForAll.toSorted(), world.described]).toEqual([[1, 2], []]);
  });

  it('has what is kept of shardlets that nobody has had, open or closed, and asks each host once', async () => {
    const world = await worldOf([1, 2, 2]);
    for (const shardlet of [1, 2, 3]) world.append(shardlet, 5);
    const child = world.roll(3);
    world.append(child, 2);
    world.firsts.set(2, 4);
    const service = world.service(world.currentMap());
    expect(await service.lagsOf({ stream: 1 }, [])).toEqual({ lags: [], untouched: 5 + 2 + 5 + 2 });
    const positions = checkpoints([1, 3], 3);
    expect(await service.lagsOf({ stream: 1 }, positions)).toEqual({ lags: [2, 2], untouched: 2 + 2 });
    world.away.add(2);
    expect(await service.lagsOf({ stream: 1 }, positions)).toEqual({ lags: [2, 2], untouched: undefined });
    expect([world.askedForAll.toSorted(), world.described]).toEqual([[1, 1, 1, 2, 2, 2], []]);
  });

  it('asks for those that the answer does not tell of, and for closed ones nobody', async () => {
    const world = await worldOf([1, 1, 2]);
    for (const shardlet of [1, 2, 3]) world.append(shardlet, 5);
    const child = world.roll(3);
    world.untold.add(2);
    const lags = await world.service(world.currentMap()).lags(checkpoints([1, 2, 3, child, 99], 1));
    // 1 beyond the end of the child, and nothing of what is gone
    expect(lags).toEqual([4, 4, 4, -1, 0]);
    expect(world.described).toEqual([2]);
    expect(world.askedForAll.toSorted()).toEqual([1, 2]);
  });

  it('is not known of a host that does not answer, which is asked no more', async () => {
    const world = await worldOf([1, 2, 2]);
    world.away.add(2);
    expect(await world.service().lags(checkpoints([1, 2, 3], 0))).toEqual([0, undefined, undefined]);
    expect([world.askedForAll.toSorted(), world.described]).toEqual([[1, 2], []]);
  });
});
