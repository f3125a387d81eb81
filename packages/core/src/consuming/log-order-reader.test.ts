/** Groups in the order of the log: what a member gets is merged by (ts, shardlet, seq), and never more than is certain. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Held } from './batches.ts';
import type { Poll } from './group-service.ts';
import { ServiceWorld, TestMember } from './service-world.fixture.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const placesOf = ({ batches }: Poll) =>
  batches.flatMap(({ shardlet, records }) => records.map(({ ts, seq }) => [ts, shardlet.id, seq]));
const runsOf = ({ batches }: Poll) => batches.map((b) => [b.shardlet.id, b.records.length, b.through]);
const timesOf = (poll: Poll) => placesOf(poll).map(([ts]) => ts);
const assigned = (poll: Poll) => poll.assigned.map((c) => c.shardlet);

function heldOf(polls: readonly Poll[]): Map<number, Held> {
  const runs = polls.flatMap(({ batches }) => batches);
  return new Map(runs.map((b) => [b.shardlet.id, { seq: b.through, assignment: b.assignment }]));
}

async function worldOf(owners: readonly number[]): Promise<ServiceWorld> {
  const world = new ServiceWorld(owners);
  await world.create({ order: 'log' });
  return world;
}

describe('a poll in the order of the log', () => {
  it('gives out runs of the shardlets of all hosts by time, each with what to commit', async () => {
    const world = await worldOf([1, 2, 2]);
    world.appendAt(1, 10, 20, 50);
    world.appendAt(2, 30, 40, 50);
    world.appendAt(3, 5, 60);
    const a = new TestMember('a', world.service());
    const poll = await a.poll();
    expect(runsOf(poll)).toEqual([
      ...[
        [3, 1, 1],
        [1, 2, 2],
        [2, 2, 2],
      ],
      // of the same time: by shardlet
      ...[
        [1, 1, 3],
        [2, 1, 3],
        [3, 1, 2],
      ],
    ]);
    expect(poll.waitingFor).toEqual([]);
    expect(await a.commit(poll)).toEqual(poll.batches.map(() => ({ kind: 'committed' })));
    expect(placesOf(await a.poll())).toEqual([]);
  });

  it('asks for no promise while there is nothing to give out', async () => {
    const world = await worldOf([1, 2]);
    const a = new TestMember('a', world.service());
    await a.poll({ waitMs: 5_000 });
    expect(world.promised).toEqual([]);
    world.appendAt(1, 10);
    expect(timesOf(await a.poll({ waitMs: 5_000 }))).toEqual([10]);
    // of the host that has nothing: the other one was just read
    expect(world.promised).toEqual([2]);
  });

  it('reads what a promise shows, though no news told of it', async () => {
    const world = await worldOf([1, 2]);
    world.knowHeads();
    const a = new TestMember('a', world.service());
    await a.poll({ waitMs: 900 });
    world.times.set(2, [10]);
    world.append(2, 1, true);
    world.appendAt(1, 20);
    expect(timesOf(await a.poll())).toEqual([10, 20]);
  });

  it('stays behind the promise of each host, and goes on when it rises', async () => {
    const world = await worldOf([1, 2]);
    world.clocks.set(2, 25);
    world.appendAt(1, 10, 20, 30, 40);
    const a = new TestMember('a', world.service());
    const first = await a.poll();
    expect(timesOf(first)).toEqual([10, 20]);
    const waiting = a.poll({ waitMs: 5_000, after: heldOf([first]) });
    setTimeout(() => {
      world.appendAt(2, 35);
      world.clocks.set(2, 39);
    }, 500);
    const second = await waiting;
    expect(placesOf(second)).toEqual([
      [30, 1, 3],
      [35, 2, 1],
    ]);
    expect(second.waitingFor).toEqual([]);
  });

  it('gives nothing beyond a host that does not answer, and names it', async () => {
    const world = await worldOf([1, 2]);
    world.appendAt(1, 10, 20);
    world.appendAt(2, 15);
    world.away.add(2);
    const a = new TestMember('a', world.service());
    const poll = await a.poll({ waitMs: 2_000 });
    expect([timesOf(poll), poll.waitingFor]).toEqual([[], [2]]);
    world.away.delete(2);
    expect(timesOf(await a.poll({ waitMs: 3_000 }))).toEqual([10, 15, 20]);
  });

  it('takes what a slow host answers late', async () => {
    const world = await worldOf([1, 2]);
    world.delays.set(2, 400);
    world.appendAt(1, 10, 20);
    world.appendAt(2, 15);
    const a = new TestMember('a', world.service());
    const startedMs = Date.now();
    const first = await a.poll({ waitMs: 5_000 });
    expect(Date.now() - startedMs).toBeLessThan(1_000);
    const second = await a.poll({ waitMs: 5_000, after: heldOf([first]) });
    expect([...timesOf(first), ...timesOf(second)]).toEqual([10, 15, 20]);
  });

  it('keeps to its limit in the middle of a run, and goes on behind what the member holds', async () => {
    const world = await worldOf([1, 2]);
    world.appendAt(1, 1, 2, 3, 4, 10);
    world.appendAt(2, 5, 6, 7);
    const a = new TestMember('a', world.service());
    const polls: Poll[] = [];
    for (let i = 0; i < 3; i++) polls.push(await a.poll({ limit: 3, after: heldOf(polls) }));
    expect(polls.map(timesOf)).toEqual([
      [1, 2, 3],
      [4, 5, 6],
      [7, 10],
    ]);
    // an answer that was lost comes again
    expect(timesOf(await a.poll({ limit: 4, after: heldOf(polls.slice(0, 1)) }))).toEqual([4, 5, 6, 7]);
  });

  it('gives what follows a shardlet that was rolled only behind it, and holds the others meanwhile', async () => {
    const world = await worldOf([1, 2]);
    world.appendAt(1, 10, 20);
    world.appendAt(2, 15, 40);
    const child = world.roll(1);
    world.appendAt(child, 30);
    world.catchUp(world.map);
    const a = new TestMember('a', world.service());
    const first = await a.poll();
    expect(timesOf(first)).toEqual([10, 15, 20]);
    expect(timesOf(await a.poll({ after: heldOf([first]) }))).toEqual([]);
    await a.commit(first);
    const second = await a.poll();
    expect([assigned(second), timesOf(second)]).toEqual([
      [2, child],
      [30, 40],
    ]);
  });

  it('reads again what a host has lost', async () => {
    const world = await worldOf([1, 2]);
    world.appendAt(1, 10, 20, 30);
    world.clocks.set(2, 15);
    const a = new TestMember('a', world.service());
    await a.commit(await a.poll());
    // read ahead, and lost
    world.lose(1, 1);
    world.times.set(1, [10]);
    world.appendAt(1, 40);
    world.catchUp(world.map);
    world.clocks.delete(2);
    expect(timesOf(await a.poll({ waitMs: 1_000 }))).toEqual([40]);
  });

  it('is whole where a member polls again before it has an answer', async () => {
    const world = await worldOf([1, 2]);
    world.appendAt(1, 10, 20, 40, 50);
    world.appendAt(2, 15, 30);
    world.clocks.set(2, 15);
    const a = new TestMember('a', world.service());
    await a.poll({ limit: 1 });
    world.delays.set(2, 30);
    world.clocks.set(2, 100);
    const both = [a.poll({ waitMs: 500, limit: 5 })];
    await vi.advanceTimersByTimeAsync(10);
    both.push(a.poll({ waitMs: 500 }));
    for (const poll of await Promise.all(both)) {
      const all = [
        [10, 1, 1],
        [15, 2, 1],
        [20, 1, 2],
        [30, 2, 2],
        [40, 1, 3],
        [50, 1, 4],
      ];
      expect(placesOf(poll)).toEqual(all.slice(0, placesOf(poll).length));
      expect(poll.batches.map(({ skipped }) => skipped)).toEqual(poll.batches.map(() => 0));
    }
    expect(timesOf(await a.poll())).toEqual([10, 15, 20, 30, 40, 50]);
  });

  it('is of the member alone: another one is not held back by its hosts', async () => {
    const world = await worldOf([1, 2]);
    const at = world.service();
    const [a, b] = [new TestMember('a', at), new TestMember('b', at)];
    for (let i = 0; i < 3; i++) for (const each of [a, b]) await each.poll();
    world.away.add(2);
    for (const shardlet of [1, 2]) world.appendAt(shardlet, 10);
    // what was found empty is read again after a second
    await vi.advanceTimersByTimeAsync(1_100);
    const polls = await Promise.all([a.poll(), b.poll()]);
    expect(polls.map(timesOf).sort()).toEqual([[], [10]]);
  });

  it('gives every event once and in order, whatever hosts do meanwhile', async () => {
    const step = fc.record({
      host: fc.integer({ min: 1, max: 3 }),
      act: fc.constantFrom('append', 'append', 'append', 'away', 'back', 'slow', 'roll'),
      count: fc.integer({ min: 1, max: 6 }),
      limit: fc.integer({ min: 1, max: 12 }),
      commits: fc.boolean(),
      areKnown: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25 }), async (steps) => {
        const world = await worldOf([1, 2, 3, 1]);
        const a = new TestMember('a', world.service());
        const stored: number[][] = [];
        const got: number[][] = [];
        const polls: Poll[] = [];
        let clock = 1_000;
        const pollOnce = async (limit: number, isCommitted: boolean): Promise<Poll> => {
          const poll = await a.poll({ limit, after: heldOf(polls), waitMs: 300 });
          got.push(...(placesOf(poll) as number[][]));
          polls.push(poll);
          if (isCommitted) for (const each of polls.splice(0)) await a.commit(each);
          return poll;
        };
        for (const { host, act, count, limit, commits, areKnown } of steps) {
          const own = [...world.shardlets.values()].filter(
            (s) => s.owner === host && s.state.kind === 'open',
          );
          const shardlet = own[count % own.length]!.id;
          if (act === 'append')
            for (let i = 0; i < count; i++) {
              world.appendAt(shardlet, ++clock);
              stored.push([clock, shardlet, world.logs.get(shardlet)!]);
            }
          if (act === 'away') world.away.add(host);
          if (act === 'slow') world.delays.set(host, 150);
          if (act === 'back') {
            world.away.delete(host);
            world.delays.delete(host);
          }
          if (act === 'roll') {
            world.roll(shardlet);
            world.catchUp(world.map);
          }
          // hosts promise up to now, or up to a moment ago
          for (const id of [1, 2, 3])
            world.clocks.set(id, Math.max(world.clocks.get(id) ?? 0, clock - (id === host ? count : 0)));
          if (areKnown) world.knowHeads();
          await pollOnce(limit, commits);
        }
        world.away.clear();
        world.delays.clear();
        for (const id of [1, 2, 3]) world.clocks.set(id, clock);
        for (let i = 0; i < 200 && got.length < stored.length; i++) await pollOnce(20, true);
        expect(got).toEqual(stored.sort((x, y) => x[0]! - y[0]! || x[1]! - y[1]!));
      }),
      { numRuns: 60 },
    );
  });
});
