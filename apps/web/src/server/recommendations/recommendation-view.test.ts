import type { RecommendationRecord } from '@foreshard/core/advising';
import { DEFAULT_POLICY, type Policy, type Recommendation } from '@foreshard/core/planning';
import { describe, expect, it } from 'vitest';
import { testMap } from '../cluster/test-cluster.ts';
import { byUrgency, hostName, placesOf, recommendationView, titleOf } from './recommendation-view.ts';

const map = await testMap();
const BODY: Recommendation = {
  ...{ step: 1, action: 'move', phase: 'rebalance', shardlets: ['7', '8'], source: '1', destination: '2' },
  ...{ reason: 'relieves its host', urgency: 'soon', overloadAt: null, gain: null, etaSeconds: null },
  ...{ cost: { objective: 0, bytes: 1 }, confidence: 1, alternatives: [], checks: [] },
  expiresAt: new Date(0).toISOString(),
};
const record = (
  body: Partial<Recommendation> = {},
  more: Partial<RecommendationRecord> = {},
): RecommendationRecord => ({
  ...{ id: 1, cluster: '', key: 'k', revision: 1, topologyVersion: 1, policyVersion: 0, state: 'open' },
  ...{
    body: { ...BODY, ...body },
    firstMs: 0,
    lastMs: 0,
    expiresMs: 0,
    firstApproval: null,
    decidedBy: null,
    decidedMs: null,
  },
  ...{ note: '', notBeforeMs: null, moves: [], result: '', endedMs: null, realised: null },
  ...{ plan: null, replacedBy: null },
  ...more,
});

describe('a title', () => {
  it.each([
    ['move', {}, 'Move shardlet 7'],
    ['split', {}, 'Split shardlet 7'],
    ['split-below-key', {}, 'Split shardlet 7 below its hottest key'],
    ['roll', {}, 'Roll shardlet 7'],
    ['merge', {}, 'Merge shardlets 7 and 8'],
    ['add-hosts', {}, 'Add a host'],
    ['add-hosts', { hosts: 1 }, 'Add a host'],
    ['add-hosts', { hosts: 3 }, 'Add 3 hosts'],
    ['remove-host', {}, 'Drain a host and remove it'],
  ] as const)('of %s %j is "%s"', (action, more, title) => {
    expect(titleOf({ ...BODY, action, ...more })).toBe(title);
  });

  it('speaks of partitions in a cluster of others, whose hosts come with their names', () => {
    const view = recommendationView(map, DEFAULT_POLICY, record({ source: 'kafka-1' }, { cluster: 'kafka' }));
    expect(view).toMatchObject({ title: 'Move partition 7', sourceName: 'kafka-1', destinationName: '2' });
  });
});

describe('places', () => {
  it('are told by the names of hosts, also those that were thought of', () => {
    const alternatives = [
      { host: '1', gain: null, whyNot: 'full' },
      { host: '99', gain: null, whyNot: 'gone' },
    ];
    const view = recommendationView(map, DEFAULT_POLICY, record({ alternatives }));
    expect(view).toMatchObject({ sourceName: 'redis-a', destinationName: 'redis-b' });
    expect(view.body.alternatives.map(({ host }) => host)).toEqual(['redis-a', 'host 99']);
  });

  it('have no destination where hosts are asked for: a zone stands there', () => {
    const nameOf = (id: string | null) => hostName(map, id);
    expect(placesOf({ ...BODY, action: 'add-hosts', source: null, destination: 'zone-a' }, nameOf)).toEqual({
      ...{ sourceName: null, destinationName: null },
    });
  });
});

it('says why one cannot be approved now, and nothing where it can', () => {
  const obstacle = (mode: Policy['mode']) =>
    recommendationView(map, { ...DEFAULT_POLICY, mode }, record()).obstacle;
  expect(obstacle('ask')).toBeNull();
  expect(obstacle('forecast-only')).toContain('set its mode to "ask"');
});

it('puts what is under way first, then the most urgent, then the order of the plan', () => {
  const list = [
    record({ urgency: 'when-convenient', step: 1 }, { id: 1 }),
    record({ urgency: 'soon', step: 3 }, { id: 2 }),
    record({ urgency: 'now', step: 9 }, { id: 3 }),
    record({ urgency: 'soon', step: 2 }, { id: 4 }),
    record({ urgency: 'when-convenient', step: 8 }, { id: 5, state: 'running' }),
    record({ urgency: 'now', step: 4 }, { id: 6, state: 'approved' }),
  ];
  expect(list.sort(byUrgency).map(({ id }) => id)).toEqual([6, 5, 3, 4, 2, 1]);
});
