import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoredEvent } from '@foreshard/client/source';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AckTracker } from './ack-tracker.ts';
import { Pacer } from './pacer.ts';
import { mismatches, ReadBack } from './read-back.ts';
import { StateFile } from './replay-state.ts';

describe('the low watermark', () => {
  it('is the row up to which all are acknowledged, in whatever order they come', () => {
    const shuffled = fc.shuffledSubarray(
      Array.from({ length: 50 }, (_, i) => i + 1),
      { minLength: 0 },
    );
    fc.assert(
      fc.property(shuffled, fc.nat(5), (rows, start) => {
        const tracker = new AckTracker(start);
        const acknowledged = new Set(Array.from({ length: start }, (_, i) => i + 1));
        for (const row of rows) {
          tracker.add(row);
          acknowledged.add(row);
          let expected = 0;
          while (acknowledged.has(expected + 1)) expected++;
          expect(tracker.lowWatermark).toBe(expected);
          expect(tracker.count).toBe(acknowledged.size);
          expect(tracker.ahead.every((ahead) => ahead > expected && acknowledged.has(ahead))).toBe(true);
        }
      }),
    );
  });
});

describe('the pace', () => {
  it('is the speed times that of the trace, from the first row on', () => {
    const pacer = new Pacer(3_600);
    expect(pacer.waitMs(1_000_000, 50)).toBe(0);
    expect(pacer.waitMs(1_000_000 + 3_600_000, 50)).toBe(1_000);
    expect(pacer.waitMs(1_000_000 + 3_600_000, 1_049)).toBe(1);
    expect(pacer.waitMs(1_000_000 + 3_600_000, 2_000)).toBe(0);
  });

  it('does not wait at full speed, nor for a row that goes back in time', () => {
    const fast = new Pacer(Number.POSITIVE_INFINITY);
    expect([fast.waitMs(0, 0), fast.waitMs(1e12, 0)]).toEqual([0, 0]);
    const pacer = new Pacer(1);
    pacer.waitMs(10_000, 0);
    pacer.waitMs(11_000, 0);
    expect([pacer.waitMs(5_000, 0), pacer.rowsBackInTime]).toEqual([1_000, 1]);
  });
});

describe('the state of a replay', () => {
  const identity = { trace: 'flights', stream: 'main', edgeUrl: 'http://127.0.0.1:7070' };
  const state = {
    ...identity,
    source: '/traces/flights',
    from: 'cursor',
    acknowledged: 17,
    ahead: [19, 23],
    leftOut: 0,
  };

  it('comes back as it was, apart for each trace, stream and edge, and readable by its owner only', () => {
    const dir = mkdtempSync(join(tmpdir(), 'foreshard-state-'));
    try {
      const file = new StateFile(dir, identity);
      expect(file.read()).toBeUndefined();
      file.write(state);
      expect(new StateFile(dir, identity).read()).toEqual(state);
      expect(statSync(file.path).mode & 0o777).toBe(0o600);
      expect(new StateFile(dir, { ...identity, stream: 'other' }).read()).toBeUndefined();
      writeFileSync(file.path, '{');
      expect(() => file.read()).toThrow(/--fresh/);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

describe('reading back', () => {
  const SOURCE = '/traces/t';

  function found(row: number, key: string, seq: number, change: Partial<StoredEvent> = {}): StoredEvent {
    const event = { specversion: '1.0' as const, id: String(row), source: SOURCE, type: 't', subject: key };
    return { stream: 'main', shard: 0, shardlet: 1, seq, ts: 1_000 + seq, event, ...change };
  }

  function check(expected: number, events: readonly StoredEvent[], leftOut = 0) {
    const readBack = new ReadBack(SOURCE, expected, leftOut);
    for (const event of events) readBack.see(event);
    return readBack.report();
  }

  it('finds nothing wrong with rows in the order of their keys', () => {
    const report = check(4, [found(2, 'b', 1), found(1, 'a', 2), found(4, 'b', 3), found(3, 'a', 4)]);
    expect(mismatches(report)).toEqual([]);
    expect(report).toMatchObject({ stored: 4, missing: 0, duplicates: 0 });
  });

  it('finds a row that is missing, but not one that was left out', () => {
    const report = check(3, [found(1, 'a', 1), found(3, 'a', 2)]);
    expect(mismatches(report)).toEqual(['1 acknowledged rows are not stored']);
    expect(report.examples).toEqual(['row 2 was not found']);
    expect(mismatches(check(3, [found(1, 'a', 1), found(3, 'a', 2)], 1))).toEqual([]);
  });

  it('finds a key that is out of order', () => {
    const report = check(2, [found(2, 'a', 1), found(1, 'a', 2)]);
    expect(mismatches(report)).toEqual(['the order of a key is broken']);
  });

  it('finds a log that goes back, also between events of others', () => {
    const other = {
      ...found(9, 'x', 5),
      event: { specversion: '1.0' as const, id: 'o', source: '/other', type: 't' },
    };
    const report = check(1, [other, found(1, 'a', 2)]);
    expect(mismatches(report)).toEqual(['the order of the log is broken']);
    expect(report.others).toBe(1);
  });

  it('counts duplicates and rows beyond apart', () => {
    const report = check(1, [found(1, 'a', 1), found(1, 'a', 2), found(2, 'a', 3), found(2, 'a', 4)]);
    expect(report).toMatchObject({ stored: 1, duplicates: 2, beyond: 1, missing: 0, perKeyOrderKept: true });
    expect(mismatches(report)).toEqual(['2 rows are stored more than once']);
  });
});
