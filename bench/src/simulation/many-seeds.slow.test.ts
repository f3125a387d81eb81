/** As many seeds as every fault needs to meet every transition. */
import { expect, test } from 'vitest';
import { gapsIn } from './plan.ts';
import { expectKept } from './seeds.fixture.ts';
import { SET_BACK_COUNTS } from './set-backs.ts';

test('no seed breaks a promise, and every fault meets every transition', { timeout: 900_000 }, async () => {
  expect(gapsIn(await expectKept(880), false)).toEqual([]);
});

test('nor does one with hosts that go back, which are found in every way', { timeout: 600_000 }, async () => {
  const coverage = await expectKept(200, '--set-back');
  for (const what of SET_BACK_COUNTS) expect([what, coverage.count(what, 'done')]).not.toEqual([what, 0]);
});
