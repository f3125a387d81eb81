import { beforeEach, describe, expect, it } from 'vitest';
import { dropGarbage, markGone } from './ending.ts';
import { floorOf } from './floor.ts';
import { SETTLING_BATCH_MAX, settleOpening, settleOpenings } from './opening.ts';
import { createStream } from './streams.ts';
import { Trial } from './trial.ts';

describe('settling an opening', () => {
  let trial: Trial;
  beforeEach(() => {
    trial = new Trial();
    trial.addHost('always');
    trial.addHost('everysec', 'everysec');
  });

  it('opens the shardlet at the epoch it was opening at, once', () => {
    trial.decide(createStream({ name: 's', shardCount: 1 }));
    expect(trial.refusal(settleOpening(1, 1))).toBe('changed');
    expect(trial.decide(settleOpening(1, 3))).toMatchObject({ epoch: 3, state: { kind: 'open' } });
    expect(trial.refusal(settleOpening(1, 3))).toBe('changed');
    expect(trial.refusal(settleOpening(9, 3))).toBe('unknown');
  });

  it('opens many at once, and leaves out what has moved on', () => {
    trial.decide(createStream({ name: 's', shardCount: 3 }));
    trial.decide(settleOpening(1, 3));
    const confirmed = [1, 2, 3, 9].map((id) => ({ id, epoch: 3 }));
    expect(trial.decide(settleOpenings(confirmed)).open.map((s) => s.id)).toEqual([2, 3]);
    expect(trial.refusal(settleOpenings(confirmed))).toBe('changed');
    expect(() => settleOpenings(Array(SETTLING_BATCH_MAX + 1).fill(confirmed[0]))).toThrow('at most 100');
  });

  it('leaves the source of a migration as garbage', () => {
    const [s] = trial.openStream({ name: 's', shardCount: 1 });
    const job = { kind: 'migrate', source: 2, sourceEpoch: 3, finalSeq: 9 } as const;
    const { epoch } = trial.force(s!.id, { kind: 'opening', job }, 'raised');
    trial.decide(settleOpening(s!.id, epoch));
    expect(trial.topology().garbage).toEqual([{ host: 2, shardlet: s!.id, epoch: 3, since: trial.nowMs }]);
  });

  it('notes after a raise what a host that may lose writes still has', () => {
    const [safe, unsafe] = trial.openStream({ name: 's', shardCount: 2 });
    const raise = { kind: 'opening', job: { kind: 'raise' } } as const;
    const a = trial.force(safe!.id, raise, 'raised');
    const b = trial.force(unsafe!.id, raise, 'raised');
    expect(trial.decide(settleOpening(a.id, a.epoch)).lost).toEqual([]);
    expect(trial.refusal(settleOpening(b.id, b.epoch))).toBe('not_allowed');
    const open = trial.decide(settleOpening(b.id, b.epoch, 17));
    expect(open.lost).toEqual([{ epoch: b.epoch, seq: 17 }]);
  });
});

describe('the end of a shardlet', () => {
  it('comes only after closed, and leaves its replica as garbage until that is dropped', () => {
    const trial = new Trial();
    trial.addHost('a');
    const [s] = trial.openStream({ name: 's', shardCount: 1 });
    expect(trial.refusal(markGone(s!.id))).toBe('changed');
    trial.force(s!.id, { kind: 'closing', successors: [8] });
    expect(trial.refusal(markGone(s!.id))).toBe('changed');
    trial.force(s!.id, { kind: 'closed', successors: [8], finalSeq: 5, finalTs: 6 });
    const garbage = trial.decide(markGone(s!.id));
    expect(garbage).toEqual({ host: 1, shardlet: s!.id, epoch: s!.epoch, since: trial.nowMs });
    // readers that come late are still led to the children
    const gone = { kind: 'gone', successors: [8], finalSeq: 5, finalTs: 6 };
    expect(trial.shardlet(s!.id).state).toEqual(gone);
    expect(trial.refusal(markGone(s!.id))).toBe('changed');
    expect(trial.refusal(markGone(99))).toBe('unknown');

    const other = { host: 1, shardlet: s!.id, epoch: s!.epoch + 1 };
    expect(trial.refusal(dropGarbage([other]))).toBe('changed');
    expect(trial.decide(dropGarbage([garbage, other]))).toEqual({ dropped: 1 });
    expect(trial.topology().garbage).toEqual([]);
    expect(trial.refusal(dropGarbage([garbage]))).toBe('changed');
  });
});

describe('the floor below which nothing may be created', () => {
  it('is the next version when all is settled', () => {
    const trial = new Trial();
    trial.addHost('a');
    trial.openStream({ name: 's', shardCount: 2 });
    const topology = trial.topology();
    expect(floorOf(topology)).toBe(topology.version + 1);
  });

  it('is the lowest version of what is not settled', () => {
    const trial = new Trial();
    const [a, b] = [trial.addHost('a'), trial.addHost('b')];
    const [one, two, three] = trial.openStream({ name: 's', shardCount: 3 });
    const ended = { successors: [], finalSeq: 0, finalTs: 0 };
    trial.force(three!.id, { kind: 'closedMoving', dest: b, nextEpoch: 60, ...ended });
    expect(floorOf({ ...trial.topology(), version: 100 })).toBe(60);
    trial.force(two!.id, { kind: 'moving', dest: a, nextEpoch: 50 });
    expect(floorOf({ ...trial.topology(), version: 100 })).toBe(50);
    const { epoch } = trial.force(one!.id, { kind: 'opening', job: { kind: 'raise' } }, 'raised');
    expect(floorOf({ ...trial.topology(), version: 100 })).toBe(epoch);
  });
});
