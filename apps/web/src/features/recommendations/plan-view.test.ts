import { describe, expect, it } from 'vitest';
import type { RecommendationView } from '../../server/recommendations/recommendation-view.ts';
import { alike, type PlanView, withNeeded } from './plan-view.ts';

const row = (id: number, action: string, state = 'open') =>
  ({ id, state, body: { action } }) as unknown as RecommendationView;

describe('rows that are alike', () => {
  it('are one group, and few stay lines of their own', () => {
    const rolls = Array.from({ length: 24 }, (_, i) => row(i, 'roll'));
    expect(alike([...rolls, row(30, 'move'), row(31, 'move')]).map(({ rows }) => rows.length)).toEqual([
      24, 1, 1,
    ]);
    expect(alike(rolls.slice(0, 4))).toHaveLength(4);
  });

  it('are not those that are decided and those that wait', () => {
    const rows = Array.from({ length: 10 }, (_, i) => row(i, 'roll', i < 5 ? 'open' : 'done'));
    expect(alike(rows).map(({ rows: found }) => found.length)).toEqual([5, 5]);
  });
});

describe('a choice of parts', () => {
  const part = (id: number, dependsOn: number[], state = 'open') => ({
    recommendation: { id, state },
    dependsOn,
  });
  const plan = { parts: [part(1, []), part(2, [1]), part(3, [2]), part(4, [])] } as unknown as PlanView;

  it('brings what it needs, also at second hand, and nothing else', () => {
    expect([...withNeeded(plan, new Set([3]))].sort()).toEqual([1, 2, 3]);
    expect([...withNeeded(plan, new Set([4]))]).toEqual([4]);
  });

  it('leaves out what is decided already', () => {
    const done = { parts: [part(1, [], 'done'), part(2, [1])] } as unknown as PlanView;
    expect([...withNeeded(done, new Set([2]))]).toEqual([2]);
  });
});
