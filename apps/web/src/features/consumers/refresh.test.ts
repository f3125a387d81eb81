import { expect, it } from 'vitest';
import { refreshAfterMs } from './refresh.ts';

it('asks every two seconds, and more seldom for what takes long', () => {
  expect(refreshAfterMs()).toBe(2_000);
  expect(refreshAfterMs({ tookMs: 40 })).toBe(2_000);
  expect(refreshAfterMs({ tookMs: 1_000 })).toBe(5_000);
});
