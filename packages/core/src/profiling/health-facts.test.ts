/** What is known of hosts and shardlets that cannot be reached. */
import { expect, test } from 'vitest';
import { range } from '../keyspace/index.ts';
import type { HostUsageReport } from '../telemetry/index.ts';
import { type Host, NO_FACTS, type Shardlet } from '../topology/index.ts';
import { factsOf } from './health-facts.ts';
import { hostHealth, shardletHealth } from './health-score.ts';
import { healthSettingsSchema } from './health-settings.ts';
import { Profiles } from './profiles.ts';

const SETTINGS = healthSettingsSchema.parse({});
const WHOLE = range({ hi: 0, lo: 0 }, { hi: 0x1_0000_0000, lo: 0 });
const WELL: HostUsageReport = {
  ...{ measuredAtMs: 1_000, reachable: true, incarnationKnown: true, usedBytes: 1, limitBytes: 100 },
};

function host(state: Host['state'] = 'active'): Host {
  const named = {
    id: 1,
    name: 'a',
    engine: 'redis',
    url: 'redis://a',
    incarnation: 'i',
    generation: 0,
  } as const;
  return { ...named, durability: 'always', state, ...NO_FACTS };
}

/** Of the host and of its shardlet. */
function scores(state: Host['state'], report: HostUsageReport | undefined) {
  const leaf: Shardlet = {
    ...{ id: 7, stream: 1, shard: 0, range: WHOLE, owner: 1, epoch: 1, parents: [], lost: [] },
    state: { kind: 'open' },
  };
  const facts = factsOf({
    ...{ nowMs: 2_000, leaves: [leaf], hosts: [host(state)], loads: new Map(), loadMs: 300_000 },
    ...{ profiles: new Profiles(), idSets: new Map([[7, 0]]), newestFlushMs: 2_000 },
    usage: new Map(report === undefined ? [] : [[1, report]]),
  });
  const of = [hostHealth(facts.hosts.get(1)!, SETTINGS), shardletHealth(facts.shardlets.get(7)!, SETTINGS)];
  return of.map(({ score, parts }) => [score, parts.find((p) => p.part === 'reachable')!.raw]);
}

test('a host that is reachable and its shardlet are well', () => {
  expect(scores('active', WELL)).toEqual([
    [100, 1],
    [100, 1],
  ]);
});

test.each([
  ['does not answer', 'active', { ...WELL, reachable: false }],
  ['is not the run that is known', 'active', { ...WELL, incarnationKnown: false }],
  ['is readmitted', 'readmitting', WELL],
  ['is readmitted and was not measured yet', 'readmitting', undefined],
  ['has an alarm', 'active', { ...WELL, alarm: { reason: 'empty', detail: 'no data', sinceMs: 1 } }],
] as const)('a host that %s scores 0, and so does its shardlet', (_, state, report) => {
  expect(scores(state, report)).toEqual([
    [0, 0],
    [0, 0],
  ]);
});

test('of a host that nobody has measured it is not known', () => {
  expect(scores('active', undefined)).toEqual([
    [null, null],
    [100, null],
  ]);
});
