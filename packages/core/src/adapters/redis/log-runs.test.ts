import { expect, test } from 'vitest';
import { concatFrames, sampleFrame } from '../../hosts/contract/sample-events.ts';
import type { StoredRecord } from '../../hosts/index.ts';
import { encodeRuns } from './log-runs.ts';

function record(seq: number, ts: number, payloadBytes = 10): StoredRecord {
  return { seq, ts, frame: sampleFrame(seq, { payloadBytes }) };
}

function runs(records: readonly StoredRecord[]) {
  const args = encodeRuns(records);
  return Array.from({ length: args.length / 3 }, (_, i) => args.slice(i * 3, i * 3 + 3));
}

test('records whose times rise by one make one run with their frames in one piece', () => {
  const records = [record(5, 100), record(6, 101), record(7, 102)];
  const frames = Buffer.from(concatFrames(records.map(({ frame }) => frame)));
  expect(runs(records)).toEqual([[5, 100, frames]]);
});

test('a step in time begins a new run', () => {
  const found = runs([record(1, 100), record(2, 101), record(3, 500), record(4, 501)]);
  expect(found.map(([seq, ts]) => [seq, ts])).toEqual([
    [1, 100],
    [3, 500],
  ]);
});

test('a run ends before it gets large, but holds one record of any size', () => {
  const large = 300 * 1024;
  const found = runs([record(1, 1, large), record(2, 2, 10), record(3, 3, 10), record(4, 4, large)]);
  expect(found.map(([seq]) => seq)).toEqual([1, 2, 4]);
});

test('no records make no run, records with a gap are a fault of the caller', () => {
  expect(encodeRuns([])).toEqual([]);
  expect(() => encodeRuns([record(1, 1), record(3, 2)])).toThrow(/follow one another/);
});
