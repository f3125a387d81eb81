import { expect, test } from 'vitest';
import { hostDescriptionSchema } from '../topology/index.ts';
import { absentFrom, policySchema } from './policy.ts';

test('a window lasts: one that ends when it begins is refused', () => {
  const window = { from: '04:00', zone: 'Europe/Berlin' };
  const isGood = (to: string) => policySchema.safeParse({ migration_window: [{ ...window, to }] }).success;
  expect(['04:00', '03:00', '04:01'].map(isGood)).toEqual([false, true, true]);
});

test.each([
  [{ disk: 'ssd', 'rack/1': 'r.1' }, true],
  [{ 'a b': 'c' }, false],
  [{ disk: '' }, false],
  [{ disk: '-ssd' }, false],
])('a rule may ask for labels that a host may have, and for no others: %j', (labels, may) => {
  const placement = [{ stream: 'main', pinned_to: labels }];
  expect([
    policySchema.safeParse({ placement }).success,
    hostDescriptionSchema.safeParse({ labels }).success,
  ]).toEqual([may, may]);
});

test.each([
  [{ stream: 'main', mode: 'auto' }, true],
  [{ stream: 'main', shards: [3, 7], mode: 'ask', auto: { max_bytes: 1 }, migration_window: [] }, true],
  [{ cluster: 'theirs', mode: 'auto' }, true],
  [{ mode: 'auto' }, false],
  [{ stream: 'main', cluster: 'theirs', mode: 'auto' }, false],
  [{ cluster: 'theirs', shards: [0, 1], mode: 'auto' }, false],
  [{ stream: 'main', shards: [7, 3], mode: 'auto' }, false],
  [{ stream: 'main' }, false],
  [{ stream: 'main', mode: 'auto', auto: { max_bytes: -1 } }, false],
])('a scope is a stream, some of its shards, or another cluster: %j', (scope, may) => {
  expect(policySchema.safeParse({ scopes: [scope] }).success).toBe(may);
});

test('what a scope leaves out is not filled with presets', () => {
  const scopes = [{ stream: 'main', mode: 'auto', auto: { max_events: 5 } }];
  expect(policySchema.parse({ scopes }).scopes).toEqual(scopes);
});

test('tells which streams and clusters it names that are not there, each once', () => {
  const policy = policySchema.parse({
    scopes: [
      { stream: 'main', mode: 'ask' },
      { stream: 'mian', mode: 'ask' },
      { cluster: 'shop', mode: 'ask' },
      { cluster: 'depot', mode: 'ask' },
    ],
    placement: [
      { stream: 'mian', frozen: true },
      { stream: 'main', frozen: true },
    ],
  });
  expect(absentFrom(policy, ['main'], ['shop'])).toEqual(['stream mian', 'cluster depot']);
});
