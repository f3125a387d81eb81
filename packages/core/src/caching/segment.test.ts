import { expect, it } from 'vitest';
import type { StoredRecord } from '../hosts/index.ts';
import { Segment } from './segment.ts';

const ALL = { maxRecords: 1_024, maxBytes: 1e9 };
const of = (host: number, stamp: number) => ({ host, stamp, epoch: stamp });

/** Each record says where it is from. */
function records(from: number, to: number, mark = 0): StoredRecord[] {
  return Array.from({ length: to - from + 1 }, (_, i) => ({
    ...{ seq: from + i, ts: from + i },
    frame: Uint8Array.of(from + i, mark),
  }));
}

function marks(segment: Segment, from: number): number[] {
  return (
    segment
      .runAt(from)
      ?.portion(from, ALL)
      .records.map(({ frame }) => frame[1]!) ?? []
  );
}

it('keeps what is between gaps, and joins what meets', () => {
  const segment = new Segment();
  segment.put(records(1, 3), of(1, 1));
  segment.put(records(7, 9), of(1, 1));
  expect([marks(segment, 2).length, marks(segment, 5).length, marks(segment, 8).length]).toEqual([2, 0, 2]);
  segment.put(records(2, 8, 1), of(1, 1));
  expect(marks(segment, 1)).toEqual([0, 0, 0, 1, 1, 1, 0, 0, 0]);
});

it('cuts what was read before a loss, also where later reads have made it longer', () => {
  const segment = new Segment();
  segment.put(records(1, 5), of(1, 1));
  segment.put(records(6, 9), of(1, 4));
  segment.put(records(10, 12), of(2, 4));
  expect(segment.cutAbove(3, 2)).toBe(true);
  expect([marks(segment, 1).length, marks(segment, 6).length, marks(segment, 10).length]).toEqual([3, 0, 3]);
  expect(segment.cutAbove(3, 5)).toBe(true);
  expect(segment.cutAbove(3, 5)).toBe(false);
});

it('never writes again where a reader may be reading', () => {
  const segment = new Segment();
  segment.put(records(1, 5), of(1, 1));
  const given = segment.runAt(1)!.portion(1, ALL).records;
  segment.cutAbove(3, 2);
  segment.put(records(4, 5, 1), of(1, 2));
  expect(given.map(({ frame }) => [...frame])).toEqual(records(1, 5).map(({ frame }) => [...frame]));
  expect(marks(segment, 1)).toEqual([0, 0, 0, 1, 1]);
});

it('has few runs, however it is read', () => {
  const segment = new Segment();
  for (let seq = 1; seq < 100; seq += 3) segment.put(records(seq, seq), of(1, 1));
  const held = Array.from({ length: 100 }, (_, i) => marks(segment, i + 1).length).filter((n) => n > 0);
  expect(held.length).toBe(8);
});

it('is as new as the newest of what was joined: an older replica may not have all of it', () => {
  const segment = new Segment();
  segment.put(records(1, 5), of(1, 2));
  segment.put(records(6, 9), of(1, 4));
  segment.put(records(4, 7), of(1, 1));
  const { epoch, stamp } = segment.runAt(1)!;
  expect([epoch, stamp]).toEqual([4, 2]);
});
