import { beforeEach, describe, expect, it } from 'vitest';
import { END, type Position, range, START, WHOLE } from '../../keyspace/index.ts';
import type { Shardlet, ShardletState } from '../model.ts';
import { floorOf } from './floor.ts';
import { settleOpening } from './opening.ts';
import { beginReadmission } from './readmission.ts';
import { restructure, settleRestructure } from './restructure.ts';
import { Trial } from './trial.ts';

const MIDDLE: Position = { hi: 0x8000_0000, lo: 0 };
const QUARTER: Position = { hi: 0x4000_0000, lo: 0 };
const HALVES = [range(START, MIDDLE), range(MIDDLE, END)];
const at = (s: Shardlet) => ({ id: s.id, epoch: s.epoch });

describe('a restructure', () => {
  let trial: Trial;
  let parent: Shardlet;
  beforeEach(() => {
    trial = new Trial();
    trial.addHost('a');
    parent = trial.openStream({ name: 's', shardCount: 1 })[0]!;
  });

  it('splits: the parent closes, its children open on the same host with the new version', () => {
    const { children } = trial.decide(restructure({ parents: [at(parent)], children: HALVES }));
    const { version } = trial.topology();
    expect(children.map((c) => c.range)).toEqual(HALVES);
    for (const child of children) {
      const parents = [{ shardlet: parent.id, epoch: parent.epoch }];
      expect(child.state).toEqual({ kind: 'opening', job: { kind: 'create', parents } });
      expect(child).toMatchObject({ epoch: version, owner: 1, shard: 0, parents: [parent.id] });
    }
    const successors = children.map((c) => c.id);
    expect(trial.shardlet(parent.id)).toEqual({ ...parent, state: { kind: 'closing', successors } });
    expect(floorOf(trial.topology())).toBe(version);
  });

  it('rolls: one child of the same range', () => {
    const { children } = trial.decide(restructure({ parents: [at(parent)], children: [WHOLE] }));
    expect(children.map((c) => c.range)).toEqual([WHOLE]);
  });

  it('is settled whole: parents closed and children open in one decision', () => {
    const { children } = trial.decide(restructure({ parents: [at(parent)], children: HALVES }));
    const [left, right] = children.map((c) => c.id);
    const sealed = { id: parent.id, finalSeq: 7, finalTs: 99 };
    expect(trial.refusal(settleOpening(left!, children[0]!.epoch))).toBe('not_allowed');
    expect(trial.refusal(settleRestructure({ parents: [sealed], children: [left!] }))).toBe('not_allowed');
    expect(trial.refusal(settleRestructure({ parents: [], children: [left!, right!] }))).toBe('not_allowed');
    const settle = settleRestructure({ parents: [sealed], children: [right!, left!] });
    trial.decide(settle);
    const closed = { kind: 'closed', successors: [left, right], finalSeq: 7, finalTs: 99 };
    expect(trial.shardlet(parent.id)).toEqual({ ...parent, state: closed });
    for (const child of children)
      expect(trial.shardlet(child.id)).toEqual({ ...child, state: { kind: 'open' } });
    expect(trial.refusal(settle)).toBe('changed');
  });

  it('merges neighbours, each child referring to the parents it overlaps', () => {
    split(HALVES);
    const parents = leaves();
    const three = [range(START, QUARTER), range(QUARTER, END)];
    const { children } = trial.decide(restructure({ parents: parents.map(at).reverse(), children: three }));
    expect(children.map((c) => c.parents)).toEqual([[parents[0]!.id], parents.map((p) => p.id)]);
    const closing = parents.map((p) => trial.shardlet(p.id));
    expect(closing.map((p) => p.state)).toEqual([
      { kind: 'closing', successors: children.map((c) => c.id) },
      { kind: 'closing', successors: [children[1]!.id] },
    ]);
    const sealed = parents.map((p) => ({ id: p.id, finalSeq: 0, finalTs: 0 }));
    const ids = children.map((c) => c.id);
    // one parent less is not the whole family
    expect(trial.refusal(settleRestructure({ parents: [sealed[0]!], children: ids }))).toBe('not_allowed');
    trial.decide(settleRestructure({ parents: sealed, children: ids }));
  });

  it('loses against whoever was faster', () => {
    const request = { parents: [at(parent)], children: [WHOLE] };
    expect(trial.refusal(restructure({ ...request, parents: [{ id: parent.id, epoch: 1 }] }))).toBe(
      'changed',
    );
    trial.decide(restructure(request));
    expect(trial.refusal(restructure(request))).toBe('changed');
    expect(trial.refusal(restructure({ ...request, parents: [{ id: 99, epoch: 1 }] }))).toBe('unknown');
  });

  it('begins only from open', () => {
    const ended = { successors: [], finalSeq: 0, finalTs: 0 };
    for (const state of [
      { kind: 'moving', dest: 1, nextEpoch: 9 },
      { kind: 'opening', job: { kind: 'raise' } },
      { kind: 'closing', successors: [] },
      { kind: 'closed', ...ended },
      { kind: 'closedMoving', dest: 1, nextEpoch: 9, ...ended },
      { kind: 'gone', ...ended },
    ] satisfies ShardletState[]) {
      trial.force(parent.id, state);
      const roll = restructure({ parents: [at(parent)], children: [WHOLE] });
      expect(trial.refusal(roll), state.kind).toBe('changed');
    }
  });

  it('is refused unless the children cover exactly what the parents cover', () => {
    for (const children of [
      [],
      [HALVES[0]!],
      [HALVES[0]!, range(QUARTER, END)],
      [range(START, QUARTER), HALVES[1]!],
      [...HALVES, WHOLE],
    ])
      expect(trial.refusal(restructure({ parents: [at(parent)], children }))).toBe('not_allowed');
    expect(trial.refusal(restructure({ parents: [], children: [WHOLE] }))).toBe('not_allowed');
    const twice = [at(parent), at(parent)];
    expect(trial.refusal(restructure({ parents: twice, children: [WHOLE] }))).toBe('not_allowed');
  });

  it('cuts inside one key only where the stream allows it', () => {
    const inside: Position = { hi: 0x8000_0000, lo: 5 };
    const cut = [range(START, inside), range(inside, END)];
    expect(trial.refusal(restructure({ parents: [at(parent)], children: cut }))).toBe('not_allowed');
    const [loose] = trial.openStream({ name: 'loose', shardCount: 1, splitKeys: true });
    expect(trial.refusal(restructure({ parents: [at(loose!)], children: cut }))).toBeUndefined();
  });

  it('stays in one shard and on one host, among neighbours', () => {
    const shards = trial.openStream({ name: 'two', shardCount: 2 });
    expect(trial.refusal(restructure({ parents: shards.map(at), children: [WHOLE] }))).toBe('not_allowed');
    trial.addHost('b');
    const spread = trial.openStream({ name: 'spread', shardCount: 1, shardletsPerShard: 2 });
    expect(new Set(spread.map((s) => s.owner)).size).toBe(2);
    expect(trial.refusal(restructure({ parents: spread.map(at), children: [WHOLE] }))).toBe('not_allowed');
    split([range(START, QUARTER), range(QUARTER, MIDDLE), range(MIDDLE, END)]);
    const [first, , third] = leaves();
    const apart = [at(first!), at(third!)];
    const children = [first!.range, third!.range];
    expect(trial.refusal(restructure({ parents: apart, children }))).toBe('not_allowed');
  });

  it('waits while its host is being readmitted', () => {
    trial.decide(beginReadmission(1, 'a-2'));
    const roll = restructure({ parents: [at(parent)], children: [WHOLE] });
    expect(trial.refusal(roll)).toBe('not_allowed');
  });

  function split(children: Parameters<typeof restructure>[0]['children']): void {
    const made = trial.decide(restructure({ parents: [at(parent)], children }));
    const sealed = { id: parent.id, finalSeq: 1, finalTs: 1 };
    trial.decide(settleRestructure({ parents: [sealed], children: made.children.map((c) => c.id) }));
  }

  function leaves(): Shardlet[] {
    const { shardlets } = trial.topology();
    return shardlets.filter((s) => s.stream === 1 && s.state.kind === 'open');
  }
});
