/** As many seeds as every fault needs to meet every transition. */
import { expect, test } from 'vitest';
import { gapsIn } from './plan.ts';
import { expectKept } from './seeds.fixture.ts';

test('no seed breaks a promise, and every fault meets every transition', { timeout: 900_000 }, async () => {
  expect(gapsIn(await expectKept(680), false)).toEqual([]);
});
