import type { HostOutcome, WhatIfAnswer } from '@foreshard/core/advising';
import type { Recommendation } from '@foreshard/core/planning';
import { expect, it } from 'vitest';
import { testMap } from '../cluster/test-cluster.ts';
import { whatIfPicture } from './what-if-picture.ts';

const map = await testMap();
const figures = { objective: 1, hottest: 1, mean: 1, hotHosts: 1, crossHostShare: null, shardlets: 4 };
const one = { pressure: 1, eventsPerSecond: 2, shardlets: 3 };
const outcome = (host: string): HostOutcome => ({
  host,
  now: one,
  changed: one,
  planned: one,
  isLost: false,
});
const body = (changes: Partial<Recommendation>): Recommendation => ({
  ...{ step: 1, action: 'move', phase: 'rebalance', shardlets: ['7'], source: '1', destination: 'new-2' },
  ...{ reason: '', urgency: 'now', overloadAt: null, gain: null, etaSeconds: null, expiresAt: '' },
  ...{ cost: { objective: 0, bytes: 1 }, confidence: 1, alternatives: [], checks: [] },
  ...changes,
});

function picture(hosts: readonly string[], recommendations: readonly Recommendation[]) {
  const answer: WhatIfAnswer = {
    ...{ at: '', topologyVersion: 1, hosts: hosts.map(outcome), hostCount: 9, now: figures },
    recommendationCount: 5,
    plan: {
      ...{ revision: 'x', topologyVersion: 1, policy: { name: 'x', version: 1 }, now: '', recommendations },
      ...{ before: figures, after: figures, skipped: {}, hosts: [], nothingBecause: null },
    },
  };
  return whatIfPicture(map, answer);
}

it('names hosts, those that are only supposed, and those that are gone; counts stay', () => {
  const { hosts, hostCount, recommendationCount } = picture(['2', 'new-1', '99'], []);
  expect(hosts.map(({ name }) => name)).toEqual(['redis-b', 'new host 1', 'host 99']);
  expect([hostCount, recommendationCount]).toEqual([9, 5]);
});

it('says in words what would be done, from where and to where', () => {
  const { plan } = picture([], [body({}), body({ action: 'split', source: null, destination: null })]);
  expect(plan.recommendations).toMatchObject([
    { title: 'Move shardlet 7', sourceName: 'redis-a', destinationName: 'new host 2' },
    { title: 'Split shardlet 7', sourceName: null, destinationName: null },
  ]);
});

it('takes the zone in which hosts are asked for not for a host', () => {
  const { plan } = picture([], [body({ action: 'add-hosts', source: null, destination: '1' })]);
  expect(plan.recommendations[0]!.destinationName).toBeNull();
});
