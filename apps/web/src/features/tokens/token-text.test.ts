import { expect, it } from 'vitest';
import { expiryOf } from './token-text.ts';

const NOW_MS = Date.parse('2026-11-23T12:00:00Z');
const inDays = (days: number) => new Date(NOW_MS + days * 86_400_000).toISOString();

it('warns in the last 14 days', () => {
  expect(expiryOf(inDays(14), NOW_MS)).toMatchObject({ text: 'expires in 14\u00a0days', isNear: false });
  expect(expiryOf(inDays(13.9), NOW_MS)).toMatchObject({ isNear: true });
  expect(expiryOf(inDays(-1), NOW_MS)).toEqual({ text: 'expired', isNear: true });
  expect(expiryOf(null, NOW_MS)).toEqual({ text: 'never expires', isNear: false });
});
