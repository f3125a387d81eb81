import { beforeEach, describe, expect, it } from 'vitest';
import type { Grant, Scope } from '../../access/index.ts';
import { MemoryGroupStore } from '../../adapters/memory/index.ts';
import { type DueVerdict, groupCheckpointingSchema } from '../../checkpointing/index.ts';
import {
  type Arrivals,
  type Checkpoint,
  EMPTY_GROUP,
  GROUPS_MAX,
  type ProgressSample,
} from '../../consuming/index.ts';
import type { Stream } from '../../topology/index.ts';
import { callerOf } from '../caller.ts';
import { groups } from '../groups.ts';
import { callerNamed } from './caller.fixture.ts';
import { groupHandlers } from './groups.ts';

const CALLER = callerNamed('a test');
const MAIN = { id: 1, name: 'main' } as Stream;
const SECRET = `whsec_${'A'.repeat(44)}`;

let store: MemoryGroupStore;
/** of each shardlet */
let lags: Map<number, number>;
/** of shardlets that nobody has had */
let untouched: number | undefined;
let started: string[];
let deleted: string[];
let samples: ProgressSample[];
let arrivals: Arrivals | undefined;
let verdicts: DueVerdict[];
/** what a worker has learned */
let memberRate: number | undefined;
/** of shardlets that are behind, in microseconds */
let oldest: Map<number, number>;
/** beside main */
let streams: Stream[];
const NOW_MS = 1_000_000;
const counts = { dead: 2, redriven: 0, discarded: 1 };
let objection: string | undefined;
let handlers: ReturnType<typeof groupHandlers>;

beforeEach(() => {
  store = new MemoryGroupStore({ nowMicros: () => 1 });
  lags = new Map();
  untouched = 0;
  started = [];
  deleted = [];
  samples = [];
  arrivals = undefined;
  verdicts = [];
  memberRate = undefined;
  oldest = new Map();
  streams = [];
  objection = undefined;
  handlers = groupHandlers({
    groups: store,
    groupService: {
      async create(group, from) {
        started.push(from);
        return store.create(group, { version: 0, members: [], checkpoints: new Map() });
      },
      lagsOf: async (_, checkpoints) => ({
        lags: checkpoints.map(({ shardlet }) => lags.get(shardlet)),
        untouched,
      }),
      ends: async () => [],
    },
    notifications: { sender: { objection: async () => objection }, newSecret: () => SECRET },
    letters: { prepare: async () => {}, list: async () => ({ letters: [], counts, omitted: 0 }) },
    ...{ oldestEvent: async ({ shardlet }) => oldest.get(shardlet), nowMs: () => NOW_MS },
    groupProgress: {
      recent: async () => samples,
      firsts: async (groups) => new Map(groups.flatMap((g) => samples.slice(0, 1).map((one) => [g, one]))),
    },
    groupOutlooks: {
      all: async () => [],
      of: async (group) => ({
        ...{ group, memberRate, members: 0, atMs: 0 },
        ...{ wantedNow: undefined, wantedAhead: undefined, moreFromMs: undefined },
      }),
    },
    recoveries: { recent: async () => verdicts, over: async () => new Map() },
    arrivals: async () => arrivals,
    deleteStream: async (name) => void deleted.push(name),
    map: () => ({
      stream: (id) => (id === MAIN.id ? MAIN : undefined),
      shardlet: () => undefined,
      shardlets: function* () {},
      streamNamed: (name) => [MAIN, ...streams].find((one) => one.name === name),
    }),
  });
});

const created = (name: string, more: object = {}) =>
  handlers.create(groups.create.input.parse({ name, ...more }), CALLER);
const checkpoint = (shardlet: number, member?: string): Checkpoint => {
  return { shardlet, seq: 5, epoch: 1, assignment: 1, member, revoking: false, skipped: 0 };
};

async function withCheckpoints(name: string, checkpoints: readonly Checkpoint[]): Promise<void> {
  const members = [{ id: 'm', seenAtMs: 7, subject: undefined, commits: 0 }];
  const byShardlet = new Map(checkpoints.map((c) => [c.shardlet, c]));
  await store.change(name, () => ({ state: { version: 3, members, checkpoints: byShardlet }, result: 1 }));
}

describe('a group with an address', () => {
  const push = (more: object = {}) =>
    handlers.push(groups.push.input.parse({ group: 'g', url: 'https://example.com/hook', ...more }), CALLER);

  it('is created with a secret that is shown this once', async () => {
    expect(await push({ from: 'now' })).toEqual({
      ...{ owner: 'a test', redriveOf: null, drainMinutes: 10, deadLetters: null, checkpointing: null },
      ...{ name: 'g', stream: 'main', sessionMs: 10_000, delivery: 'push', order: 'key' },
      ...{ url: 'https://example.com/hook', secret: SECRET },
    });
    expect(started).toEqual(['now']);
    expect((await store.find('g'))!.group.push).toEqual({ url: 'https://example.com/hook', secret: SECRET });
    expect(JSON.stringify(await handlers.show({ group: 'g' }, CALLER))).not.toContain(SECRET);
  });

  it('is posted to in the order that is asked for', async () => {
    expect(await push({ order: 'log' })).toMatchObject({ delivery: 'push', order: 'log' });
    expect((await store.find('g'))!.group.order).toBe('log');
  });

  it('is refused where nothing may be sent, on a stream that is not there, and under a name that is taken', async () => {
    objection = '10.0.0.1 is not a public address';
    await expect(push()).rejects.toMatchObject({
      code: 'invalid_parameter',
      message: objection,
      pointer: '/url',
    });
    expect(await store.find('g')).toBeUndefined();
    objection = undefined;
    await expect(push({ stream: 'nowhere' })).rejects.toMatchObject({ code: 'unknown_stream' });
    await push();
    await expect(push()).rejects.toMatchObject({ code: 'conflict' });
  });

  it('is not created for what is no address', () => {
    for (const url of ['example.com', 'ftp://example.com', ''])
      expect(groups.push.input.safeParse({ group: 'g', url }).success).toBe(false);
  });
});

describe('a group that keeps state', () => {
  const recovery = { restoreMs: 100, replayMs: 20, totalMs: 120 } as DueVerdict['verdict']['recovery'];
  const verdict: DueVerdict['verdict'] = {
    ...{ isDue: true, reason: 'backlog-above-threshold', recovery, eventsToReplay: 70, backlogEvents: 9 },
    ...{ limitShare: 2, isThresholdOutOfReach: false, nextDueMs: null, takenAtMs: 400 },
  };

  it('says of each shardlet how old its checkpoint is, and what a recovery takes', async () => {
    await created('g', { checkpoints: groupCheckpointingSchema.parse({}) });
    await withCheckpoints('g', [checkpoint(1, 'm'), checkpoint(2, 'm')]);
    verdicts = [{ shardlet: 1, verdict }];
    const { shardlets } = await handlers.show({ group: 'g' }, CALLER);
    const state = { checkpointAt: 400, recoveryMs: 120, replays: 70, backlog: 9, due: true };
    expect(shardlets.map((one) => one.state)).toEqual([state, null]);
  });

  it('says of each member how old its oldest checkpoint is', async () => {
    await created('g', { checkpoints: groupCheckpointingSchema.parse({}) });
    await withCheckpoints('g', [checkpoint(1, 'm'), checkpoint(2, 'm'), checkpoint(3)]);
    const judged = (shardlet: number, takenAtMs: number | null): DueVerdict => ({
      ...{ shardlet, verdict: { ...verdict, takenAtMs } },
    });
    verdicts = [judged(1, 400), judged(2, null), judged(3, 200)];
    const all = { recoveryMs: 120, backlog: 9 };
    const shown = await handlers.show({ group: 'g' }, CALLER);
    expect(shown.members.map(({ state }) => state)).toEqual([
      { ...all, shardlets: 2, oldestCheckpointAt: 400, withoutCheckpoint: 1, due: 2 },
    ]);
    expect(shown.state).toEqual({
      ...{ ...all, shardlets: 3, oldestCheckpointAt: 200, withoutCheckpoint: 1, due: 3 },
    });
    verdicts = [];
    const unjudged = await handlers.show({ group: 'g' }, CALLER);
    expect([unjudged.state, unjudged.members[0]!.state]).toEqual([null, null]);
  });

  it('is shown without that while nobody judges it, and others never have it', async () => {
    verdicts = [{ shardlet: 1, verdict }];
    await created('other');
    await withCheckpoints('other', [checkpoint(1, 'm')]);
    expect((await handlers.show({ group: 'other' }, CALLER)).shardlets[0]!.state).toBeNull();
  });
});

describe('a group', () => {
  it('is created where it should begin, listed and removed', async () => {
    const internal = { redriveOf: null, drainMinutes: 10, deadLetters: null, checkpointing: null };
    const named = { name: 'g', stream: 'main', sessionMs: 10_000, delivery: 'pull', order: 'key' };
    const summary = { ...named, owner: 'a test', ...internal };
    expect(await created('g', { from: 'now' })).toEqual(summary);
    expect(started).toEqual(['now']);
    await store.create({ name: 'lost', stream: 9, sessionMs: 10_000 }, (await store.find('g'))!.state);
    expect((await handlers.list({}, CALLER)).groups).toEqual([
      summary,
      { ...summary, name: 'lost', stream: null, owner: null },
    ]);
    expect(await handlers.remove({ group: 'g' }, CALLER)).toEqual({
      ...{ group: 'g', result: 'removed', letters: null },
    });
    expect(await store.find('g')).toBe(undefined);
  });

  it('shows who has what, and how far each shardlet is', async () => {
    await created('g');
    await withCheckpoints('g', [checkpoint(2, 'm'), checkpoint(1)]);
    lags.set(1, 4).set(2, 6);
    expect(await handlers.show({ group: 'g' }, CALLER)).toMatchObject({
      ...{ version: 3, lag: 10, members: [{ id: 'm', subject: null, shardlets: 1 }] },
      shardlets: [
        { shardlet: 1, member: null, lag: 4 },
        { shardlet: 2, member: 'm', lag: 6 },
      ],
    });
  });

  it('shows its shardlets by pages, the furthest behind first, or those of a member', async () => {
    await created('g');
    await withCheckpoints('g', [checkpoint(1, 'm'), checkpoint(2), checkpoint(3, 'm'), checkpoint(4, 'm')]);
    lags.set(1, 0).set(2, 6).set(3, 9).set(4, 6);
    const asked = async (page: object) => {
      const input = groups.show.input.parse({ group: 'g', ...page });
      const { shardlets, shardletCount, lag, members } = await handlers.show(input, CALLER);
      expect([lag, members[0]!.shardlets]).toEqual([21, 3]);
      return [shardletCount, ...shardlets.map(({ shardlet }) => shardlet)];
    };
    expect(await asked({})).toEqual([4, 1, 2, 3, 4]);
    expect(await asked({ limit: 0 })).toEqual([4]);
    expect(await asked({ limit: 2, sort: 'lag' })).toEqual([4, 3, 2]);
    expect(await asked({ limit: 2, offset: 2, sort: 'lag' })).toEqual([4, 4, 1]);
    expect(await asked({ member: 'm', limit: 2, offset: 1 })).toEqual([3, 3, 4]);
    expect(await asked({ member: 'nobody' })).toEqual([0]);
  });

  it('counts what nobody has had yet, from the first moment', async () => {
    await handlers.create({ name: 'new', stream: 'main', from: 'oldest' } as never, CALLER);
    untouched = 700;
    expect(await handlers.show({ group: 'new' }, CALLER)).toMatchObject({ lag: 700, shardlets: [] });
    untouched = undefined;
    expect((await handlers.show({ group: 'new' }, CALLER)).lag).toBe(null);
  });

  it('has no lag that is known as soon as a host does not answer, or holds too few', async () => {
    await created('g');
    await withCheckpoints('g', [checkpoint(1), checkpoint(2)]);
    lags.set(1, 4);
    expect((await handlers.show({ group: 'g' }, CALLER)).lag).toBe(null);
    lags.set(2, -3);
    const { lag, shardlets } = await handlers.show({ group: 'g' }, CALLER);
    expect([lag, shardlets[1]]).toMatchObject([null, { lag: null, beyondEnd: 3 }]);
  });

  it('says when it will have caught up, and how old the oldest event of a member is', async () => {
    await created('g');
    await withCheckpoints('g', [checkpoint(2, 'm'), checkpoint(1, 'm')]);
    lags.set(1, 400).set(2, 600);
    oldest.set(1, 7_000).set(2, 6_000);
    expect((await handlers.show({ group: 'g' }, CALLER)).progress).toMatchObject({
      ...{ processing: null, arriving: null, catchUp: { kind: 'unknown', because: 'processing' } },
    });
    samples = [{ atMs: NOW_MS - 100_000, processed: -990 }];
    arrivals = { from: 'measured', stepMs: 300_000, perSecond: [5] };
    const { progress, members } = await handlers.show({ group: 'g' }, CALLER);
    expect(progress).toMatchObject({
      ...{ processing: 10, arriving: 5, arrivalsFrom: 'measured' },
      catchUp: { kind: 'by', atMs: NOW_MS + 200_000 },
    });
    expect(members).toMatchObject([{ shardlets: 2, lag: 1_000, oldestAt: 6_000 }]);
  });

  it('is shown with the members it needs, once it is known what one can do', async () => {
    await created('g', { drainMinutes: 5 });
    await withCheckpoints('g', [checkpoint(1, 'm'), checkpoint(2, 'm')]);
    lags.set(1, 1_500).set(2, 1_500);
    arrivals = { from: 'forecast', stepMs: 300_000, perSecond: [5, 5], p90PerSecond: [10, 40] };
    const wanted = async () => (await handlers.show({ group: 'g' }, CALLER)).membersWanted;
    expect(await wanted()).toMatchObject({ now: null, why: { kind: 'unknown', because: 'rate' } });
    memberRate = 20;
    // the map of this test has no shardlets: one member is all that could work
    expect(await wanted()).toMatchObject({
      ...{ now: 1, atHorizon: 1, at: null },
      why: {
        arriving: 10,
        arrivingAhead: 40,
        memberRate: 20,
        lag: 3_000,
        drainMinutes: 5,
        limitedByShardlets: true,
      },
    });
    expect((await handlers.show({ group: 'g' }, CALLER)).drainMinutes).toBe(5);
  });

  it('that is pushed is shown as such', async () => {
    const push = { url: 'https://example.com/hook', secret: SECRET };
    const empty = { version: 0, members: [], checkpoints: new Map() };
    await store.create({ name: 'hook', stream: 1, sessionMs: 10_000, push }, empty);
    const shown = await handlers.show({ group: 'hook' }, CALLER);
    expect(shown).toMatchObject({ delivery: 'push', lag: 0, membersWanted: null });
    expect(JSON.stringify(shown)).not.toContain(SECRET);
  });
});

describe('a group with dead letters', () => {
  const internal = { id: 2, name: 'dead--g' } as Stream;
  const dryRun = callerNamed('a test', true);

  beforeEach(async () => {
    await created('g');
    await store.create({ name: 'g.redrive', stream: 2, sessionMs: 10_000, redriveOf: 'g' }, EMPTY_GROUP);
    streams = [internal];
  });

  it('is listed with what belongs to it', async () => {
    const [group, redrive] = (await handlers.list({}, CALLER)).groups;
    expect(group).toMatchObject({ redriveOf: null, deadLetters: { stream: 'dead--g', attempts: null } });
    expect(redrive).toMatchObject({ name: 'g.redrive', redriveOf: 'g', deadLetters: null });
  });

  it('is removed with its letters, and says before how many go', async () => {
    expect(await handlers.remove({ group: 'g' }, dryRun)).toEqual({
      ...{ group: 'g', result: 'would be removed', letters: counts },
    });
    expect([deleted, (await store.list()).length]).toEqual([[], 2]);
    expect(await handlers.remove({ group: 'g' }, CALLER)).toEqual({
      ...{ group: 'g', result: 'removed', letters: counts },
    });
    expect([deleted, await store.list()]).toEqual([['dead--g'], []]);
  });

  it('keeps the group that reads what is re-driven, and its name', async () => {
    await expect(handlers.remove({ group: 'g.redrive' }, CALLER)).rejects.toMatchObject({
      code: 'invalid_parameter',
    });
    await expect(created('h.redrive')).rejects.toMatchObject({ pointer: '/name' });
  });

  it('is judged as one: who may manage the group may not manage others by the name of it', async () => {
    const grants: Grant[] = [{ permissions: ['groups:manage'], scope: { groups: ['g'] } }];
    const limited = callerOf({ kind: 'token', id: 'x', name: 'x', grants }, CALLER.origin, true);
    expect(await handlers.remove({ group: 'g' }, limited)).toMatchObject({ letters: counts });
    // allowed as a part of g, and refused for what it is
    await expect(handlers.remove({ group: 'g.redrive' }, limited)).rejects.toMatchObject({
      code: 'invalid_parameter',
    });
    await created('g2');
    await expect(handlers.remove({ group: 'g2' }, limited)).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('with an address says after how many refusals an event is a letter', async () => {
    const push = groups.push.input.parse({ group: 'hook', url: 'https://example.com/hook', attempts: 4 });
    expect(await handlers.push(push, CALLER)).toMatchObject({
      deadLetters: { stream: 'dead--hook', attempts: 4 },
    });
  });
});

describe('a group is removed by', () => {
  const caller = (name: string, grants: Grant[] = []) =>
    callerOf({ kind: 'token', id: name, name, grants }, CALLER.origin);
  const manage = (scope: Scope): Grant[] => [{ permissions: ['groups:manage'], scope }];
  const request = groups.create.input.parse({ name: 'g' });

  it.each([
    ['its owner, without any grant', caller('shop')],
    ['who may manage groups', caller('other', manage({}))],
    ['who may manage this one', caller('other', manage({ groups: ['g'], streams: [{ name: 'main' }] }))],
  ])('%s', async (_, who) => {
    await handlers.create(request, caller('shop'));
    await handlers.remove({ group: 'g' }, who);
    expect(await store.list()).toEqual([]);
  });

  it.each([
    ['another without grants', caller('other')],
    [
      'a person of the name of the token',
      { ...caller('x'), principal: { ...caller('x').principal, kind: 'person' as const, name: 'shop' } },
    ],
    ['who may manage another one', caller('other', manage({ groups: ['h'] }))],
    ['who may manage those of another stream', caller('other', manage({ streams: [{ name: 'orders' }] }))],
    ['who may only consume', caller('other', [{ permissions: ['groups:consume'], scope: {} }])],
  ])('nobody else: %s', async (_, who) => {
    await handlers.create(request, caller('shop'));
    await expect(handlers.remove({ group: 'g' }, who)).rejects.toMatchObject({ code: 'forbidden' });
    // and learns nothing of those that are not there
    await expect(handlers.remove({ group: 'nope' }, caller('other'))).rejects.toMatchObject({
      code: 'forbidden',
    });
    expect((await store.list()).length).toBe(1);
  });
});

describe('refused is', () => {
  beforeEach(() => created('g'));

  it.each([
    ['a group of no stream', () => created('h', { stream: 'nope' }), 'unknown_stream'],
    ['a name that is taken', () => created('g'), 'conflict'],
    ['to show none', () => handlers.show({ group: 'nope' }, CALLER), 'unknown_group'],
    ['to remove none', () => handlers.remove({ group: 'nope' }, CALLER), 'unknown_group'],
  ])('%s', async (_, act, code) => {
    await expect(act()).rejects.toMatchObject({ name: 'ForeshardError', code });
    expect((await store.list()).length).toBe(1);
  });

  it('one more than there may be', async () => {
    for (let i = 1; i < GROUPS_MAX; i++) await created(`g${i}`);
    await expect(created('more')).rejects.toMatchObject({ code: 'limit_reached' });
  });
});
