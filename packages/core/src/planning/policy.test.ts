import { expect, test } from 'vitest';
import { hostDescriptionSchema } from '../topology/index.ts';
import { policySchema } from './policy.ts';

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
