import type { PlanRow, RecommendationRecord } from '@foreshard/core/advising';
import { DEFAULT_POLICY, type Recommendation } from '@foreshard/core/planning';
import { describe, expect, it } from 'vitest';
import { testMap } from '../cluster/test-cluster.ts';
import { waitingItems } from './waiting.ts';

const map = await testMap();
const ASK = { ...DEFAULT_POLICY, mode: 'ask' as const };

function part(
  id: number,
  plan: number | null,
  more: Partial<RecommendationRecord> = {},
  body: Partial<Recommendation> = {},
): RecommendationRecord {
  const move = {
    ...{
      step: id,
      action: 'move',
      phase: 'rebalance',
      shardlets: [String(id)],
      source: '1',
      destination: '2',
    },
    ...{ reason: 'relieves its host', urgency: 'soon', overloadAt: null, gain: null, etaSeconds: null },
    ...{ cost: { objective: 0, bytes: 1 }, confidence: 1, alternatives: [], checks: [], expiresAt: '' },
    ...body,
  };
  return {
    id,
    cluster: '',
    state: 'open',
    plan,
    body: move,
    firstApproval: null,
    ...more,
  } as RecommendationRecord;
}
const plan = (id: number, parts: readonly RecommendationRecord[]) =>
  ({
    ...{ id, cluster: '', revision: 1, undone: null, parts },
    summary: { focus: { host: '1', before: 4.43, after: 0.79 }, overloadAt: null, picture: null },
  }) as unknown as PlanRow;

describe('what waits', () => {
  const four = plan(
    7,
    [1, 2, 3, 4].map((id) => part(id, 7)),
  );

  it('is one plan, not its four parts, with its line', () => {
    const open = [...four.parts, part(9, null)];
    expect(waitingItems(map, ASK, { plans: [four], open }, 0)).toMatchObject([
      {
        ...{ kind: 'plan', id: 7, parts: 4, obstacle: null },
        headline: 'These 4 moves take redis-a from 443 % to 79 %',
      },
      { kind: 'recommendation', id: 9, parts: 1, headline: 'Move shardlet 9' },
    ]);
  });

  it('counts what is open of a plan, and no plan that only runs', () => {
    const partly = plan(8, [part(5, 8, { state: 'running' }), part(6, 8)]);
    const running = plan(9, [part(7, 9, { state: 'approved' })]);
    const found = waitingItems(map, ASK, { plans: [partly, running], open: [...partly.parts.slice(1)] }, 0);
    expect(found.map(({ id, parts }) => [id, parts])).toEqual([[8, 1]]);
  });

  it('comes with the most urgent first, as urgent as its most urgent part', () => {
    const urgent = plan(8, [part(5, 8), part(6, 8, {}, { urgency: 'now', reason: 'its host is dead' })]);
    const open = [...four.parts, ...urgent.parts];
    const [first] = waitingItems(map, ASK, { plans: [four, urgent], open }, 0);
    expect(first).toMatchObject({ id: 8, urgency: 'now', reason: 'its host is dead' });
  });

  it('says why nobody can decide about it', () => {
    const [only] = waitingItems(map, DEFAULT_POLICY, { plans: [four], open: four.parts }, 0);
    expect(only!.obstacle).toContain('set its mode to "ask"');
  });
});
