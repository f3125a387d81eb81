import { describe, expect, it } from 'vitest';
import {
  formatAgo,
  formatClock,
  formatDuration,
  formatFromNow,
  formatHoursToFull,
  formatMoment,
  formatMomentShort,
} from './time.ts';

const plain = (text: string) => text.replaceAll('\u00a0', ' ');

describe('formatDuration', () => {
  it.each([
    [400, '0.4 s'],
    [12_000, '12 s'],
    [89_000, '89 s'],
    [240_000, '4 min'],
    [3 * 3_600_000, '3 h'],
    [72 * 3_600_000, '3 days'],
  ])('%d ms is written %s', (ms, text) => expect(plain(formatDuration(ms))).toBe(text));
});

it('says "just now" for what is as fresh as the picture can be', () => {
  expect(formatAgo(2_000)).toBe('just now');
  expect(plain(formatAgo(12_000))).toBe('12 s ago');
});

it('gives no number for a far future', () => {
  expect(plain(formatHoursToFull(10_000))).toBe('> 90 days');
  expect(plain(formatHoursToFull(0.5))).toBe('30 min');
});

it('leaves out the date of what happened within a day, and the clock of what is older', () => {
  const ms = Date.UTC(2026, 10, 21, 14, 3, 27);
  expect(formatMomentShort(ms, ms + 60_000, 'utc')).toBe('14:03:27 UTC');
  expect(formatMomentShort(ms, ms + 2 * 86_400_000, 'utc')).toBe('2026-11-21');
  expect(formatMomentShort(ms, ms - 60_000, 'utc')).toBe('14:03:27 UTC');
  expect(formatMomentShort(ms, ms - 2 * 86_400_000, 'utc')).toBe('2026-11-21 14:03:27 UTC');
});

it('writes distances for a reader who wants them', () => {
  expect(plain(formatMoment(60_000, 'relative', 240_000))).toBe('3 min ago');
  expect(plain(formatMomentShort(60_000, 180_000, 'relative'))).toBe('2 min ago');
  expect(plain(formatFromNow(72_000, 60_000))).toBe('in 12 s');
});

it('writes moments in the zone that was asked for', () => {
  const ms = Date.UTC(2026, 10, 21, 14, 3, 27);
  expect(formatClock(ms, 'utc')).toBe('14:03:27');
  expect(formatMoment(ms, 'utc')).toBe('2026-11-21 14:03:27 UTC');
});
