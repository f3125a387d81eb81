import { beforeEach, describe, expect, it } from 'vitest';
import type { GroupBatch, GroupPoll } from './group-calls.ts';
import { Holdings, ShardletLost } from './holdings.ts';

let holdings: Holdings;
beforeEach(() => {
  holdings = new Holdings();
});

interface Given {
  readonly assignment?: number;
  readonly revoking?: boolean;
  /** the checkpoint */
  readonly seq?: number;
}

const batch = (from: number, through: number, { assignment = 1, epoch = 1 } = {}): GroupBatch => ({
  ...{ shardlet: 7, assignment, epoch, through, skipped: 0 },
  events: Array.from({ length: through - from + 1 }, (_, i) => ({
    ...{ stream: 's', shard: 0, shardlet: 7, seq: from + i, ts: from + i },
    event: { specversion: '1.0' as const, id: `${from + i}`, source: '/s', type: 't' },
  })),
});

/** An answer about shardlet 7; `undefined`: this member does not have it. */
function poll(version: number, given: Given | undefined, ...batches: GroupBatch[]): GroupPoll {
  const { assignment = 1, revoking = false, seq = 0 } = given ?? {};
  const assigned = given === undefined ? [] : [{ shardlet: 7, assignment, seq, epoch: 1, revoking }];
  return { version, assigned, batches };
}

/** Handles the next batch to its end. */
function handleNext(): GroupBatch | undefined {
  const held = holdings.next();
  if (held === undefined) return undefined;
  holdings.processed(held.batch, held.batch.through);
  holdings.done(held);
  return held.batch;
}

describe('what is taken', () => {
  it('follows what is held, and nothing is taken twice', () => {
    holdings.take(poll(1, {}, batch(1, 5)), 100);
    expect(holdings.after()).toEqual({ 7: { seq: 5, assignment: 1 } });
    // an answer that overlaps
    holdings.take(poll(1, {}, batch(4, 8)), 100);
    expect([handleNext()?.through, handleNext()?.events[0]?.seq, handleNext()]).toEqual([5, 6, undefined]);
  });

  it('several batches of one shardlet in one answer are taken in their order', () => {
    holdings.take(poll(1, {}, batch(1, 2), batch(3, 6)), 100);
    expect([handleNext()?.through, handleNext()?.through]).toEqual([2, 6]);
  });

  it('with the order of the log is handed out one after the other, whatever shardlet it is of', () => {
    const assigned = [7, 8].map((shardlet) => ({
      shardlet,
      assignment: 1,
      seq: 0,
      epoch: 1,
      revoking: false,
    }));
    const batches = [batch(1, 2), { ...batch(1, 3), shardlet: 8 }, batch(3, 4)];
    holdings.take({ version: 1, assigned, batches, order: 'log' }, 100);
    const first = holdings.next()!;
    expect([first.batch.shardlet, holdings.next()]).toEqual([7, undefined]);
    holdings.done(first);
    expect([handleNext(), handleNext()].map((b) => [b?.shardlet, b?.through])).toEqual([
      [8, 3],
      [7, 4],
    ]);
  });

  it('is nothing of another assignment', () => {
    holdings.take(poll(5, { assignment: 4 }, batch(1, 5, { assignment: 3 })), 100);
    expect([holdings.next(), holdings.after()]).toEqual([undefined, {}]);
  });

  it('is nothing where only a sign of life was given', () => {
    holdings.take(poll(1, {}, batch(1, 5)), 100, false);
    expect([holdings.next(), holdings.after(), holdings.bytes]).toEqual([undefined, {}, 0]);
  });

  it('counts its bytes until it is handled', () => {
    holdings.take(poll(1, {}, batch(1, 5)), 100);
    expect(holdings.bytes).toBe(100);
    handleNext();
    expect(holdings.bytes).toBe(0);
  });
});

describe('what is committed', () => {
  it('is what was processed, under the epoch that it was read with', () => {
    holdings.take(poll(1, {}, batch(1, 5, { epoch: 2 }), batch(6, 9, { epoch: 3 })), 100);
    handleNext();
    expect(holdings.commits()).toEqual([{ shardlet: 7, seq: 5, epoch: 2, assignment: 1 }]);
    handleNext();
    expect(holdings.commits()).toEqual([{ shardlet: 7, seq: 9, epoch: 3, assignment: 1 }]);
    expect(holdings.committed(holdings.commits(), [{ kind: 'committed' }])).toEqual([]);
    expect([holdings.commits(), holdings.after()]).toEqual([[], {}]);
  });

  it('is not held any more as far as the edge has it already', () => {
    holdings.take(poll(1, {}, batch(1, 5)), 100);
    handleNext();
    holdings.committed(holdings.commits(), [{ kind: 'behind', seq: 5 }]);
    expect(holdings.commits()).toEqual([]);
  });

  it('and refused drops all that is held of the shardlet', () => {
    holdings.take(poll(1, {}, batch(1, 5), batch(6, 9), batch(10, 12)), 300);
    handleNext();
    const running = holdings.next()!;
    expect(holdings.committed(holdings.commits(), [{ kind: 'fenced', assignment: 9 }])).toEqual([7]);
    expect(running.signal.reason).toBeInstanceOf(ShardletLost);
    expect([holdings.next(), holdings.commits(), holdings.after()]).toEqual([undefined, [], {}]);
    // what the handler still says changes nothing
    holdings.processed(running.batch, 9);
    holdings.done(running);
    expect([holdings.commits(), holdings.bytes]).toEqual([[], 0]);
  });
});

describe('what goes to another member', () => {
  it('on its way: what no handler has is dropped, and it is let go of when the rest is committed', () => {
    holdings.take(poll(1, {}, batch(1, 5), batch(6, 9)), 200);
    const running = holdings.next()!;
    const named = holdings.after();
    expect(holdings.take(poll(2, { revoking: true }), 10)).toEqual([]);
    expect([holdings.next(), holdings.after()]).toEqual([undefined, { 7: { seq: 5, assignment: 1 } }]);
    expect(running.signal.aborted).toBe(false);
    holdings.processed(running.batch, 5);
    holdings.done(running);
    expect(holdings.canLetGo(named)).toBe(false);
    holdings.committed(holdings.commits(), [{ kind: 'committed' }]);
    expect([holdings.canLetGo(named), holdings.canLetGo(holdings.after())]).toEqual([true, false]);
    expect(holdings.after()).toEqual({});
  });

  it('is lost when something of it was not processed, and no loss when it was let go of or is finished', () => {
    holdings.take(poll(1, {}, batch(1, 5)), 100);
    expect(holdings.take(poll(2, undefined), 10)).toEqual([7]);
    holdings.take(poll(3, { assignment: 3 }, batch(1, 5, { assignment: 3 })), 100);
    handleNext();
    expect(holdings.take(poll(4, undefined), 10)).toEqual([]);
  });

  it('and comes back begins at its checkpoint, after the handler that still has it', () => {
    holdings.take(poll(1, {}, batch(1, 5)), 100);
    const running = holdings.next()!;
    holdings.take(poll(3, { assignment: 3, seq: 2 }, batch(3, 5, { assignment: 3 })), 100);
    expect([running.signal.aborted, holdings.next()]).toEqual([true, undefined]);
    holdings.processed(running.batch, 5);
    holdings.done(running);
    expect([holdings.commits(), handleNext()?.events[0]?.seq]).toEqual([[], 3]);
  });
});

describe('an answer of an edge that is behind', () => {
  it('is passed over, but not the third in a row: the group was made anew', () => {
    holdings.take(poll(9, { assignment: 8 }, batch(1, 5, { assignment: 8 })), 100);
    for (let i = 0; i < 2; i++) expect(holdings.take(poll(2, {}, batch(1, 3)), 10)).toEqual([]);
    expect([holdings.version, holdings.after()]).toEqual([9, { 7: { seq: 5, assignment: 8 } }]);
    holdings.take(poll(2, {}, batch(1, 3)), 10);
    expect([holdings.version, holdings.after()]).toEqual([undefined, {}]);
    holdings.take(poll(2, {}, batch(1, 3)), 10);
    expect(handleNext()?.assignment).toBe(1);
  });

  it('without what is assigned changes nothing of it', () => {
    holdings.take(poll(1, {}, batch(1, 5)), 100);
    const next: GroupPoll = { version: 1, batches: [batch(6, 7)] };
    expect(holdings.take(next, 10)).toEqual([]);
    expect(holdings.after()).toEqual({ 7: { seq: 7, assignment: 1 } });
  });
});
