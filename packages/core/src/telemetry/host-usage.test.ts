import { expect, test } from 'vitest';
import { hostUsageSchema, hoursToFull } from './host-usage.ts';

const MINUTE_MS = 60_000;
const T0_MS = 1_767_225_600_000;

function growing(bytesPerMinute: number, minutes: number, from = 1_000_000) {
  return Array.from({ length: minutes + 1 }, (_, i) => ({
    atMs: T0_MS + i * MINUTE_MS,
    usedBytes: from + i * bytesPerMinute,
  }));
}

test('a host that grows steadily is full when the line reaches the limit', () => {
  expect(hoursToFull(growing(1_000, 10), 1_000_000 + 1_000 * (10 + 60 * 5))).toBeCloseTo(5, 6);
});

test('noise around the line does not matter much', () => {
  const noisy = growing(10_000, 60).map((s, i) => ({
    ...s,
    usedBytes: s.usedBytes + (i % 2 ? 3_000 : -3_000),
  }));
  const full = 1_000_000 + 10_000 * (60 + 120);
  expect(hoursToFull(noisy, full)).toBeGreaterThan(1.9);
  expect(hoursToFull(noisy, full)).toBeLessThan(2.1);
});

test('a host that shrinks or stays as it is will not be full', () => {
  expect(hoursToFull(growing(0, 10), 2_000_000)).toBeUndefined();
  expect(hoursToFull(growing(-500, 10), 2_000_000)).toBeUndefined();
  expect(hoursToFull(growing(0.001, 10), 1e12)).toBeUndefined();
});

test('a host whose load ended some minutes ago will not be full', () => {
  const grown = growing(100_000, 10);
  const last = grown.at(-1)!;
  const quiet = Array.from({ length: 4 }, (_, i) => ({ ...last, atMs: last.atMs + (i + 1) * MINUTE_MS }));
  expect(hoursToFull(grown, 1e9)).toBeDefined();
  expect(hoursToFull([...grown, ...quiet], 1e9)).toBeUndefined();
});

test('nothing is told from too few samples, or from too short a time', () => {
  expect(hoursToFull([], 2_000_000)).toBeUndefined();
  expect(hoursToFull(growing(1_000, 1), 2_000_000)).toBeUndefined();
  const quick = growing(1_000, 10).map((s, i) => ({ ...s, atMs: T0_MS + i * 1_000 }));
  expect(hoursToFull(quick, 2_000_000)).toBeUndefined();
});

test('a host above its limit is full now', () => {
  expect(hoursToFull(growing(1_000, 10), 500_000)).toBe(0);
});

test('a report survives its journey through JSON', () => {
  const report = { measuredAtMs: T0_MS, reachable: false, reason: 'no answer', incarnationKnown: false };
  expect(hostUsageSchema.parse(JSON.parse(JSON.stringify({ ...report, usedBytes: undefined })))).toEqual(
    report,
  );
});
