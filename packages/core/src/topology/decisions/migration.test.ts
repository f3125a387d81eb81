import { beforeEach, describe, expect, it } from 'vitest';
import { WHOLE } from '../../keyspace/index.ts';
import type { Shardlet } from '../model.ts';
import { floorOf } from './floor.ts';
import { removeHost } from './hosts.ts';
import {
  abortClosedMove,
  abortMigration,
  commitClosedMove,
  commitMigration,
  prepareMigration,
  setHostState,
} from './migration.ts';
import { settleOpening } from './opening.ts';
import { beginReadmission, publishIncarnation, readmitBatch } from './readmission.ts';
import { restructure, settleRestructure } from './restructure.ts';
import { createStream } from './streams.ts';
import { Trial } from './trial.ts';

const A = 1;
const B = 2;

let trial: Trial;
let open: Shardlet;
beforeEach(() => {
  trial = new Trial();
  trial.addHost('a');
  trial.addHost('b');
  open = trial.openStream({ name: 's', shardCount: 1 })[0]!;
});

const moveTo = (dest: number, { id, epoch } = open) => prepareMigration({ id, epoch, dest });
const now = () => trial.shardlet(open.id);

/** The only shardlet, rolled: it is closed, its child is open. */
function closeIt(): Shardlet {
  const { id, epoch } = open;
  const { children } = trial.decide(restructure({ parents: [{ id, epoch }], children: [WHOLE] }));
  const parents = [{ id, finalSeq: 7, finalTs: 99 }];
  trial.decide(settleRestructure({ parents, children: children.map((c) => c.id) }));
  return now();
}

describe('a migration', () => {
  it('fixes its epoch when it is prepared, and gives it to the destination at the commit', () => {
    const moving = trial.decide(moveTo(B));
    const n = trial.topology().version;
    expect(moving).toEqual({ ...open, state: { kind: 'moving', dest: B, nextEpoch: n } });
    expect(floorOf(trial.topology())).toBe(n);
    trial.addHost('c');
    const opening = trial.decide(commitMigration(open.id, n, 5));
    const job = { kind: 'migrate', source: A, sourceEpoch: open.epoch, finalSeq: 5 };
    expect(opening).toEqual({ ...open, owner: B, epoch: n, state: { kind: 'opening', job } });
    expect(floorOf(trial.topology())).toBe(n);
    expect(trial.topology().garbage).toEqual([]);
    trial.decide(settleOpening(open.id, n));
    expect(now()).toEqual({ ...open, owner: B, epoch: n });
    expect(trial.topology().garbage).toMatchObject([{ host: A, shardlet: open.id, epoch: open.epoch }]);
  });

  it('is refused when the shardlet, the destination or the source is not fit for it', () => {
    expect(trial.refusal(moveTo(A))).toBe('not_allowed');
    expect(trial.refusal(moveTo(9))).toBe('unknown');
    expect(trial.refusal(moveTo(B, { ...open, id: 99 }))).toBe('unknown');
    expect(trial.refusal(moveTo(B, { ...open, epoch: open.epoch - 1 }))).toBe('changed');
    trial.decide(moveTo(B));
    expect(trial.refusal(moveTo(B))).toBe('changed');
    expect(trial.refusal(restructure({ parents: [open], children: [WHOLE] }))).toBe('changed');
  });

  it.each([A, B])('is refused while host %i is being readmitted', (host) => {
    trial.decide(beginReadmission(host, 'another run'));
    expect(trial.refusal(moveTo(B))).toBe('not_allowed');
  });

  it('can be aborted until the commit: the source gets a new epoch, the shadow is garbage', () => {
    trial.decide(moveTo(B));
    const n = trial.topology().version;
    const aborted = trial.decide(abortMigration(open.id, n));
    expect(aborted).toEqual({ ...open, epoch: n + 1, state: { kind: 'opening', job: { kind: 'raise' } } });
    expect(trial.topology().garbage).toMatchObject([{ host: B, shardlet: open.id, epoch: n }]);
    expect(trial.refusal(commitMigration(open.id, n, 5))).toBe('changed');
    expect(trial.refusal(abortMigration(open.id, n))).toBe('changed');
  });

  it('cannot be aborted after the commit, nor committed by the epoch of another move', () => {
    trial.decide(moveTo(B));
    const n = trial.topology().version;
    expect(trial.refusal(commitMigration(open.id, n - 1, 5))).toBe('changed');
    trial.decide(commitMigration(open.id, n, 5));
    expect(trial.refusal(abortMigration(open.id, n))).toBe('changed');
    expect(trial.refusal(commitMigration(open.id, n, 5))).toBe('changed');
  });

  it('to a host that restarts is not committed any more: its readmission aborts it', () => {
    trial.decide(moveTo(B));
    const n = trial.topology().version;
    trial.decide(beginReadmission(B, 'another run'));
    expect(trial.refusal(commitMigration(open.id, n, 5))).toBe('changed');
    trial.decide(readmitBatch(B, 'another run', [open.id], []));
    expect(now()).toMatchObject({ owner: A, state: { kind: 'opening', job: { kind: 'raise' } } });
    trial.decide(publishIncarnation(B, 'another run', 'b-1'));
  });
});

describe('a move of a closed shardlet', () => {
  it('keeps what readers know, changes owner and epoch, and leaves the source to be dropped', () => {
    const closed = closeIt();
    const moving = trial.decide(moveTo(B, closed));
    const n = trial.topology().version;
    expect(moving.state).toEqual({ ...closed.state, kind: 'closedMoving', dest: B, nextEpoch: n });
    expect(trial.refusal(commitMigration(open.id, n, 7))).toBe('changed');
    expect(trial.decide(commitClosedMove(open.id, n))).toEqual({ ...closed, owner: B, epoch: n });
    expect(trial.topology().garbage).toMatchObject([{ host: A, shardlet: open.id, epoch: closed.epoch }]);
  });

  it('can be aborted: everything is as before, and the shadow is garbage', () => {
    const closed = closeIt();
    trial.decide(moveTo(B, closed));
    const n = trial.topology().version;
    trial.decide(abortClosedMove(open.id, n));
    expect(now()).toEqual(closed);
    expect(trial.topology().garbage).toMatchObject([{ host: B, shardlet: open.id, epoch: n }]);
    expect(trial.refusal(commitClosedMove(open.id, n))).toBe('changed');
  });
});

describe('a host that drains', () => {
  it('takes nothing new: no stream, no migration, no child', () => {
    trial.decide(setHostState(B, 'draining'));
    expect(trial.refusal(moveTo(B))).toBe('not_allowed');
    const { streamId } = trial.decide(createStream({ name: 'later', shardCount: 4 }));
    const owners = [...trial.map.shardlets(streamId)].map((s) => s.owner);
    expect(new Set(owners)).toEqual(new Set([A]));
    expect(trial.refusal(setHostState(A, 'draining'))).toBe('not_allowed');
    trial.decide(setHostState(B, 'active'));
    trial.decide(setHostState(A, 'draining'));
    expect(trial.refusal(restructure({ parents: [open], children: [WHOLE] }))).toBe('not_allowed');
  });

  it('can be removed when everything, closed shardlets too, has moved away', () => {
    trial.decide(setHostState(A, 'draining'));
    expect(trial.refusal(removeHost(A))).toBe('in_use');
    trial.decide(moveTo(B));
    const n = trial.topology().version;
    trial.decide(commitMigration(open.id, n, 0));
    expect(trial.refusal(removeHost(A))).toBe('in_use');
    trial.decide(settleOpening(open.id, n));
    trial.decide(removeHost(A));
    expect(trial.topology().garbage).toEqual([]);
  });

  it('that restarts meanwhile goes on draining when it is trusted again', () => {
    trial.decide(beginReadmission(B, 'another run'));
    trial.decide(setHostState(B, 'draining'));
    expect(trial.refusal(setHostState(B, 'draining'))).toBe('changed');
    trial.decide(publishIncarnation(B, 'another run', 'b-1'));
    expect(trial.host(B)!.state).toBe('draining');
  });
});
