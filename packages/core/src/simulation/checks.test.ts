/** Each check by hand: a history that keeps the promise, and one that breaks it. */
import { describe, expect, test } from 'vitest';
import { WHOLE } from '../keyspace/index.ts';
import { Coverage, faultsOf } from './coverage.ts';
import {
  type Acknowledgement,
  atTime,
  checkNothingLost,
  checkNothingTwice,
  checkOrder,
  type FinalLog,
  type LogRecord,
  type LogShardlet,
} from './log-checks.ts';
import { checkFenced, checkOwnership } from './ownership-check.ts';
import { checkEmissionOrder, checkEmissions } from './reading-checks.ts';

const SHARDLET: LogShardlet = { id: 1, parents: [], firstSeq: 1, isGone: false, lost: [], forgets: false };

function record(event: string, seq: number, more: Partial<LogRecord> = {}): LogRecord {
  return { event, content: `content of ${event}`, shardlet: 1, seq, ts: 1_000 + seq, ...more };
}

function ack(event: string, seq: number | undefined, more: Partial<Acknowledgement> = {}): Acknowledgement {
  const content = `content of ${event}`;
  return {
    event,
    client: 'c',
    key: 'k',
    content,
    shardlet: 1,
    seq,
    ts: undefined,
    epoch: 5,
    atMicros: 0,
    ...more,
  };
}

function logOf(records: readonly LogRecord[], ...shardlets: LogShardlet[]): FinalLog {
  const all = shardlets.length > 0 ? shardlets : [SHARDLET];
  return { shardlets: new Map(all.map((each) => [each.id, each])), records, unnoticed: new Set() };
}

function invariantsOf(found: readonly { readonly invariant: string }[]): string[] {
  return found.map((each) => each.invariant);
}

describe('I1, nothing is lost', () => {
  test('what was acknowledged is there', () => {
    expect(checkNothingLost(logOf([record('a', 1)]), [ack('a', 1), ack('a', 1)])).toEqual([]);
  });

  test('what is missing, changed or at another place is found', () => {
    const log = logOf([record('b', 2, { content: 'other' }), record('c', 4)]);
    const found = checkNothingLost(log, [ack('a', 1), ack('b', 2), ack('c', 3)]);
    expect(invariantsOf(found)).toEqual(['I1', 'I1', 'I1']);
  });

  test('past retention it may be missing', () => {
    expect(checkNothingLost(logOf([], { ...SHARDLET, firstSeq: 2 }), [ack('a', 1)])).toEqual([]);
    expect(checkNothingLost(logOf([], { ...SHARDLET, firstSeq: 2 }), [ack('a', 2)])).toHaveLength(1);
    expect(checkNothingLost(logOf([], { ...SHARDLET, isGone: true }), [ack('a', 1)])).toEqual([]);
  });

  test('what the topology store has noted as lost excuses records of earlier epochs above that seq, and no others', () => {
    const log = logOf([], { ...SHARDLET, lost: [{ epoch: 6, seq: 3 }] });
    const of = (seq: number, epoch: number | undefined) => checkNothingLost(log, [ack('a', seq, { epoch })]);
    expect(of(4, 5)).toEqual([]);
    expect(of(3, 5)).toHaveLength(1);
    expect(of(4, 6)).toHaveLength(1);
    expect(of(4, undefined)).toHaveLength(1);
  });
});

describe('I2, nothing is there twice', () => {
  test('every event once', () => {
    expect(checkNothingTwice(logOf([record('a', 1), record('b', 2)]))).toEqual([]);
  });

  test('an event at two places is found', () => {
    expect(invariantsOf(checkNothingTwice(logOf([record('a', 1), record('a', 2)])))).toEqual(['I2']);
  });

  test('an event that was accepted as lost, sent again, and came back is passed over', () => {
    const child = { ...SHARDLET, id: 2, parents: [1] };
    const again = record('a', 1, { shardlet: 2 });
    const twice = (revivedAbove: number) =>
      checkNothingTwice(logOf([record('a', 3), again], { ...SHARDLET, revivedAbove }, child));
    expect(twice(2)).toEqual([]);
    expect(invariantsOf(twice(3))).toEqual(['I2']);
  });

  test('so is one that came back to a shardlet that had begun anew without it, before it was sent again', () => {
    const child = { ...SHARDLET, id: 2, parents: [1] };
    const twice = (stored: number | undefined, again: number | undefined, beganAnewAt = [17]) =>
      invariantsOf(
        checkNothingTwice(
          logOf(
            [record('a', 2, { epoch: stored }), record('a', 1, { shardlet: 2, epoch: again })],
            { ...SHARDLET, beganAnewAt },
            child,
          ),
        ),
      );
    expect(twice(8, 51)).toEqual([]);
    expect(twice(8, 51, [])).toEqual(['I2']);
    // stored after it began anew, sent again before that, or not known
    expect(twice(17, 51)).toEqual(['I2']);
    expect(twice(8, 16)).toEqual(['I2']);
    expect(twice(undefined, 51)).toEqual(['I2']);
    expect(twice(8, undefined)).toEqual(['I2']);
  });
});

describe('I3, events of one key keep their order', () => {
  const child: LogShardlet = { ...SHARDLET, id: 2, parents: [1] };

  test('in one shardlet, and from a parent to its child', () => {
    const log = logOf(
      [record('a', 1), record('b', 2), record('c', 1, { shardlet: 2, ts: 2_000 })],
      SHARDLET,
      child,
    );
    const acknowledged = [ack('a', 1), ack('b', 2), ack('c', 1, { shardlet: 2 })];
    expect(checkOrder(log, acknowledged, true)).toEqual([]);
  });

  test('an earlier time is found, also where lineage does not count', () => {
    const log = logOf([record('a', 1, { ts: 9 }), record('b', 2, { ts: 8 })]);
    expect(invariantsOf(checkOrder(log, [ack('a', 1), ack('b', 2)], false))).toEqual(['I3']);
  });

  test('a later event in a parent is found', () => {
    const log = logOf([record('a', 1, { shardlet: 2, ts: 1 }), record('b', 1)], SHARDLET, child);
    const acknowledged = [ack('a', 1, { shardlet: 2 }), ack('b', 1)];
    expect(invariantsOf(checkOrder(log, acknowledged, true))).toEqual(['I3']);
    expect(checkOrder(log, acknowledged, false)).toEqual([]);
  });

  test('what was lost and sent again later counts from neither time, even where it took the same seq', () => {
    const log = logOf([record('b', 1, { ts: 20 }), record('a', 2, { ts: 30 })]);
    const again = ack('a', 2, { ts: 30 });
    expect(checkOrder(log, [ack('a', 2, { ts: 9 }), ack('b', 1, { ts: 20 }), again], true)).toEqual([]);
    expect(checkOrder(log, [again, ack('b', 1, { ts: 20 })], true)).toHaveLength(1);
  });

  test('other clients and keys do not count, nor an event that is acknowledged once more', () => {
    const log = logOf([record('a', 2), record('b', 1)]);
    expect(checkOrder(log, [ack('a', 2), ack('b', 1, { client: 'd' })], true)).toEqual([]);
    expect(checkOrder(log, [ack('b', 1), ack('a', 2), ack('b', 1)], true)).toEqual([]);
  });
});

describe('I4, one replica of a position takes appends', () => {
  const open = { host: 1, shardlet: 1, epoch: 5, stream: 1, range: WHOLE };

  test('other streams may overlap', () => {
    expect(checkOwnership([open, { ...open, host: 2, stream: 2 }])).toEqual([]);
  });

  test('two open replicas of a position are found', () => {
    expect(invariantsOf(checkOwnership([open, { ...open, host: 2, shardlet: 2 }]))).toEqual(['I4']);
  });

  test('an append at an epoch that the topology store has left behind is found', () => {
    expect(checkFenced(open, { epoch: 5, state: 'open' })).toEqual([]);
    expect(checkFenced(open, { epoch: 6, state: 'opening' })).toEqual([]);
    expect(invariantsOf(checkFenced(open, { epoch: 6, state: 'open' }))).toEqual(['I4']);
    expect(invariantsOf(checkFenced(open, { epoch: 5, state: 'closed' }))).toEqual(['I4']);
  });
});

describe('I6, readers', () => {
  test('are given records in order', () => {
    expect(checkEmissionOrder('r', [record('a', 1), record('b', 2)])).toEqual([]);
    expect(invariantsOf(checkEmissionOrder('r', [record('b', 2), record('a', 1)]))).toEqual(['I6']);
    const again = { ...record('a', 1), isAfterLoss: true };
    expect(checkEmissionOrder('r', [record('b', 2), again, record('b', 2)])).toEqual([]);
  });

  test('are given everything, and on durable hosts nothing that disappears', () => {
    const log = logOf([record('a', 1)]);
    expect(checkEmissions('r', [record('a', 1)], log, true)).toEqual([]);
    expect(invariantsOf(checkEmissions('r', [], log, true))).toEqual(['I1']);
    const more = [record('a', 1), record('b', 2)];
    expect(invariantsOf(checkEmissions('r', more, log, true))).toEqual(['I6']);
    expect(checkEmissions('r', more, log, false)).toEqual([]);
  });

  test('are given nothing that they know to be lost', () => {
    const lost = logOf([record('a', 1)], { ...SHARDLET, lost: [{ epoch: 9, seq: 1 }] });
    const given = { ...record('b', 2), epoch: 5 };
    const seen = (knows: number) => [record('a', 1), { ...given, knows }];
    expect(checkEmissions('r', seen(8), lost, true)).toEqual([]);
    expect(invariantsOf(checkEmissions('r', seen(9), lost, true))).toEqual(['I6']);
  });

  test('who was past a number that a host lost unnoticed is not given it again', () => {
    const log = { ...logOf([record('new', 1), record('later', 2)]), unnoticed: new Set(['old 1/1']) };
    const seen = [record('old', 1), record('later', 2)];
    expect(checkEmissions('r', seen, log, true)).toEqual([]);
    expect(invariantsOf(checkEmissions('r', [record('later', 2)], log, true))).toEqual(['I1']);
    expect(invariantsOf(checkEmissions('r', [record('old', 1)], log, true))).toEqual(['I1']);
  });

  test('who was past a time that a host lost unnoticed is not given what is earlier', () => {
    const of = (ts: number) => ({
      ...logOf([record('new', 2, { ts }), record('later', 3)]),
      unnoticed: new Set(['old 1/1']),
    });
    const seen = [record('old', 1), record('later', 3)];
    expect(checkEmissions('r', seen, of(1_001), true)).toEqual([]);
    expect(invariantsOf(checkEmissions('r', seen, of(1_002), true))).toEqual(['I1']);
  });

  test('may have been given what lost its place to the same event, sent again', () => {
    const log = logOf([record('a', 1, { ts: 20 })]);
    const seen = [record('a', 1, { ts: 10 }), record('a', 1, { ts: 20 })];
    expect(invariantsOf(checkEmissions('r', seen, log, true))).toEqual(['I6']);
    const unnoticed = new Set([atTime('a 1/1', 10)]);
    expect(checkEmissions('r', seen, { ...log, unnoticed }, true)).toEqual([]);
  });
});

test('coverage names every pair that never met', () => {
  const coverage = new Coverage();
  coverage.note('snapshot', 'done');
  for (const fault of faultsOf('snapshot')) coverage.note('snapshot', fault);
  expect(coverage.gaps(['snapshot'])).toEqual([]);
  expect(coverage.gaps(['snapshot', 'seal'])).toContain('seal x power loss');
  expect(Coverage.fromJson(coverage.toJson()).gaps(['snapshot'])).toEqual([]);
});
