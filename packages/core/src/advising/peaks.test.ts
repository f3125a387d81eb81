import { expect, test } from 'vitest';
import { clusterStateSchema, policySchema } from '../planning/index.ts';
import { peakSteps, preparationsFor } from './peaks.ts';
import type { ForecastStep } from './state-from-observations.ts';

/** It is 22:00; hosts take 100 events a second, and at 18:00 the next day the first has 130, in two shardlets. */
const state = clusterStateSchema.parse({
  version: 1,
  now: '2026-11-02T22:00:00Z',
  hosts: ['1', '2'].map((id) => ({ id, capacity: { eventsPerSecond: 100 } })),
  shardlets: [
    { id: '10', host: '1', load: { eventsPerSecond: 30 }, bytes: 1_000 },
    { id: '11', host: '1', load: { eventsPerSecond: 25 }, bytes: 1_000 },
    { id: '12', host: '2', load: { eventsPerSecond: 10 } },
  ],
});
const PEAK_HOUR = 20;
const TROUGH_HOUR = 6;

/** Hours ahead with little load at 04:00 and much at 18:00. */
function far(error: number): Map<number, ForecastStep[]> {
  const steps = (peak: number) =>
    Array.from({ length: 24 }, (_, i) => i + 1)
      .filter((hour) => hour > 1)
      .map((hour) => {
        const middle = hour === PEAK_HOUR ? peak : hour === TROUGH_HOUR ? 2 : 20;
        return { aheadMinutes: hour * 60, quantiles: { '0.5': middle, '0.9': middle * (1 + error) } };
      });
  return new Map([
    [10, steps(60)],
    [11, steps(60)],
    [12, steps(10)],
  ]);
}

const policy = (change: object = {}) => policySchema.parse({ shardlet: { host_share_max: 1 }, ...change });

test('a sure peak is prepared for in the quietest hour before it', () => {
  const [move, ...more] = preparationsFor(state, far(0.1), policy());
  expect(more).toEqual([]);
  expect(move).toMatchObject({
    action: 'move',
    source: '1',
    destination: '2',
    urgency: 'when-convenient',
    prepares: { peakAt: '2026-11-03T18:00:00.000Z', bestAt: '2026-11-03T04:00:00.000Z' },
  });
});

test('an unsure peak is left to the plan of its own hour', () => {
  expect(preparationsFor(state, far(0.26), policy())).toEqual([]);
  expect(preparationsFor(state, far(0.26), policy({ forecast: { peak_error_max: 0.5 } }))).toHaveLength(1);
});

test('a trough lies in a window, and a peak that no window comes before is not prepared for', () => {
  const window = (from: string, to: string) => policy({ migration_window: [{ from, to, zone: 'UTC' }] });
  expect(preparationsFor(state, far(0.1), window('11:00', '12:00'))[0]!.prepares!.bestAt).toBe(
    '2026-11-03T11:00:00.000Z',
  );
  expect(preparationsFor(state, far(0.1), window('18:00', '21:00'))).toEqual([]);
});

test('only hours beyond the near horizon are looked at, and none when that is switched off', () => {
  expect(peakSteps(policy({ forecast: { horizon: 120, peak_horizon: 300 } }))).toEqual([180, 240, 300]);
  expect(peakSteps(policy({ forecast: { peak_horizon: 0 } }))).toEqual([]);
});
