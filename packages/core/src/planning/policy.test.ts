import { expect, test } from 'vitest';
import { hostDescriptionSchema } from '../topology/index.ts';
import { policySchema } from './policy.ts';

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
