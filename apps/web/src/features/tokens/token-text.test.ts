import { expect, it } from 'vitest';
import { expiryOf, signInOf, whyNotMine } from './token-text.ts';

const NOW_MS = Date.parse('2026-11-23T12:00:00Z');
const inDays = (days: number) => new Date(NOW_MS + days * 86_400_000).toISOString();

it('warns in the last 14 days', () => {
  expect(expiryOf(inDays(14), NOW_MS)).toMatchObject({ text: 'expires in 14\u00a0days', isNear: false });
  expect(expiryOf(inDays(13.9), NOW_MS)).toMatchObject({ isNear: true });
  expect(expiryOf(inDays(-1), NOW_MS)).toEqual({ text: 'expired', isNear: true });
  expect(expiryOf(null, NOW_MS)).toEqual({ text: 'never expires', isNear: false });
});

it('says by when an owner from an identity provider has to sign in, in the last 14 days and afterwards', () => {
  expect([signInOf(null, NOW_MS), signInOf(inDays(20), NOW_MS)]).toEqual([undefined, undefined]);
  expect(signInOf(inDays(2), NOW_MS)).toBe('owner has to sign in within 2\u00a0days');
  expect(signInOf(inDays(-1), NOW_MS)).toBe('refused: owner has to sign in');
});

it('names the owner who alone can rotate a token', () => {
  const [ada, nobody] = [{ owner: 'ada@example.org' }, { owner: null }];
  expect(whyNotMine(ada, 'bob@example.org')).toContain('Only ada@example.org can rotate it');
  for (const me of ['ada@example.org', undefined]) expect(whyNotMine(ada, me)).toBeUndefined();
  expect(whyNotMine(nobody, 'bob@example.org')).toBeUndefined();
});
