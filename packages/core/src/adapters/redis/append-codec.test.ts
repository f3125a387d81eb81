import { expect, test } from 'vitest';
import { concatFrames, sampleFrame } from '../../hosts/contract/sample-events.ts';
import type { AppendGroup } from '../../hosts/index.ts';
import { decodeAppend, encodeAppend, insistOnWellFormed } from './append-codec.ts';

function group(shardlet: number, more: Partial<AppendGroup> = {}): AppendGroup {
  const frames = concatFrames([sampleFrame(1), sampleFrame(2)]);
  const dedup = { windowMicros: 9, leadMicros: 1 };
  return { shardlet, epoch: 3, edgeTs: 4, tokenTs: 5, dedup, frames, count: 2, ...more };
}

test('the arguments are all headers, then the frames and id times of each group', () => {
  const groups = [group(1), group(2, { idTimes: [7, 0] }), group(2 ** 52)];
  const [headers, ...rest] = encodeAppend(groups);
  expect(headers!.length).toBe(3 * 49);
  expect(rest.map(({ length }) => length)).toEqual([
    groups[0]!.frames.length,
    groups[1]!.frames.length,
    16,
    groups[2]!.frames.length,
  ]);
  expect(new DataView(headers!.buffer).getFloat64(2 * 49)).toBe(2 ** 52);
});

test('the flat reply is cut into the outcomes of the groups', () => {
  const reply = [0, 11, 99, 2, 2, 1, 0, 7, 4, 98, 3, 8, -1, -1, 5, 1, 6, 2, 2, 1, 3, 250, 4, 1, 0, 0];
  expect(decodeAppend(reply, 6)).toEqual([
    {
      kind: 'appended',
      firstSeq: 11,
      firstTs: 99,
      stored: 2,
      duplicates: [
        { index: 0, shardlet: 7, seq: 4, ts: 98 },
        { index: 3, shardlet: 8, seq: undefined, ts: undefined },
      ],
      expired: [5],
    },
    { kind: 'stale', epoch: 6, mode: 'sealed' },
    { kind: 'outside', index: 1 },
    { kind: 'ahead', aheadMicros: 250 },
    { kind: 'tooManyIds' },
    { kind: 'stale', epoch: 0, mode: 'absent' },
  ]);
});

test('what a host could not undo half-way is refused before it is sent', () => {
  expect(() => insistOnWellFormed([group(1), group(1)])).toThrow(/each shardlet once/);
  expect(() => insistOnWellFormed([group(1, { count: 3 })])).toThrow(/are not 3/);
  expect(() =>
    insistOnWellFormed([group(1, { frames: sampleFrame(1).subarray(0, 38), count: 1 })]),
  ).toThrow();
  expect(() => insistOnWellFormed([group(1, { idTimes: [1] })])).toThrow(/id time/);
  expect(() => insistOnWellFormed([group(1), group(2)])).not.toThrow();
});
