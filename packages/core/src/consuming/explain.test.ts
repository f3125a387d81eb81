import { expect, it } from 'vitest';
import { range } from '../keyspace/index.ts';
import { EMPTY_TOPOLOGY, type Shardlet, TopologyMap } from '../topology/index.ts';
import { attend } from './attend.ts';
import { explain } from './explain.ts';
import { EMPTY_GROUP, type Group, type GroupState } from './model.ts';

const GROUP: Group = { name: 'g', stream: 1, sessionMs: 1_000 };
const WHOLE = range({ hi: 0, lo: 0 }, { hi: 0x1_0000_0000, lo: 0 });

function shardlet(
  id: number,
  parents: number[] = [],
  finalSeq?: number,
  successors: number[] = [],
): Shardlet {
  const state: Shardlet['state'] =
    finalSeq === undefined ? { kind: 'open' } : { kind: 'closed', successors, finalSeq, finalTs: 0 };
  return { id, stream: 1, shard: 0, range: WHOLE, owner: 1, epoch: 1, state, parents, lost: [] };
}

function mapOf(...shardlets: Shardlet[]): TopologyMap {
  const settings = { retentionMs: null, retentionBytes: null, dedupWindowMs: 900_000 };
  const stream = { id: 1, name: 's', shardCount: 1, splitKeys: false, ...settings };
  return new TopologyMap({ ...EMPTY_TOPOLOGY, version: 1, streams: [stream], shardlets });
}

const poll = (state: GroupState, map: TopologyMap, member: string) =>
  attend(GROUP, state, map, { member, subject: 's', nowMs: 0, busy: new Set([1, 2, 3, 4]) });
const reasons = (state: GroupState, map: TopologyMap) =>
  explain(GROUP, state, map).map(({ shardlet: id, reason }) => [id, reason]);

it('a shardlet that nobody polls for is free', () => {
  expect(reasons(EMPTY_GROUP, mapOf(shardlet(1)))).toEqual([[1, { kind: 'free', members: 0 }]]);
});

it('a member keeps what it has, and is asked for what another one lacks', () => {
  const map = mapOf(shardlet(1), shardlet(2), shardlet(3), shardlet(4));
  let state = poll(EMPTY_GROUP, map, 'a');
  const checkpoints = new Map(state.checkpoints);
  checkpoints.set(1, { ...checkpoints.get(1)!, seq: 7 });
  state = poll({ ...state, checkpoints }, map, 'b');
  expect(reasons(state, map)).toEqual([
    [1, { kind: 'kept', member: 'a', committed: true }],
    [2, { kind: 'kept', member: 'a', committed: false }],
    [3, { kind: 'revoking', member: 'a', holds: 4, share: 2 }],
    [4, { kind: 'revoking', member: 'a', holds: 4, share: 2 }],
  ]);
});

it('a child waits for its parent, which is so far', () => {
  const map = mapOf(shardlet(1, [], 57, [2]), shardlet(2, [1]));
  const state = poll(EMPTY_GROUP, map, 'a');
  const parents = [{ shardlet: 1, seq: 0, finalSeq: 57 }];
  expect(reasons(state, map)).toEqual([
    [1, { kind: 'kept', member: 'a', committed: false }],
    [2, { kind: 'waits', parents }],
  ]);
});

it('what is processed to its end is not explained, and an empty generation is looked through', () => {
  const map = mapOf(shardlet(1, [], 5, [2]), shardlet(2, [1], 0, [3]), shardlet(3, [2]));
  expect(reasons(poll(EMPTY_GROUP, map, 'a'), map)).toEqual([
    [1, { kind: 'kept', member: 'a', committed: false }],
    [3, { kind: 'waits', parents: [{ shardlet: 1, seq: 0, finalSeq: 5 }] }],
  ]);
});

it('where shardlets are weighed, it says by how much, and what the member has', () => {
  const map = mapOf(shardlet(1), shardlet(2), shardlet(3));
  const weights = {
    atMs: 1,
    perSecond: new Map([
      [1, 60],
      [2, 30],
    ]),
  };
  const poll = (state: GroupState, member: string) =>
    attend(GROUP, state, map, { member, subject: 's', nowMs: 0, busy: new Set([1, 2, 3]) }, weights);
  const state = poll(poll(EMPTY_GROUP, 'a'), 'b');
  const explained = explain(GROUP, state, map, weights);
  expect(explained.map(({ weight }) => weight)).toEqual([60, 30, 45]);
  expect(explained.filter(({ reason }) => reason.kind === 'revoking')).toEqual([
    {
      ...{ shardlet: 1, weight: 60 },
      reason: { kind: 'revoking', member: 'a', holds: 3, share: 1, load: { holds: 135, share: 67.5 } },
    },
  ]);
});
