import { expect, it } from 'vitest';
import { Absences, retryAfterAway } from './absences.ts';

const SECOND = 1_000_000;

it('a client waits half as long as the host is away already, one second at least and 30 at most', () => {
  const waits = [0, 1, 2, 2.1, 10, 59, 60, 3_600].map((seconds) => retryAfterAway(seconds * SECOND));
  expect(waits).toEqual([1, 1, 1, 2, 5, 30, 30, 30]);
});

it('an absence begins at the first failure, ends at an answer, and is of one host', () => {
  let now = 5 * SECOND;
  const absences = new Absences(() => now);
  expect(absences.failed(1)).toBe(1);
  now += 20 * SECOND;
  expect([absences.failed(1), absences.failed(2)]).toEqual([10, 1]);
  absences.answered(1);
  now += 20 * SECOND;
  expect([absences.failed(1), absences.failed(2)]).toEqual([1, 10]);
});
