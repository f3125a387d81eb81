import { expect, it } from 'vitest';
import { formatDuration, parseBytes, parseDuration } from './amounts.ts';

it.each([
  ['90s', 90_000],
  ['15m', 900_000],
  ['7d', 604_800_000],
  ['none', 'none'],
  ['7', undefined],
  ['-1d', undefined],
  ['1w', undefined],
])('reads the time %s', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

it.each([
  ['5000000', 5_000_000],
  ['500MB', 500_000_000],
  ['2gb', 2_000_000_000],
  ['none', 'none'],
  ['much', undefined],
])('reads the size %s', (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes);
});

it('writes a time as it would be read', () => {
  for (const text of ['90s', '15m', '36h', '7d'])
    expect(formatDuration(Number(parseDuration(text)))).toBe(text);
});
