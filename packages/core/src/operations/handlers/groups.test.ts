import { beforeEach, describe, expect, it } from 'vitest';
import type { Grant, Scope } from '../../access/index.ts';
import { MemoryGroupStore } from '../../adapters/memory/index.ts';
import { type Checkpoint, GROUPS_MAX } from '../../consuming/index.ts';
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
let started: string[];
let objection: string | undefined;
let handlers: ReturnType<typeof groupHandlers>;

beforeEach(() => {
  store = new MemoryGroupStore({ nowMicros: () => 1 });
  lags = new Map();
  started = [];
  objection = undefined;
  handlers = groupHandlers({
    groups: store,
    groupService: {
      async create(group, from) {
        started.push(from);
        return store.create(group, { version: 0, members: [], checkpoints: new Map() });
      },
      lag: async ({ shardlet }) => lags.get(shardlet),
    },
    notifications: { sender: { objection: async () => objection }, newSecret: () => SECRET },
    map: () => ({
      stream: (id) => (id === MAIN.id ? MAIN : undefined),
      streamNamed: (name) => (name === MAIN.name ? MAIN : undefined),
    }),
  });
});

const created = (name: string, more: object = {}) =>
  handlers.create(groups.create.input.parse({ name, ...more }), CALLER);
const checkpoint = (shardlet: number, member?: string): Checkpoint => {
  return { shardlet, seq: 5, epoch: 1, assignment: 1, member, revoking: false, skipped: 0 };
};

async function withCheckpoints(name: string, checkpoints: readonly Checkpoint[]): Promise<void> {
  const members = [{ id: 'm', seenAtMs: 7, subject: undefined }];
  const byShardlet = new Map(checkpoints.map((c) => [c.shardlet, c]));
  await store.change(name, () => ({ state: { version: 3, members, checkpoints: byShardlet }, result: 1 }));
}

describe('a group with an address', () => {
  const push = (more: object = {}) =>
    handlers.push(groups.push.input.parse({ group: 'g', url: 'https://example.com/hook', ...more }), CALLER);

  it('is created with a secret that is shown this once', async () => {
    expect(await push({ from: 'now' })).toEqual({
      owner: 'a test',
      ...{ name: 'g', stream: 'main', sessionMs: 10_000, delivery: 'push' },
      ...{ url: 'https://example.com/hook', secret: SECRET },
    });
    expect(started).toEqual(['now']);
    expect((await store.find('g'))!.group.push).toEqual({ url: 'https://example.com/hook', secret: SECRET });
    expect(JSON.stringify(await handlers.show({ group: 'g' }, CALLER))).not.toContain(SECRET);
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

describe('a group', () => {
  it('is created where it should begin, listed and removed', async () => {
    const summary = { name: 'g', stream: 'main', sessionMs: 10_000, delivery: 'pull', owner: 'a test' };
    expect(await created('g', { from: 'now' })).toEqual(summary);
    expect(started).toEqual(['now']);
    await store.create({ name: 'lost', stream: 9, sessionMs: 10_000 }, (await store.find('g'))!.state);
    expect((await handlers.list({}, CALLER)).groups).toEqual([
      summary,
      { ...summary, name: 'lost', stream: null, owner: null },
    ]);
    expect(await handlers.remove({ group: 'g' }, CALLER)).toEqual({ group: 'g', result: 'removed' });
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

  it('has no lag that is known as soon as a host does not answer, or holds too few', async () => {
    await created('g');
    await withCheckpoints('g', [checkpoint(1), checkpoint(2)]);
    lags.set(1, 4);
    expect((await handlers.show({ group: 'g' }, CALLER)).lag).toBe(null);
    lags.set(2, -3);
    const { lag, shardlets } = await handlers.show({ group: 'g' }, CALLER);
    expect([lag, shardlets[1]]).toMatchObject([null, { lag: null, beyondEnd: 3 }]);
  });

  it('that is pushed is shown as such', async () => {
    const push = { url: 'https://example.com/hook', secret: SECRET };
    const empty = { version: 0, members: [], checkpoints: new Map() };
    await store.create({ name: 'hook', stream: 1, sessionMs: 10_000, push }, empty);
    const shown = await handlers.show({ group: 'hook' }, CALLER);
    expect(shown).toMatchObject({ delivery: 'push', lag: 0 });
    expect(JSON.stringify(shown)).not.toContain(SECRET);
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
