import { expect, it } from 'vitest';
import { partOfKeys, surgeState } from './surge-words.ts';

it('says where and when', () => {
  expect(partOfKeys({ from: 0.5, to: 0.5625 })).toBe('0.500 to 0.563');
  const expectedAt = '2026-11-25T12:20:00.000Z';
  expect(surgeState({ cameAt: null, expectedAt })).toBe('expected at 12:20 UTC');
  expect(surgeState({ cameAt: '2026-11-25T12:18:00.000Z', expectedAt })).toBe('came at 12:18 UTC');
});
