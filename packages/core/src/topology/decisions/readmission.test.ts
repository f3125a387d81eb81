import { beforeEach, describe, expect, it } from 'vitest';
import { WHOLE } from '../../keyspace/index.ts';
import type { Shardlet } from '../model.ts';
import { settleOpening } from './opening.ts';
import {
  beginReadmission,
  needsNewEpoch,
  publishIncarnation,
  READMISSION_BATCH_MAX,
  readmitBatch,
} from './readmission.ts';
import { restructure, settleRestructure } from './restructure.ts';
import { createStream } from './streams.ts';
import { Trial } from './trial.ts';

const ids = (shardlets: readonly Shardlet[]) => shardlets.map((s) => s.id);

describe('the readmission of a host', () => {
  let trial: Trial;
  let a: number;
  let b: number;
  /** on host a, an `always` one */
  let mine: Shardlet;
  /** on host b */
  let other: Shardlet;
  beforeEach(() => {
    trial = new Trial();
    a = trial.addHost('a');
    b = trial.addHost('b');
    [mine, other] = trial.openStream({ name: 's', shardCount: 2 }) as [Shardlet, Shardlet];
  });

  it('gives what the host owns a new epoch, then trusts the new run', () => {
    const host = trial.decide(beginReadmission(a, 'a-2'));
    expect(host).toMatchObject({
      state: 'readmitting',
      incarnation: 'a-1',
      readmission: { incarnation: 'a-2', since: 6, before: 'active' },
    });
    expect(trial.refusal(publishIncarnation(a, 'a-2', 'a-1'))).toBe('in_use');
    const { raised } = trial.decide(readmitBatch(a, 'a-2', [mine.id, other.id], []));
    expect(raised).toEqual([
      { ...mine, epoch: 7, state: { kind: 'opening', job: { kind: 'raise' } }, lost: [] },
    ]);
    expect(trial.refusal(publishIncarnation(a, 'a-2', 'a-1'))).toBe('in_use');
    trial.decide(settleOpening(mine.id, 7));
    const published = trial.decide(publishIncarnation(a, 'a-2', 'a-1'));
    expect(published).toEqual({ ...trial.host(a)!, incarnation: 'a-2', state: 'active' });
    expect(published).not.toHaveProperty('readmission');
    expect(trial.shardlet(other.id)).toEqual(other);
  });

  it('can be gone on with by another worker at any point', () => {
    trial.decide(beginReadmission(a, 'a-2'));
    expect(trial.refusal(beginReadmission(a, 'a-2'))).toBe('changed');
    trial.decide(readmitBatch(a, 'a-2', [mine.id], []));
    // the second worker repeats the batch
    expect(trial.refusal(readmitBatch(a, 'a-2', [mine.id], []))).toBe('changed');
    expect(needsNewEpoch(trial.shardlet(mine.id), trial.host(a)!)).toBe(false);
    trial.decide(settleOpening(mine.id, 7));
    expect(trial.refusal(readmitBatch(a, 'a-2', [mine.id], []))).toBe('changed');
    trial.decide(publishIncarnation(a, 'a-2', 'a-1'));
    expect(trial.refusal(publishIncarnation(a, 'a-2', 'a-1'))).toBe('changed');
  });

  it('begins again when the host restarts meanwhile: nothing raised before counts', () => {
    trial.decide(beginReadmission(a, 'a-2'));
    trial.decide(readmitBatch(a, 'a-2', [mine.id], []));
    trial.decide(settleOpening(mine.id, 7));
    trial.decide(beginReadmission(a, 'a-3'));
    expect(trial.refusal(publishIncarnation(a, 'a-2', 'a-1'))).toBe('changed');
    expect(trial.refusal(readmitBatch(a, 'a-2', [mine.id], []))).toBe('changed');
    expect(trial.refusal(publishIncarnation(a, 'a-3', 'a-1'))).toBe('in_use');
    const { raised } = trial.decide(readmitBatch(a, 'a-3', [mine.id], []));
    trial.decide(settleOpening(mine.id, raised[0]!.epoch));
    expect(trial.decide(publishIncarnation(a, 'a-3', 'a-1'))).toMatchObject({ incarnation: 'a-3' });
  });

  it('aborts migrations from the host and to it, also one prepared meanwhile', () => {
    const from = trial.startMove(mine.id, b);
    trial.decide(beginReadmission(a, 'a-2'));
    const to = trial.startMove(other.id, a);
    const { raised } = trial.decide(readmitBatch(a, 'a-2', [mine.id, other.id], []));
    const { version, garbage } = trial.topology();
    expect(raised.map((s) => [s.id, s.owner, s.epoch])).toEqual([
      [mine.id, a, version],
      [other.id, b, version],
    ]);
    const shadow = (s: Shardlet, host: number) => ({
      host,
      shardlet: s.id,
      epoch: s.state.kind === 'moving' ? s.state.nextEpoch : 0,
      since: trial.nowMs,
    });
    expect(garbage).toEqual([shadow(from, b), shadow(to, a)]);
    // the source of a migration to it opens on its own host, which this one need not wait for
    trial.decide(settleOpening(mine.id, version));
    expect(trial.refusal(publishIncarnation(a, 'a-2', 'a-1'))).toBeUndefined();
  });

  it('does not publish while a migration to the host is left', () => {
    trial.decide(beginReadmission(a, 'a-2'));
    const { raised } = trial.decide(readmitBatch(a, 'a-2', [mine.id], []));
    trial.decide(settleOpening(mine.id, raised[0]!.epoch));
    trial.startMove(other.id, a);
    expect(trial.refusal(publishIncarnation(a, 'a-2', 'a-1'))).toBe('in_use');
  });

  it('does not publish while something on the host is opening or closing', () => {
    const parents = [{ id: mine.id, epoch: mine.epoch }];
    const { children } = trial.decide(restructure({ parents, children: [mine.range] }));
    trial.decide(beginReadmission(a, 'a-2'));
    expect(trial.refusal(readmitBatch(a, 'a-2', [mine.id, ...ids(children)], []))).toBe('changed');
    expect(trial.refusal(publishIncarnation(a, 'a-2', 'a-1'))).toBe('in_use');
    const sealed = { id: mine.id, finalSeq: 1, finalTs: 1 };
    trial.decide(settleRestructure({ parents: [sealed], children: ids(children) }));
    // settled, but still with an epoch from before
    expect(trial.refusal(publishIncarnation(a, 'a-2', 'a-1'))).toBe('in_use');
    const { raised } = trial.decide(readmitBatch(a, 'a-2', ids(children), []));
    trial.decide(settleOpening(raised[0]!.id, raised[0]!.epoch));
    expect(trial.refusal(publishIncarnation(a, 'a-2', 'a-1'))).toBeUndefined();
  });

  it('leaves closed shardlets as they are: they were sealed, so they are on disk', () => {
    trial.force(mine.id, { kind: 'closed', successors: [], finalSeq: 1, finalTs: 1 });
    trial.decide(beginReadmission(a, 'a-2'));
    expect(trial.refusal(readmitBatch(a, 'a-2', [mine.id], []))).toBe('changed');
    expect(trial.refusal(publishIncarnation(a, 'a-2', 'a-1'))).toBeUndefined();
  });

  it('keeps the host draining if it was', () => {
    const draining = { ...trial.host(b)!, state: 'draining' as const };
    trial.decide({
      name: 'drain',
      needs: {},
      rule: () => ({ kind: 'accept', puts: { hosts: [draining] }, result: null }),
    });
    trial.force(other.id, { kind: 'closed', successors: [], finalSeq: 1, finalTs: 1 });
    trial.decide(beginReadmission(b, 'b-2'));
    trial.decide(beginReadmission(b, 'b-3'));
    expect(trial.decide(publishIncarnation(b, 'b-3', 'b-1'))).toMatchObject({ state: 'draining' });
  });

  it('is refused for a trusted run, an unknown host, and an old run that is not the expected one', () => {
    expect(trial.refusal(beginReadmission(a, 'a-1'))).toBe('changed');
    expect(trial.refusal(beginReadmission(9, 'x'))).toBe('unknown');
    expect(trial.refusal(readmitBatch(9, 'x', [], []))).toBe('unknown');
    expect(trial.refusal(readmitBatch(a, 'a-2', [mine.id], []))).toBe('changed');
    trial.decide(beginReadmission(a, 'a-2'));
    expect(trial.refusal(publishIncarnation(a, 'a-2', 'a-0'))).toBe('changed');
    const many = Array.from({ length: READMISSION_BATCH_MAX + 1 }, (_, i) => i + 1);
    expect(() => readmitBatch(a, 'a-2', many, [])).toThrow('at most 100');
  });

  it('does not lift a suspension that was noted since the host was looked at', () => {
    const seen = trial.host(a)!.readmission;
    const loss = { detail: 'it lacks 7', byMarks: false, comparedAt: 9, certainTs: 1, promise: 2 };
    const suspended = trial.decide(beginReadmission(a, 'a-2', loss));
    expect(trial.refusal(beginReadmission(a, 'a-2', undefined, seen))).toBe('changed');
    expect(trial.refusal(beginReadmission(a, 'a-3', undefined, seen))).toBe('changed');
    expect(trial.host(a)).toEqual(suspended);
    // who has seen it, and found the host whole all the same
    const again = trial.decide(beginReadmission(a, 'a-3', undefined, suspended.readmission));
    expect(again.readmission).not.toHaveProperty('regressed');
  });

  it('does not lift a suspension of a host that was found in an older state', () => {
    const loss = { detail: 'it holds mark 3 again', byMarks: true, certainTs: 1, promise: 2 };
    const suspended = trial.decide(beginReadmission(a, 'a-2', loss));
    for (const run of ['a-2', 'a-3'])
      expect(trial.refusal(beginReadmission(a, run, undefined, suspended.readmission))).toBe('changed');
    expect(trial.host(a)).toEqual(suspended);
  });

  it('counts as certain, in any other run, only what was certain in the suspended one', () => {
    const loss = { detail: 'it answered less', byMarks: false, certainTs: 5, promise: 20 };
    trial.decide(beginReadmission(a, 'a-2', loss));
    const later = { ...loss, certainTs: 9, promise: 12 };
    const suspended = trial.decide(beginReadmission(a, 'a-3', later));
    expect(suspended.readmission).toMatchObject({ incarnation: 'a-3', regressed: loss });
    const lower = { ...loss, certainTs: 3 };
    expect(trial.decide(beginReadmission(a, 'a-4', lower)).readmission).toMatchObject({ regressed: lower });
  });

  it('waits for a person once an older state was found in place of an empty store, in any run', () => {
    const empty = { detail: 'empty', byMarks: true, foundEmpty: true, certainTs: 20, promise: 20 };
    const older = { detail: 'it holds mark 3 again', byMarks: true, certainTs: 5, promise: 20 };
    trial.decide(beginReadmission(a, 'a-2', empty));
    expect(trial.refusal(beginReadmission(a, 'a-2', empty))).toBe('changed');
    expect(trial.decide(beginReadmission(a, 'a-3', empty)).readmission!.regressed).toEqual(empty);
    expect(trial.decide(beginReadmission(a, 'a-3', older)).readmission!.regressed).toEqual(older);
    const again = trial.decide(beginReadmission(a, 'a-4', empty)).readmission!.regressed;
    expect(again).toEqual({ ...empty, foundEmpty: undefined, certainTs: 5 });
  });

  it('waits for a person once another state was found where a comparison had suspended it', () => {
    const compared = { detail: 'it lacks 7', byMarks: false, comparedAt: 9, certainTs: 20, promise: 20 };
    const other = { detail: 'it lacks 7', byMarks: false, certainTs: 5, promise: 20 };
    const suspend = (loss: typeof other) => trial.decide(beginReadmission(a, 'a-2', loss)).readmission!;
    expect(suspend(compared).regressed).toEqual(compared);
    expect(trial.refusal(beginReadmission(a, 'a-2', compared))).toBe('changed');
    expect(suspend(other).regressed).toEqual(other);
    const again = trial.decide(beginReadmission(a, 'a-3', compared)).readmission!.regressed;
    expect(again).toEqual(other);
  });

  it('puts no new stream on the host', () => {
    trial.decide(beginReadmission(a, 'a-2'));
    trial.decide(createStream({ name: 't', shardCount: 3 }));
    const made = trial.topology().shardlets.filter((s) => s.stream === 2);
    expect(made.map((s) => s.owner)).toEqual([b, b, b]);
  });
});

describe('the readmission of a host that may have lost its last writes', () => {
  let trial: Trial;
  let mine: Shardlet;
  beforeEach(() => {
    trial = new Trial();
    trial.addHost('e', 'everysec');
    mine = trial.openStream({ name: 's', shardCount: 1 })[0]!;
  });

  it('notes for every shardlet up to where its records are still there', () => {
    trial.decide(beginReadmission(1, 'e-2'));
    expect(trial.refusal(readmitBatch(1, 'e-2', [mine.id], []))).toBe('not_allowed');
    const lastSeqs = [{ shardlet: mine.id, lastSeq: 41 }];
    const { raised } = trial.decide(readmitBatch(1, 'e-2', [mine.id], lastSeqs));
    const { epoch } = raised[0]!;
    expect(raised[0]!.lost).toEqual([{ epoch, seq: 41 }]);
    // noted once, also when the worker tells it again
    expect(trial.decide(settleOpening(mine.id, epoch, 41)).lost).toEqual([{ epoch, seq: 41 }]);
  });

  it('notes it for parents that are closed during the readmission', () => {
    const parents = [{ id: mine.id, epoch: mine.epoch }];
    const { children } = trial.decide(restructure({ parents, children: [WHOLE] }));
    trial.decide(beginReadmission(1, 'e-2'));
    const sealed = { id: mine.id, finalSeq: 12, finalTs: 1 };
    trial.decide(settleRestructure({ parents: [sealed], children: ids(children) }));
    const { version } = trial.topology();
    expect(trial.shardlet(mine.id).lost).toEqual([{ epoch: version, seq: 12 }]);
  });

  it('notes it when the source of a migration to another restarted host is raised', () => {
    const other = trial.addHost('f');
    trial.decide(beginReadmission(1, 'e-2'));
    trial.decide(beginReadmission(other, 'f-2'));
    trial.startMove(mine.id, other);
    // readmitting the destination aborts it; what the source has lost is known when it is raised
    const { raised } = trial.decide(readmitBatch(other, 'f-2', [mine.id], []));
    const { epoch } = raised[0]!;
    expect(trial.refusal(settleOpening(mine.id, epoch))).toBe('not_allowed');
    expect(trial.decide(settleOpening(mine.id, epoch, 5)).lost).toEqual([{ epoch, seq: 5 }]);
    expect(trial.refusal(publishIncarnation(1, 'e-2', 'e-1'))).toBeUndefined();
  });
});
