import { expect, test } from 'vitest';
import {
  CHUNK_BYTES_MIN,
  durationMs,
  FIRST_PACE,
  feel,
  nextChunkBytes,
  type Pace,
  RATE_MIN,
  rateOf,
} from './pace.ts';

const FREE = { budget: null, sharers: 1, own: null };

function after(samples: readonly number[], pace: Pace = FIRST_PACE): Pace {
  return samples.reduce((p, ms) => feel(p, new Map([[1, ms]])), pace);
}

test('it rises while the hosts answer as quickly as without copying', () => {
  const pace = after([1, 1, 1.2, 0.9, 1]);
  expect(rateOf(pace, FREE)).toBeGreaterThan(rateOf(FIRST_PACE, FREE));
});

test('it falls quickly while a host answers late, but never to a standstill', () => {
  const quiet = after([1, 1, 1]);
  const strained = after([40, 40, 40, 40], quiet);
  expect(rateOf(strained, FREE)).toBeLessThan(rateOf(quiet, FREE) / 4);
  expect(rateOf(after(Array(100).fill(40), quiet), FREE)).toBe(RATE_MIN);
});

test('from the lowest rate it is as quick as ever within seconds', () => {
  const strained = after(Array(100).fill(40), after([1, 1, 1]));
  const samplesIn4s = Array(80).fill(1);
  expect(rateOf(after(samplesIn4s, strained), FREE)).toBeGreaterThanOrEqual(rateOf(FIRST_PACE, FREE));
});

test('one late answer among quick ones is noise', () => {
  const quiet = after([1, 1, 1]);
  expect(after([40], quiet).bearable).toBe(quiet.bearable);
  expect(after([40, 1, 40, 1], quiet).bearable).toBeGreaterThan(quiet.bearable);
});

test('either host is enough to slow it down', () => {
  const sample = (of2: number) =>
    new Map([
      [1, 1],
      [2, of2],
    ]);
  const quiet = feel(FIRST_PACE, sample(1));
  const strained = feel(feel(quiet, sample(40)), sample(40));
  expect(strained.bearable).toBeLessThan(quiet.bearable);
});

test('the lowest of budget share, own limit and what the hosts bear holds', () => {
  expect(rateOf(FIRST_PACE, { budget: 10_000_000, sharers: 4, own: null })).toBe(2_500_000);
  expect(rateOf(FIRST_PACE, { budget: 10_000_000, sharers: 4, own: 1_000_000 })).toBe(1_000_000);
  expect(rateOf(FIRST_PACE, { budget: 1e12, sharers: 1, own: null })).toBe(FIRST_PACE.bearable);
});

test('chunks start small, and grow while they are done in time', () => {
  const grown: number[] = [];
  for (let bytes = CHUNK_BYTES_MIN, i = 0; i < 7; i++) {
    bytes = nextChunkBytes(bytes, 10, 64_000_000);
    grown.push(bytes);
  }
  expect(grown).toEqual([32_000, 64_000, 128_000, 256_000, 500_000, 500_000, 500_000]);
});

test('a chunk that took too long is followed by one that would have been in time', () => {
  expect(nextChunkBytes(400_000, 1_000, 64_000_000)).toBe(40_000);
  expect(nextChunkBytes(400_000, 60_000, 64_000_000)).toBe(CHUNK_BYTES_MIN);
});

test('chunks are small where the rate is low, and a chunk takes as long as its rate wants', () => {
  expect(nextChunkBytes(400_000, 10, 256_000)).toBe(25_600);
  expect(nextChunkBytes(400_000, 10, 5_000_000)).toBe(500_000);
  expect(durationMs(500_000, 1_000_000)).toBe(500);
});
