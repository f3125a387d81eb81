import { beforeEach, expect, it } from 'vitest';
import { seededRandom } from '../kernel/index.ts';
import { BUCKET_MS, gainOf, type Outcome, TRIAL_BUCKETS, Worth } from './worth.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let worth: Worth;
let nowMs: number;

beforeEach(() => {
  nowMs = 0;
  worth = new Worth(nowMs);
});

function pass(buckets: number, outcome: (i: number) => Outcome): void {
  for (let i = 0; i < buckets; i++) worth.observe(outcome(i), (nowMs += BUCKET_MS));
}
const gaining = (i: number) => ({ reads: 100, savedMs: 50 + (i % 5), wastedMs: 20 });
const inVain = (i: number) => ({ reads: 100, savedMs: i % 2, wastedMs: 200 });

it('says nothing before the trial is over', () => {
  pass(TRIAL_BUCKETS - 1, gaining);
  expect(worth.standing.kind).toBe('trial');
});

it('is worth it where readers are spared more than hosts are kept busy in vain', () => {
  pass(TRIAL_BUCKETS, gaining);
  expect(worth.standing).toMatchObject({ kind: 'worth', sinceMs: nowMs });
});

it('stands aside within an hour where nothing correlates, and is tried again a day later', () => {
  pass(HOUR_MS / BUCKET_MS, inVain);
  expect(worth.standing).toMatchObject({ kind: 'aside', sinceMs: TRIAL_BUCKETS * BUCKET_MS });
  expect(worth.isOn).toBe(false);
  pass((DAY_MS - HOUR_MS) / BUCKET_MS, inVain);
  expect(worth.isOn).toBe(false);
  pass(TRIAL_BUCKETS, inVain);
  expect(worth.standing.kind).toBe('trial');
});

it('stands aside as soon as a day of it is not worth it any more', () => {
  pass(40, gaining);
  pass(12, inVain);
  expect(worth.isOn).toBe(true);
  pass(150, inVain);
  expect(worth.isOn).toBe(false);
});

it('is not sure of a gain that one lucky hour made', () => {
  pass(TRIAL_BUCKETS, (i) => ({ reads: 100, savedMs: i === 0 ? 500 : 0, wastedMs: 60 }));
  expect(worth.isOn).toBe(false);
});

it('learns nothing from hours in which nobody reads', () => {
  pass(100, () => ({ reads: 0, savedMs: 0, wastedMs: 0 }));
  expect(worth.standing.kind).toBe('trial');
});

it('gives an interval around the mean', () => {
  const outcomes = Array.from({ length: 40 }, (_, i) => ({ reads: 10, savedMs: i % 4, wastedMs: 0 }));
  const { low, mean, high } = gainOf(outcomes, seededRandom(1));
  expect(mean).toBeCloseTo(0.15);
  expect(low).toBeGreaterThan(0.1);
  expect(high).toBeLessThan(0.2);
});
