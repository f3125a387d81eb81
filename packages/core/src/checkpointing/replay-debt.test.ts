import fc from 'fast-check';
import { expect, it } from 'vitest';
import { debtFrom, eventsToReplay, seen } from './replay-debt.ts';

const START = debtFrom({ seq: 100, atMs: 0 }, 100);

it('counts the events after the checkpoint, also those that came while it was taken', () => {
  expect(eventsToReplay(debtFrom({ seq: 100, atMs: 0 }, 130))).toBe(30);
  expect(eventsToReplay(seen(START, 160, 10_000))).toBe(60);
});

it('adds up how long they have waited, with even arrivals between two looks', () => {
  const first = seen(START, 160, 10_000);
  expect(first.eventSeconds).toBeCloseTo(300, 9);
  expect(seen(first, 160, 20_000).eventSeconds).toBeCloseTo(300 + 600, 9);
});

it('does not depend on how often it is looked at, while the rate is even', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 30 }), (pauses) => {
      let debt = START;
      let nowMs = 0;
      for (const pause of pauses) {
        nowMs += pause;
        debt = seen(debt, 100 + nowMs / 50, nowMs);
      }
      const once = seen(START, 100 + nowMs / 50, nowMs);
      expect(debt.eventSeconds / once.eventSeconds).toBeCloseTo(1, 6);
      expect(debt.measuredPerSecond).toBeCloseTo(20, 6);
    }),
  );
});

it('measures the rate of the last minutes', () => {
  const quiet = seen(START, 160, 60_000);
  expect(quiet.measuredPerSecond).toBe(1);
  const oneMinute = seen(quiet, 760, 120_000).measuredPerSecond!;
  expect(oneMinute).toBeGreaterThan(4);
  expect(oneMinute).toBeLessThan(5);
  expect(seen(quiet, 160 + 6_000, 660_000).measuredPerSecond).toBeGreaterThan(9.9);
});

it('ignores a look that comes late', () => {
  const debt = seen(START, 160, 10_000);
  expect(seen(debt, 170, 10_000)).toBe(debt);
  expect(seen(debt, 150, 20_000)).toBe(debt);
});

it('refuses a checkpoint of events that are not there', () => {
  expect(() => debtFrom({ seq: 101, atMs: 0 }, 100)).toThrow('no event');
});
