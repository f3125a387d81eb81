/** Parts that wait while others of their plan are carried out: laid onto the cluster, and judged again. */
import { describe, expect, it } from 'vitest';
import {
  type ClusterState,
  clusterStateSchema,
  compileState,
  plan,
  policySchema,
} from '../planning/index.ts';
import { judgeOf, withUnderWay } from './keeping-parts.ts';
import { figures } from './realising.ts';
import type { RecommendationRecord } from './recommendation-log.ts';

const policy = policySchema.parse({ shardlet: { cooldown: 0, host_share_max: 1 } });

function stateWith(load: number, change: object = {}): ClusterState {
  return clusterStateSchema.parse({
    ...{ version: 1, now: '2026-11-23T17:00:00Z', topologyVersion: 7 },
    hosts: ['1', '2'].map((id) => ({ id, capacity: { eventsPerSecond: 100 } })),
    shardlets: [
      { id: '10', host: '1', load: { eventsPerSecond: load } },
      { id: '11', host: '1', load: { eventsPerSecond: load } },
      { id: '12', host: '1', load: { eventsPerSecond: load } },
    ],
    ...change,
  });
}

const body = {
  action: 'move',
  phase: 'rebalance',
  shardlets: ['10'],
  source: '1',
  destination: '2',
} as never;
const waits = { body, notBeforeMs: null } as unknown as RecommendationRecord;

function judge(state: ClusterState) {
  const made = plan(compileState(state, policy), policy, Date.parse(state.now));
  return judgeOf({ state, policy, made, now: figures(state, policy), nameOf: (host) => `host-${host}` });
}

describe('what waits', () => {
  it('counts as under way, so that the planner neither repeats nor contradicts it', () => {
    const state = withUnderWay(stateWith(40), { kept: [waits], approved: [] }, policy);
    expect(state.moves).toEqual([{ shardlet: '10', from: '1', to: '2' }]);
  });

  it('and lies elsewhere by now, or is to begin beyond the horizon, does not', () => {
    const moved = { ...waits, body: { ...waits.body, source: '2', destination: '1' } };
    const far = { ...waits, notBeforeMs: Date.parse('2026-11-24T17:00:00Z') };
    const state = stateWith(40);
    expect(withUnderWay(state, { kept: [moved], approved: [far] }, policy)).toBe(state);
  });

  it('is kept while its host is hot', () => {
    expect(judge(stateWith(40)).whyNotKept(body)).toBeUndefined();
  });

  it.each([
    ['its host is relieved', stateWith(5), 'host-1 is at 15 % without it'],
    [
      'its shardlet is elsewhere',
      stateWith(40, {
        shardlets: [
          { id: '10', host: '2', load: { eventsPerSecond: 40 } },
          { id: '11', host: '1', load: { eventsPerSecond: 90 } },
        ],
      }),
      'Shardlet 10 is on host-2 now',
    ],
    [
      'its shardlet is no more',
      stateWith(40, { shardlets: [{ id: '13', host: '1', load: { eventsPerSecond: 120 } }] }),
      'Shardlet 10 was split, rolled or merged',
    ],
    [
      'its destination drains',
      stateWith(40, {
        hosts: [
          { id: '1', capacity: { eventsPerSecond: 100 } },
          { id: '2', capacity: { eventsPerSecond: 100 }, state: 'draining' },
          { id: '3', capacity: { eventsPerSecond: 100 } },
        ],
      }),
      'host-2 takes no shardlets now',
    ],
  ])('is withdrawn with the reason when %s', (_, state, reason) => {
    expect(judge(state).whyNotKept(body)).toBe(reason);
    expect(judge(state).whyWithdrawn(body)).toEqual(expect.any(String));
  });
});
