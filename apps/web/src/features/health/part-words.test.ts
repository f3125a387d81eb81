import { expect, it } from 'vitest';
import { placeWords } from './part-words.ts';

const parts = (loadSkew: number | null, hotKey: number | null) => [
  { part: 'loadSkew', raw: loadSkew } as const,
  { part: 'hotKey', raw: hotKey } as const,
];

it.each([
  ['One hot key', 5.5, 0.9],
  ['A hot range', 5.5, 0.1],
  ['its keys are not known', 5.5, null],
  ['about what the others carry', 1.2, 0.9],
])('the load of a shardlet is classed as on the heat map: %s', (words, times, key) => {
  expect(placeWords(parts(times, key))).toContain(words);
});

it('says nothing of a load that is not known, or of a host, which has no heaviest key', () => {
  expect(placeWords(parts(null, 0.9))).toBeUndefined();
  expect(placeWords([])).toBeUndefined();
});
