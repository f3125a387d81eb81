import { expect, it } from 'vitest';
import { provenWords, restoreWords } from './recovery-words.ts';

it('says how far a rate can be believed', () => {
  expect(provenWords({ errorShare: null, count: 0 })).toBe('a cautious guess: nothing was measured yet');
  expect(provenWords({ errorShare: 0.126, count: 41 })).toMatch(/^learned from 41, off by 1[23](\.6)?.?%$/);
});

it('says of a restore what each one takes, and what its size adds', () => {
  const how = { errorShare: null, count: 0 };
  expect(restoreWords({ fixedMs: 2_000, bytesPerSecond: null, ...how })).not.toContain('/s');
  expect(restoreWords({ fixedMs: 2_000, bytesPerSecond: 5e7, ...how })).toMatch(/ and .*MB\/s$/);
});
