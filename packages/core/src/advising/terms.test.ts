import { describe, expect, it } from 'vitest';
import { policySchema } from '../planning/index.ts';
import { meetsCriteria, obstacleTo, withinBudgets } from './approving.ts';
import { OWN_CLUSTER, type RecommendationRecord } from './recommendation-log.ts';
import { termsFor } from './terms.ts';

const night = [{ from: '04:00', to: '05:00', zone: 'UTC' }];
const policy = policySchema.parse({
  mode: 'ask',
  auto: { max_bytes: 100, max_events: 10 },
  migration_window: night,
  scopes: [
    { stream: 'orders', shards: [3, 7], mode: 'auto', auto: { max_bytes: 5 } },
    { stream: 'orders', mode: 'forecast-only', migration_window: [] },
    { cluster: 'theirs', mode: 'auto' },
  ],
});

function proposed(area?: { stream: string; shard: number }, cluster = OWN_CLUSTER): RecommendationRecord {
  const body = {
    shardlets: ['1'],
    action: 'move',
    checks: [],
    cost: { objective: 0, bytes: 50 },
    confidence: 1,
    gain: null,
    ...(area === undefined ? {} : { area }),
  };
  return { cluster, body } as unknown as RecommendationRecord;
}

describe('the terms of a recommendation', () => {
  it.each([
    [{ stream: 'orders', shard: 3 }, OWN_CLUSTER, 'auto'],
    [{ stream: 'orders', shard: 7 }, OWN_CLUSTER, 'auto'],
    [{ stream: 'orders', shard: 8 }, OWN_CLUSTER, 'forecast-only'],
    [{ stream: 'main', shard: 3 }, OWN_CLUSTER, 'ask'],
    // the number of hosts
    [undefined, OWN_CLUSTER, 'ask'],
    [{ stream: 'orders', shard: 3 }, 'theirs', 'auto'],
    [{ stream: 'orders', shard: 3 }, 'another', 'ask'],
  ])('of %j in cluster "%s" are those of the first scope that speaks of it: %s', (area, cluster, mode) => {
    expect(termsFor(policy, proposed(area, cluster)).mode).toBe(mode);
  });

  it('are as for all where the scope says nothing', () => {
    const { auto, migration_window } = termsFor(policy, proposed({ stream: 'orders', shard: 3 }));
    expect([auto.max_bytes, auto.max_events, migration_window]).toEqual([5, 10, night]);
    expect(termsFor(policy, proposed({ stream: 'orders', shard: 0 })).migration_window).toEqual([]);
  });

  it('let so much of one plan be approved as the budget of the scope allows, in the order of the plan', () => {
    const orders = { stream: 'orders', mode: 'auto', auto: { budget_moves: 2, budget_bytes: 120 } };
    const budgeted = policySchema.parse({ mode: 'auto', scopes: [orders] });
    const one = (step: number, stream: string, bytes: number, action = 'move') => {
      const record = proposed({ stream, shard: 0 });
      return {
        ...record,
        body: { ...record.body, step, action, cost: { objective: 0, bytes } },
      } as RecommendationRecord;
    };
    const stepsOf = (...records: RecommendationRecord[]) =>
      withinBudgets(budgeted, records).map(({ body }) => body.step);
    const split = one(3, 'orders', 0, 'split');
    expect(stepsOf(one(4, 'orders', 1), split, one(2, 'orders', 1), one(1, 'orders', 1))).toEqual([1, 2, 3]);
    expect(stepsOf(one(1, 'orders', 100), one(2, 'orders', 100), one(3, 'orders', 20))).toEqual([1, 3]);
    expect(stepsOf(one(1, 'main', 999), one(2, 'main', 999), one(3, 'main', 999))).toEqual([1, 2, 3]);
  });

  it('decide whether somebody can approve it, and whether nobody has to', () => {
    const [small, forecast] = [
      proposed({ stream: 'orders', shard: 3 }),
      proposed({ stream: 'orders', shard: 0 }),
    ];
    expect(obstacleTo(forecast, policy)).toContain('only forecasts');
    expect(obstacleTo(small, policy)).toBeUndefined();
    const theirs = proposed(undefined, 'theirs');
    expect(meetsCriteria(theirs, termsFor(policy, theirs), 1)).toBe(true);
    // 50 bytes of 5
    expect(meetsCriteria(small, termsFor(policy, small), 1)).toBe(false);
    const asked = proposed({ stream: 'main', shard: 0 });
    expect(meetsCriteria(asked, termsFor(policy, asked), 1)).toBe(false);
  });
});
