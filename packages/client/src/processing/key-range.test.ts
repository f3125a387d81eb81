import { hashKey } from '@foreshard/core/keyspace';
import { expect, it } from 'vitest';
import { hashOfKey, holdsKey } from './key-range.ts';

it.each([
  ['', 0],
  ['test', 0xba6bd213],
])('the hash of "%s" is that of the reference', (key, hash) => {
  expect(hashOfKey(key)).toBe(hash);
});

it('agrees with the product on keys of every length and alphabet', () => {
  const letters = ['a', 'Z', '7', '/', 'é', '漢', '😀', '\u0000'];
  for (let length = 1; length < 60; length++) {
    const key = Array.from({ length }, (_, i) => letters[(i * 5 + length) % letters.length]).join('');
    expect(hashOfKey(key), key).toBe(hashKey(key));
  }
});

it('a key is in the range that has its hash', () => {
  const high = hashOfKey('k');
  const [start, middle, end] = [
    { high: 0, low: 0 },
    { high, low: 0 },
    { high: 2 ** 32, low: 0 },
  ];
  const ranges = [
    { start, end: middle },
    { start: middle, end },
    { start: { high, low: 1 }, end },
  ];
  expect(ranges.map((range) => holdsKey(range, 'k'))).toEqual([false, true, false]);
});
