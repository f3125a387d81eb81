import { describe, expect, test } from 'vitest';
import { policySchema } from '../planning/index.ts';
import { type FiringRule, firingsOf, type LoadHistory } from './firings.ts';

const HOUR_MS = 3_600_000;
/** events of an hour that make so many a second */
const hour = (perSecond: number) => perSecond * 3_600;
const policy = (change: object) =>
  policySchema.parse({ capacity: { events_per_second: 100, bytes_per_second: 1e6 }, ...change });

/** Two hosts with a shardlet each, by hours. */
function history(first: number[], second: number[], more: Partial<LoadHistory> = {}): LoadHistory {
  const unknown = first.map(() => Number.NaN);
  return {
    fromMs: 0,
    stepMs: HOUR_MS,
    steps: first.length,
    owners: [0, 1],
    hosts: [
      { id: 1, capacity: {} },
      { id: 2, capacity: {} },
    ],
    events: [...first, ...second].map(hour),
    bytes: [...first, ...second].map(() => 0),
    health: [unknown, unknown],
    ...more,
  };
}

function firing(rule: FiringRule, ...args: Parameters<typeof firingsOf>) {
  return firingsOf(...args).firings.find((one) => one.rule === rule)!;
}

describe('firings', () => {
  test('a host that takes less than the others is hot earlier', () => {
    const small = { eventsPerSecond: 50 };
    const hosts = [
      { id: 1, capacity: {} },
      { id: 2, capacity: small },
    ];
    const loads = history([45, 45], [45, 10], { hosts });
    expect(firing('hot-host', loads, policy({ host: { fullness: 0.8 } }))).toMatchObject({
      times: 1,
      observed: [0.9, 0.45],
    });
    // of the larger of its host and one of mean capacity, as the planner splits
    expect(firing('large-share', loads, policy({ shardlet: { host_share_max: 0.8 } })).observed).toEqual([
      45 / 75,
      45 / 100,
    ]);
  });

  test('an hour above after one below is one firing, of each host by itself', () => {
    const loads = history([90, 90, 10, 90], [10, 10, 85, 10]);
    expect(firing('hot-host', loads, policy({ host: { fullness: 0.8 } }))).toMatchObject({
      times: 3,
      subjects: 2,
      lastAtMs: 3 * HOUR_MS,
      threshold: 0.8,
      observed: [0.9, 0.9, 0.85, 0.9],
    });
    expect(firing('hot-host', loads, policy({ host: { fullness: 0.95 } }))).toMatchObject({
      times: 0,
      subjects: 0,
      lastAtMs: null,
    });
  });

  test('hours that nobody observed do not fire and are told as unknown', () => {
    const loads = history([90, Number.NaN, 90], [Number.NaN, Number.NaN, 10]);
    const { times, observed } = firing('hot-host', loads, policy({ host: { fullness: 0.8 } }));
    expect([times, observed]).toEqual([2, [0.9, null, 0.9]]);
  });

  test('a shardlet is full by its rate, by the bytes of a day, and by its share of a host', () => {
    const loads = history([50, 50, 50], [10, 10, 10], { bytes: [400, 400, 400, 1, 1, 1] });
    const shardlet = { rate_cap: 60, fullness: 0.8, shardlet_size: 1_000, host_share_max: 0.4 };
    const set = policy({ shardlet });
    expect(firing('full-by-rate', loads, set)).toMatchObject({ times: 1, threshold: 48 });
    expect(firing('full-by-bytes', loads, set)).toMatchObject({ times: 1, lastAtMs: 2 * HOUR_MS });
    expect(firing('large-share', loads, set)).toMatchObject({ times: 1, subjects: 1, threshold: 0.4 * 0.8 });
  });

  test('a host stands out only above the floor', () => {
    const set = (floor: number) => policy({ host: { imbalance_tolerance: 0.5, imbalance_floor: floor } });
    expect(firing('uneven-host', history([60], [10]), set(0.5)).times).toBe(1);
    expect(firing('uneven-host', history([60], [10]), set(0.7)).times).toBe(0);
  });

  test('a cluster is empty when the others could carry all', () => {
    const set = policy({ scaling: { scale_in_fullness: 0.5, hosts_min: 1 } });
    expect(firing('cluster-empty', history([20, 40, 20], [20, 40, 20]), set).times).toBe(2);
    expect(firing('cluster-empty', history([20], [20]), policy({ scaling: { hosts_min: 2 } })).times).toBe(0);
  });

  test('of hosts that differ in size all capacity counts, and the smallest is the one that goes', () => {
    const hosts = [
      { id: 1, capacity: { eventsPerSecond: 1_000 } },
      { id: 2, capacity: {} },
    ];
    const loads = history([400, 400], [20, 90], { hosts });
    const set = policy({ scaling: { scale_in_fullness: 0.45, hosts_min: 1 }, host: { fullness: 0.5 } });
    expect(firing('cluster-empty', loads, set)).toMatchObject({ times: 1, observed: [0.42, 0.49] });
    expect(firing('cluster-full', loads, set)).toMatchObject({
      times: 0,
      observed: [420 / 1_100, 490 / 1_100],
    });
  });

  test('a sick host is one below the threshold of health', () => {
    const loads = history([1, 1, 1], [1, 1, 1], {
      health: [
        [80, 30, 20],
        [90, 90, 90],
      ],
    });
    expect(firing('unhealthy-host', loads, policy({ host: { health_threshold: 40 } }))).toMatchObject({
      times: 1,
      observed: [80, 30, 20],
    });
  });
});
