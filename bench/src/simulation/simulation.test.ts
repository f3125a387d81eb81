/** 170 seeds, and 40 with hosts that go back, a quarter and a fifth of those in many-seeds.slow.test.ts, which asks for coverage as well. */
import { expect, test } from 'vitest';
import { expectKept, expectSeeds, simulate } from './seeds.fixture.ts';

test('no seed breaks a promise', { timeout: 300_000 }, async () => {
  await expectKept(170);
});

test('nor does one with hosts that go back', { timeout: 300_000 }, async () => {
  await expectKept(40, '--set-back');
});

test('nor does one that showed what was mended last (docs/simulation.md)', { timeout: 120_000 }, async () => {
  await expectSeeds([1345, 3567, 3795, 3861, 3924, 4646]);
});

test('a seed gives the same run again', { timeout: 120_000 }, async () => {
  const args = ['--from', '2', '--seeds', '1', '--trace'];
  const [one, other] = await Promise.all([simulate(...args), simulate(...args)]);
  expect(withoutTimes(one!)).toBe(withoutTimes(other!));
});

/** The last line tells how long it took. */
function withoutTimes(text: string): string {
  return text.trimEnd().split('\n').slice(0, -1).join('\n');
}
