import { expect, it } from 'vitest';
import { Repeats } from './repeats.ts';

it('lets one of a kind through in a minute', () => {
  const repeats = new Repeats();
  const asked = ([key, nowMs]: readonly [string, number]) => repeats.isRepeated(key, nowMs);
  expect((['a', 'b'] as const).map((key) => asked([key, 0]))).toEqual([false, false]);
  expect([asked(['a', 59_999]), asked(['a', 60_000]), asked(['a', 60_001])]).toEqual([true, false, true]);
});

it('stays bounded, and forgets the oldest first', () => {
  const repeats = new Repeats();
  for (let i = 0; i <= 1_000; i++) repeats.isRepeated(String(i), 0);
  expect(repeats.isRepeated('1000', 1)).toBe(true);
  expect(repeats.isRepeated('0', 1)).toBe(false);
});
