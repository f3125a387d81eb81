import { beforeEach, expect, it } from 'vitest';
import { MemoryGroupStore } from '../../adapters/memory/index.ts';
import { groupCheckpointingSchema, type KeptStates } from '../../checkpointing/index.ts';
import { type Arrivals, EMPTY_GROUP, type Group, type ShardletEnd } from '../../consuming/index.ts';
import type { Shardlet, Stream } from '../../topology/index.ts';
import { groups } from '../groups.ts';
import { GroupSummaries } from './group-summaries.ts';

const NAMES = new Map([
  [1, 'main'],
  [2, 'clicks'],
]);
const SHARDLETS = [10, 11, 12].map(
  (id) => ({ id, stream: 1, parents: id === 12 ? [10] : [], state: stateOf(id) }) as unknown as Shardlet,
);
const STATES: KeptStates = {
  ...{ shardlets: 2, oldestCheckpointAt: 5, withoutCheckpoint: 0, recoveryMs: 7, backlog: 1, due: 1 },
};

function stateOf(id: number): Shardlet['state'] {
  return id === 10 ? { kind: 'closed', successors: [12], finalSeq: 8, finalTs: 0 } : { kind: 'open' };
}

let store: MemoryGroupStore;
let nowMs: number;
let ends: ShardletEnd[];
let asked: number[][];
let arrivals: Arrivals | undefined;
let summaries: GroupSummaries;
let fails: Error | undefined;

beforeEach(() => {
  store = new MemoryGroupStore({ nowMicros: () => 1 });
  nowMs = 1_000_000;
  asked = [];
  arrivals = undefined;
  fails = undefined;
  ends = SHARDLETS.map(({ id, stream }) => ({
    ...{ shardlet: id, stream, isClosed: id === 10, lastSeq: 8 },
    // of 12, which nobody has had, one event is kept
    firstSeq: id === 12 ? 8 : 1,
  }));
  const plain = ({ name }: Group) => ({ name }) as never;
  const stream = (id: number) => (NAMES.has(id) ? ({ id, name: NAMES.get(id) } as Stream) : undefined);
  summaries = new GroupSummaries(
    {
      groups: store,
      groupService: {
        async ends(streams) {
          asked.push([...streams]);
          if (fails !== undefined) throw fails;
          return ends;
        },
      },
      map: () => ({
        stream,
        *shardlets(id) {
          if (id === 1) yield* SHARDLETS;
        },
      }),
      groupProgress: {
        recent: async () => [],
        firsts: async () => new Map([['a', { atMs: nowMs - 100_000, processed: 0 }]]),
      },
      groupOutlooks: {
        of: async () => undefined,
        all: async () => [
          {
            ...{ group: 'a', memberRate: 2, members: 1, atMs: 0 },
            ...{ wantedNow: undefined, wantedAhead: undefined, moreFromMs: undefined },
          },
        ],
      },
      recoveries: {
        recent: async () => [],
        over: async (names) => new Map(names.map((name) => [name, STATES])),
      },
      arrivals: async () => arrivals,
      oldestEvent: async () => undefined,
      nowMs: () => nowMs,
    },
    plain,
  );
});

const create = (name: string, more: Partial<Group> = {}) =>
  store.create({ name, stream: 1, sessionMs: 10_000, ...more }, EMPTY_GROUP);
const ask = (input: object = {}) => summaries.of(groups.summaries.input.parse(input));
const namesOf = async (input: object = {}) => (await ask(input)).groups.map(({ name }) => name);

it('sums up positions, shardlets and members, and says when it will have caught up', async () => {
  await create('a');
  const rest = { epoch: 1, assignment: 1, skipped: 0 };
  const checkpoints = [
    { ...rest, shardlet: 10, seq: 4, member: 'm', revoking: true },
    { ...rest, shardlet: 11, seq: 6, member: undefined, revoking: false, skipped: 2 },
  ];
  const members = [{ id: 'm', seenAtMs: 7, subject: undefined, commits: 0 }];
  await store.change('a', () => ({
    state: { version: 3, members, checkpoints: new Map(checkpoints.map((c) => [c.shardlet, c])) },
    result: 0,
  }));
  arrivals = { from: 'forecast', stepMs: 300_000, perSecond: [0, 0], p90PerSecond: [9, 9] };
  const [one] = (await ask()).groups;
  expect(one).toEqual({
    ...{ name: 'a', version: 3, lag: 4 + 2 + 1, members: 1, skipped: 2, state: null },
    // 12 waits for 10, nobody has 11
    ...{ shardlets: 3, waiting: 1, free: 1, revoking: 1 },
    progress: {
      ...{ processing: 0.08, arriving: 0, arrivalsFrom: 'forecast' },
      catchUp: { kind: 'caught up' },
    },
    membersWanted: expect.objectContaining({ now: 2, why: expect.objectContaining({ memberRate: 2 }) }),
  });
  ends = ends.map((end) => ({ ...end, lastSeq: end.isClosed ? end.lastSeq : undefined }));
  const [unknown] = (await ask()).groups;
  expect(unknown).toMatchObject({ lag: null, progress: { catchUp: { kind: 'unknown', because: 'lag' } } });
});

it('has the state of groups that keep some, and wants no members for what a worker posts', async () => {
  const push = { url: 'https://example.com', secret: '' };
  await create('kept', { checkpointing: groupCheckpointingSchema.parse({}) });
  await create('posted', { push });
  expect((await ask()).groups).toMatchObject([
    { name: 'kept', state: STATES, membersWanted: { now: null } },
    { name: 'posted', state: null, membersWanted: null },
  ]);
});

it('finds parts of names of groups and streams, by pages, and internal ones when asked', async () => {
  for (const name of ['billing', 'Audit'.toLowerCase(), 'report', 'seen']) await create(name);
  await create('views', { stream: 2 });
  await create('billing.redrive', { redriveOf: 'billing' });
  expect(await namesOf()).toEqual(['audit', 'billing', 'report', 'seen', 'views']);
  expect(await ask({ limit: 2, offset: 1 })).toMatchObject({
    ...{ total: 5, internal: 1, groups: [{ name: 'billing' }, { name: 'report' }] },
  });
  expect(await namesOf({ search: 'ILL' })).toEqual(['billing']);
  expect(await namesOf({ search: 'ill', internal: true })).toEqual(['billing', 'billing.redrive']);
  expect(await namesOf({ search: 'click' })).toEqual(['views']);
  expect(await ask({ search: 'nothing' })).toEqual({ groups: [], total: 0, internal: 0 });
  // of a stream that was deleted
  await create('orphan', { stream: 9 });
  expect(await namesOf({ search: 'orphan' })).toEqual(['orphan']);
});

it('asks hosts once for all groups of a page, whoever asks meanwhile', async () => {
  for (const name of ['a', 'b', 'c']) await create(name);
  await create('d', { stream: 2 });
  const [first, second] = await Promise.all([ask(), ask(), ask({ limit: 1 })]);
  expect(asked.toSorted()).toEqual([[1], [1, 2]]);
  expect(second).toBe(first);
  expect(await ask()).not.toBe(first);
  expect(asked).toHaveLength(3);
});

it('refuses with a failure those who waited for it, and nobody after', async () => {
  await create('a');
  fails = new Error('away');
  const both = await Promise.allSettled([ask(), ask()]);
  expect(both).toMatchObject([{ reason: fails }, { reason: fails }]);
  fails = undefined;
  expect(await namesOf()).toEqual(['a']);
});
