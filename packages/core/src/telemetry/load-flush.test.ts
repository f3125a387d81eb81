import fc from 'fast-check';
import { expect, test } from 'vitest';
import { latencyBucket } from './latency-sketch.ts';
import { LoadCounters } from './load-counters.ts';
import { openFlush, packFlush, packFlushInTurns, unpackFlush } from './load-flush.ts';
import { flushAt } from './recording.fixture.ts';

const flush = packFlush(
  flushAt(5_000, (counters) => {
    counters.stored(3, 200, 40_000, latencyBucket(900));
    for (let key = 0; key < 90; key++) counters.key(3, key * 7_919, () => ({ key: `k${key}`, type: 'a' }));
    counters.key(70_000, 5, () => ({ key: 'other', type: 'b' }));
    counters.refused(70_000, 300);
  }),
);

test('a flush that was cut anywhere, or has something behind it, is refused before a row of it counts', () => {
  expect(openFlush(flush)).toMatchObject({ edge: 'edge-1', atMs: 5_000 });
  for (let length = 0; length < flush.length; length++)
    expect(() => openFlush(flush.subarray(0, length)), `${length} bytes`).toThrow(RangeError);
  expect(() => openFlush(Uint8Array.of(...flush, 0))).toThrow(RangeError);
});

test('what was opened can be read, whatever the bytes', () => {
  fc.assert(
    fc.property(fc.nat(flush.length - 1), fc.nat(255), (at, byte) => {
      const changed = flush.slice();
      changed[at] = byte;
      try {
        openFlush(changed);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
        return;
      }
      unpackFlush(changed);
    }),
  );
});

test('many rows are written in turns, to the same bytes', () => {
  const counters = new LoadCounters('edge-1', 0);
  for (let shardlet = 1; shardlet <= 450; shardlet++) counters.stored(shardlet, 1, 300, undefined);
  const flush = counters.flush(0);
  const turns = packFlushInTurns(flush);
  let yields = 0;
  let turn = turns.next();
  for (; turn.done !== true; turn = turns.next()) yields++;
  expect(yields).toBe(2);
  expect(turn.value).toEqual(packFlush(flush));
});

test('a name that is forgotten between two turns is told as it was', () => {
  const counters = new LoadCounters('edge-1', 0);
  counters.key(1, 7, () => ({ key: 'first', type: 'a' }));
  for (let shardlet = 2; shardlet <= 300; shardlet++) counters.stored(shardlet, 1, 300, undefined);
  const keyNames = new Map([[7, 'first']]);
  const turns = packFlushInTurns({ ...counters.flush(0), keyNames });
  let turn = turns.next();
  keyNames.clear();
  while (turn.done !== true) turn = turns.next();
  expect([...unpackFlush(turn.value).keyNames]).toEqual([[7, 'first']]);
});
