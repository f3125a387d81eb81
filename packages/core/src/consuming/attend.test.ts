/** Members that come, go, hang and commit late, in any order: what the assignment promises holds. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupCheckpointingSchema } from '../checkpointing/index.ts';
import { range } from '../keyspace/index.ts';
import { EMPTY_TOPOLOGY, type Shardlet, TopologyMap } from '../topology/index.ts';
import { attend } from './attend.ts';
import { commit } from './commit.ts';
import { explain } from './explain.ts';
import { setBack } from './lineage.ts';
import { EMPTY_GROUP, type Group, type GroupState } from './model.ts';

const GROUP: Group = { name: 'g', stream: 1, sessionMs: 1_000 };
const NONE: ReadonlySet<number> = new Set();

function shardlet(id: number, parents: number[] = [], state: Shardlet['state'] = { kind: 'open' }): Shardlet {
  const r = range({ hi: 0, lo: 0 }, { hi: 0x1_0000_0000, lo: 0 });
  return { id, stream: 1, shard: 0, range: r, owner: 1, epoch: 1, state, parents, lost: [] };
}

const closed = (finalSeq: number, successors: number[] = []): Shardlet['state'] => ({
  kind: 'closed',
  successors,
  finalSeq,
  finalTs: 0,
});

function mapOf(shardlets: readonly Shardlet[]): TopologyMap {
  const stream = { id: 1, name: 's', shardCount: 1, splitKeys: false };
  const settings = { retentionMs: null, retentionBytes: null, dedupWindowMs: 900_000 };
  return new TopologyMap({ ...EMPTY_TOPOLOGY, version: 1, streams: [{ ...stream, ...settings }], shardlets });
}

const many = (count: number) => mapOf(Array.from({ length: count }, (_, i) => shardlet(i + 1)));
const heldBy = (state: GroupState, member: string) =>
  [...state.checkpoints.values()].filter((c) => c.member === member).map((c) => c.shardlet);
const poll = (state: GroupState, map: TopologyMap, member: string, nowMs = 0, busy = NONE) =>
  attend(GROUP, state, map, { member, subject: 's', nowMs, busy });

describe('the assignment', () => {
  it('gives everything to the only member', () => {
    expect(heldBy(poll(EMPTY_GROUP, many(3), 'a'), 'a')).toEqual([1, 2, 3]);
  });

  it('is evened out cooperatively: one keeps what it has, and lets go of the rest when it is not busy', () => {
    let state = poll(EMPTY_GROUP, many(4), 'a');
    const before = state;
    state = poll(state, many(4), 'b');
    expect([heldBy(state, 'a'), heldBy(state, 'b')]).toEqual([[1, 2, 3, 4], []]);
    expect([...state.checkpoints.values()].filter((c) => c.revoking).map((c) => c.shardlet)).toEqual([3, 4]);
    state = poll(state, many(4), 'a', 0, new Set([4]));
    expect([heldBy(state, 'a'), heldBy(state, 'b')]).toEqual([[1, 2, 4], [3]]);
    state = poll(state, many(4), 'a');
    expect([heldBy(state, 'a'), heldBy(state, 'b')]).toEqual([
      [1, 2],
      [3, 4],
    ]);
    for (const id of [1, 2]) expect(state.checkpoints.get(id)).toEqual(before.checkpoints.get(id));
    for (const id of [3, 4])
      expect(state.checkpoints.get(id)!.assignment).toBeGreaterThan(before.checkpoints.get(id)!.assignment);
  });

  it('of what has come to its end stands still, also where maps of before that are used beside newer ones', () => {
    const [old, current] = [many(2), mapOf([shardlet(1, [], closed(5, [3])), shardlet(2), shardlet(3, [1])])];
    let state = poll(poll(EMPTY_GROUP, old, 'a'), old, 'b');
    state = poll(poll(poll(state, old, 'a'), old, 'b'), old, 'a');
    const [holder] = [...state.checkpoints.values()].filter((c) => c.shardlet === 1).map((c) => c.member!);
    const { assignment } = state.checkpoints.get(1)!;
    state = commit(state, {
      member: holder!,
      positions: [{ shardlet: 1, seq: 5, epoch: 1, assignment }],
    }).state;
    // who has it lets go where the end is known
    state = poll(state, current, holder!);
    expect([...state.checkpoints.values()].map((c) => c.shardlet)).toEqual([1, 2, 3]);
    const turns = ['a', 'b', 'a', 'b'].map((member, i) => {
      state = poll(state, i % 2 === 0 ? old : current, member);
      const { member: has, assignment } = state.checkpoints.get(1)!;
      return [has, assignment];
    });
    expect(new Set(turns.map(String)).size).toBe(1);
    expect(turns[0]![0]).toBeUndefined();
  });

  it('gives out again what had come to its end and was lost since', () => {
    const current = mapOf([shardlet(1, [], closed(5))]);
    let state = poll(EMPTY_GROUP, many(1), 'a');
    const { assignment } = state.checkpoints.get(1)!;
    state = commit(state, { member: 'a', positions: [{ shardlet: 1, seq: 5, epoch: 1, assignment }] }).state;
    state = poll(state, current, 'a');
    expect(heldBy(state, 'a')).toEqual([]);
    const lost = { ...shardlet(1, [], closed(5)), epoch: 2, lost: [{ epoch: 2, seq: 3 }] };
    const next = poll(state, mapOf([lost]), 'a');
    expect(next.checkpoints.get(1)).toMatchObject({ member: 'a', seq: 3, revoking: false });
    // also when nobody was there to take it as the loss became known
    const left = attend(GROUP, state, mapOf([lost]), {
      ...{ member: 'a', subject: 's', nowMs: 0, busy: NONE, leaving: true },
    });
    expect(heldBy(poll(left, mapOf([lost]), 'b'), 'b')).toEqual([1]);
  });

  it('takes what a silent member has, and nothing earlier', () => {
    let state = poll(poll(EMPTY_GROUP, many(2), 'a', 0), many(2), 'b', 500);
    expect(heldBy(poll(state, many(2), 'b', 999), 'b')).toEqual([]);
    state = poll(state, many(2), 'b', 1_000);
    expect(heldBy(state, 'b')).toEqual([1, 2]);
    expect(state.members.map((m) => m.id)).toEqual(['b']);
  });

  it('begins with nothing under the id of a member of somebody else, whose session has ended', () => {
    const before = poll(EMPTY_GROUP, many(1), 'a');
    const { assignment } = before.checkpoints.get(1)!;
    const heir = { member: 'a', subject: 'another', nowMs: 1_000, busy: NONE };
    const state = attend(GROUP, before, many(1), heir);
    expect(state.members).toEqual([{ id: 'a', seenAtMs: 1_000, subject: 'another', commits: 0 }]);
    expect(state.checkpoints.get(1)!.assignment).toBeGreaterThan(assignment);
    const positions = [{ shardlet: 1, seq: 1, epoch: 1, assignment }];
    expect(commit(state, { member: 'a', positions }).results).toMatchObject([{ kind: 'fenced' }]);
    // who comes back late to its own has lost nothing
    expect(poll(before, many(1), 'a', 1_000).checkpoints).toEqual(before.checkpoints);
  });

  it('changes nothing when nothing happened', () => {
    const state = poll(poll(EMPTY_GROUP, many(5), 'a'), many(5), 'b');
    expect(poll(state, many(5), 'b')).toEqual(state);
  });

  it('gives a child only after every parent is checkpointed at its finalSeq', () => {
    const map = mapOf([
      shardlet(1, [], closed(5, [3])),
      shardlet(2, [], closed(2, [3])),
      shardlet(3, [1, 2]),
    ]);
    let state = poll(EMPTY_GROUP, map, 'a');
    expect(heldBy(state, 'a')).toEqual([1, 2]);
    for (const [id, seq] of [
      [1, 5],
      [2, 1],
    ]) {
      const { assignment } = state.checkpoints.get(id!)!;
      const positions = [{ shardlet: id!, seq: seq!, epoch: 1, assignment }];
      state = poll(commit(state, { member: 'a', positions }).state, map, 'a');
    }
    expect(heldBy(state, 'a')).toEqual([2]);
    const { assignment } = state.checkpoints.get(2)!;
    state = commit(state, { member: 'a', positions: [{ shardlet: 2, seq: 2, epoch: 1, assignment }] }).state;
    expect(heldBy(poll(state, map, 'a'), 'a')).toEqual([3]);
  });

  it('takes a shardlet back, and fences it, whose older events are not processed', () => {
    const map = mapOf([shardlet(1, [], closed(5, [2])), shardlet(2, [1], closed(0, [3])), shardlet(3, [2])]);
    // as it was given out by a service that looked at parents only
    const early = { shardlet: 3, seq: 0, epoch: 0, assignment: 7, member: 'a', revoking: false, skipped: 0 };
    const state = poll({ version: 7, members: [], checkpoints: new Map([[3, early]]) }, map, 'a');
    expect(heldBy(state, 'a')).toEqual([1]);
    const positions = [{ shardlet: 3, seq: 1, epoch: 1, assignment: 7 }];
    expect(commit(state, { member: 'a', positions }).results).toMatchObject([{ kind: 'fenced' }]);
    expect(poll(state, map, 'a')).toEqual(state);
  });

  it('gives again what was written again after a loss, also to a group that was away meanwhile', () => {
    const open = mapOf([shardlet(1)]);
    let state = poll(EMPTY_GROUP, open, 'a');
    const { assignment } = state.checkpoints.get(1)!;
    state = commit(state, {
      member: 'a',
      positions: [{ shardlet: 1, seq: 90, epoch: 3, assignment }],
    }).state;
    const lost = [{ epoch: 9, seq: 40 }];
    const rolled = mapOf([{ ...shardlet(1, [], closed(60, [2])), lost }, shardlet(2, [1])]);
    state = poll(state, rolled, 'a');
    expect(state.checkpoints.get(1)).toMatchObject({ seq: 40, member: 'a' });
    expect(heldBy(state, 'a')).toEqual([1]);
  });

  it('goes past what is past its retention, and tells how much that was', () => {
    const map = mapOf([
      shardlet(1, [], { ...closed(7, [2]), kind: 'gone' } as Shardlet['state']),
      shardlet(2, [1]),
    ]);
    let state = poll(EMPTY_GROUP, map, 'a');
    state = poll(state, map, 'a');
    expect(state.checkpoints.get(1)).toMatchObject({ seq: 7, skipped: 7, member: undefined });
    expect(heldBy(state, 'a')).toEqual([2]);
  });

  it('is set back, and fenced anew, when a host lost what had been read', () => {
    const first = mapOf([shardlet(1)]);
    let state = poll(EMPTY_GROUP, first, 'a');
    const { assignment } = state.checkpoints.get(1)!;
    const late = { member: 'a', positions: [{ shardlet: 1, seq: 90, epoch: 3, assignment }] };
    state = commit(state, late).state;
    const after = mapOf([{ ...shardlet(1), epoch: 9, lost: [{ epoch: 9, seq: 40 }] }]);
    state = poll(state, after, 'a');
    expect(state.checkpoints.get(1)).toMatchObject({ seq: 40, epoch: 9, member: 'a' });
    expect(commit(state, late).results).toMatchObject([{ kind: 'fenced' }]);
    expect(poll(state, after, 'a')).toEqual(state);
  });
});

describe('the assignment by load', () => {
  const heavyFirst = { atMs: 1, perSecond: new Map([1, 2, 3, 4].map((id) => [id, id === 1 ? 90 : 30])) };
  const weighed = (state: GroupState, map: TopologyMap, member: string, busy = NONE) =>
    attend(GROUP, state, map, { member, subject: 's', nowMs: 0, busy }, heavyFirst);

  it('gives a member that joins half of the load, not half of the shardlets', () => {
    let state = weighed(EMPTY_GROUP, many(4), 'a');
    state = weighed(state, many(4), 'b');
    expect([...state.checkpoints.values()].filter((c) => c.revoking).map((c) => c.shardlet)).toEqual([1]);
    state = weighed(state, many(4), 'a');
    expect([heldBy(state, 'a'), heldBy(state, 'b')]).toEqual([[2, 3, 4], [1]]);
    expect(weighed(state, many(4), 'b')).toEqual(state);
  });

  it('asks no longer for what is not wanted any more', () => {
    const asked = weighed(weighed(EMPTY_GROUP, many(4), 'a'), many(4), 'b');
    const alone = attend(
      GROUP,
      asked,
      many(4),
      { member: 'b', subject: 's', nowMs: 0, busy: NONE, leaving: true },
      heavyFirst,
    );
    expect([...alone.checkpoints.values()].some((c) => c.revoking)).toBe(false);
    expect(alone.version).toBeGreaterThan(asked.version);
  });

  it('leaves the children of a shardlet with the member that had it, and gives none back', () => {
    let state = weighed(weighed(EMPTY_GROUP, many(4), 'a'), many(4), 'b');
    state = weighed(state, many(4), 'a');
    const { assignment } = state.checkpoints.get(1)!;
    const split = mapOf([
      shardlet(1, [], closed(5, [5, 6])),
      ...[2, 3, 4].map((id) => shardlet(id)),
      ...[5, 6].map((id) => shardlet(id, [1])),
    ]);
    state = commit(state, { member: 'b', positions: [{ shardlet: 1, seq: 5, epoch: 1, assignment }] }).state;
    // also when another member is the first to look
    for (const member of ['a', 'b']) {
      const after = weighed(state, split, member);
      expect([heldBy(after, 'a'), heldBy(after, 'b').filter((id) => id > 1)]).toEqual([
        [2, 3, 4],
        [5, 6],
      ]);
    }
  });
});

it('a position is set back by every later loss, and by no earlier one', () => {
  const lost = [
    { epoch: 5, seq: 10 },
    { epoch: 9, seq: 30 },
  ];
  const at = (seq: number, epoch: number) => setBack({ shardlet: 1, seq, epoch }, { lost });
  expect(at(50, 4)).toMatchObject({ seq: 10, epoch: 9 });
  expect(at(50, 5)).toMatchObject({ seq: 30, epoch: 9 });
  expect(at(20, 5)).toMatchObject({ seq: 20, epoch: 9 });
  expect(at(50, 9)).toMatchObject({ seq: 50, epoch: 9 });
});

/** Logs as counters, members with a memory of their own, one sink that commits with its data. */
class World {
  readonly logs = new Map<number, { shardlet: Shardlet; length: number }>();
  readonly held = new Map<string, { shardlet: number; assignment: number; upTo: number }[]>();
  /** by shardlet: the seqs in the order of processing */
  readonly processed = new Map<number, number[]>();
  state: GroupState = EMPTY_GROUP;
  nowMs = 0;
  private nextId = 1;

  constructor() {
    for (let i = 0; i < 3; i++) this.add([]);
  }

  get map(): TopologyMap {
    return mapOf([...this.logs.values()].map((l) => l.shardlet));
  }

  append(pick: number): void {
    const open = this.open();
    open[pick % open.length]!.length++;
  }

  /** One becomes two, or two become one. */
  restructure(pick: number): void {
    const open = this.open();
    const parents = pick % 2 === 0 ? [open[pick % open.length]!] : [...new Set([open[0]!, open.at(-1)!])];
    const children = parents.length === 1 ? [this.add(parents), this.add(parents)] : [this.add(parents)];
    for (const p of parents) p.shardlet = { ...p.shardlet, state: closed(p.length, children) };
  }

  poll(member: string): void {
    const mine = this.held.get(member) ?? [];
    this.attend(member, new Set(mine.map((h) => h.shardlet)));
    for (const c of this.state.checkpoints.values()) {
      const upTo = Math.min(this.logs.get(c.shardlet)!.length, c.seq + 2);
      if (c.member === member && !c.revoking && upTo > c.seq && !mine.some((h) => h.shardlet === c.shardlet))
        mine.push({ shardlet: c.shardlet, assignment: c.assignment, upTo });
    }
    this.held.set(member, mine);
  }

  attend(member: string, busy: ReadonlySet<number>): void {
    this.state = attend(GROUP, this.state, this.map, { member, subject: 's', nowMs: this.nowMs, busy });
  }

  /** Data and checkpoint in one transaction: both or none. */
  work(member: string): void {
    const next = this.held.get(member)?.shift();
    if (next === undefined) return;
    const { shardlet, assignment, upTo } = next;
    const from = this.state.checkpoints.get(shardlet)!.seq + 1;
    const { state, results } = commit(this.state, {
      member,
      positions: [{ shardlet, seq: upTo, epoch: 1, assignment }],
    });
    if (results[0]!.kind !== 'committed') return;
    this.state = state;
    for (const ancestor of this.ancestors(shardlet))
      expect(this.processed.get(ancestor) ?? []).toHaveLength(this.logs.get(ancestor)!.length);
    const done = this.processed.get(shardlet) ?? [];
    for (let seq = from; seq <= upTo; seq++) done.push(seq);
    this.processed.set(shardlet, done);
  }

  private ancestors(id: number): number[] {
    return this.logs.get(id)!.shardlet.parents.flatMap((parent) => [parent, ...this.ancestors(parent)]);
  }

  private open() {
    return [...this.logs.values()].filter((l) => l.shardlet.state.kind === 'open');
  }

  private add(parents: readonly { shardlet: Shardlet }[]): number {
    const id = this.nextId++;
    this.logs.set(id, {
      shardlet: shardlet(
        id,
        parents.map((p) => p.shardlet.id),
      ),
      length: 0,
    });
    return id;
  }
}

it('every event is processed once and in order, whatever members and shardlets do', () => {
  const step = fc.tuple(
    fc.constantFrom('append', 'poll', 'work', 'hang', 'crash', 'restructure'),
    fc.constantFrom('a', 'b', 'c'),
    fc.nat(1_000),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const world = new World();
      for (const [kind, member, n] of steps) {
        if (kind === 'append') world.append(n);
        if (kind === 'poll') world.poll(member);
        if (kind === 'work') world.work(member);
        if (kind === 'hang') world.nowMs += 400;
        if (kind === 'crash') world.held.delete(member);
        if (kind === 'restructure' && n % 4 === 0) world.restructure(n);
      }
      world.nowMs += 10_000;
      // one member is left: it finishes everything
      for (let i = 0; i < 1_000; i++) {
        world.poll('d');
        if (world.held.get('d')!.length === 0) break;
        while (world.held.get('d')!.length > 0) world.work('d');
      }
      for (const [id, { length }] of world.logs)
        expect(world.processed.get(id) ?? []).toEqual(Array.from({ length }, (_, i) => i + 1));
    }),
    { numRuns: 300 },
  );
});

describe('a group that keeps state', () => {
  const KEEPING: Group = { ...GROUP, checkpointing: groupCheckpointingSchema.parse({}) };
  const keep = (state: GroupState, map: TopologyMap, member: string, busy: number[] = [], nowMs = 0) =>
    attend(KEEPING, state, map, { member, subject: 's', nowMs, busy: new Set(busy) });
  const split = mapOf([shardlet(1, [], closed(5, [2, 3])), shardlet(2, [1]), shardlet(3, [1])]);

  function finished(): GroupState {
    const state = keep(EMPTY_GROUP, many(1), 'a');
    const { assignment } = state.checkpoints.get(1)!;
    return commit(state, { member: 'a', positions: [{ shardlet: 1, seq: 5, epoch: 1, assignment }] }).state;
  }

  it('leaves a finished shardlet with its member until it lets go of the state, and keeps its children back', () => {
    const before = finished();
    let state = keep(before, split, 'a', [1]);
    expect(state.checkpoints.get(1)).toMatchObject({ member: 'a', revoking: true });
    expect(state.version).toBeGreaterThan(before.version);
    expect([...state.checkpoints.keys()]).toEqual([1]);
    // another member changes nothing, and asking again does not either
    state = keep(state, split, 'b');
    expect(heldBy(state, 'b')).toEqual([]);
    expect(keep(state, split, 'a', [1]).version).toBe(state.version);
    expect(explain(KEEPING, state, split)).toMatchObject([
      { shardlet: 1, reason: { kind: 'revoking', member: 'a' } },
      { shardlet: 2, reason: { kind: 'waits', parents: [{ shardlet: 1, seq: 5, finalSeq: 5 }] } },
      { shardlet: 3, reason: { kind: 'waits' } },
    ]);
    state = keep(state, split, 'a');
    expect(state.checkpoints.get(1)!.member).toBeUndefined();
    expect([...heldBy(state, 'a'), ...heldBy(state, 'b')].sort()).toEqual([2, 3]);
  });

  it('gives out the children of a member that is dead', () => {
    const state = keep(keep(finished(), split, 'a', [1]), split, 'b', [], 5_000);
    expect(heldBy(state, 'b')).toEqual([2, 3]);
  });

  it('takes nothing from a member that names it, and without state does not wait', () => {
    let state = keep(EMPTY_GROUP, many(4), 'a');
    state = keep(state, many(4), 'b');
    state = keep(state, many(4), 'a', [1, 2, 3, 4]);
    expect(heldBy(state, 'b')).toEqual([]);
    expect(heldBy(poll(finished(), split, 'a', 0, new Set([1])), 'a')).toEqual([2, 3]);
  });
});
