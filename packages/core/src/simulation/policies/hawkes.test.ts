import { expect, it } from 'vitest';
import { seededRandom } from '../../kernel/index.ts';
import { announcedSurges } from './announced-surges.ts';
import { hawkes } from './hawkes.ts';

it('draws as many events as rates and children say, at their lags', () => {
  const until = 200_000;
  const excitation = { from: 0, to: 1, children: 1.2, lag: () => 30, spread: 0.1 };
  const events = hawkes(seededRandom(3), [0.01, 0.005], [excitation], until);
  const of = (dimension: number) => events.filter((one) => one.dimension === dimension).map(({ at }) => at);
  const [causes, effects] = [of(0), of(1)];
  expect(causes.length / (0.01 * until)).toBeCloseTo(1, 1);
  expect(effects.length / (0.005 * until + 1.2 * causes.length)).toBeCloseTo(1, 1);
  const near = causes.filter((at) => effects.some((one) => one > at + 20 && one < at + 40));
  // exp(-1.2) without effect, and what comes by chance
  expect(1 - near.length / causes.length).toBeGreaterThan(0.15);
  expect(1 - near.length / causes.length).toBeLessThan(0.35);
});

it('makes a control of the same bursts, with the same causes elsewhere in time', { timeout: 60_000 }, () => {
  const [surge, control] = [announcedSurges(1, 1, false), announcedSurges(1, 1, true)];
  expect(control.count).toEqual(surge.count);
  expect(control.marks!.length).toBe(surge.marks!.length);
  const kinds = (marks: typeof surge.marks) => marks!.map(({ type }) => type).sort();
  expect(kinds(control.marks)).toEqual(kinds(surge.marks));
  expect(control.marks!.map(({ minute }) => minute)).not.toEqual(surge.marks!.map(({ minute }) => minute));
});
