import { beforeEach, expect, test } from 'vitest';
import { MemoryTopologyStore } from '../../adapters/memory/index.ts';
import type { Hint, HintStore } from '../../hints/index.ts';
import { addHost, createStream } from '../../topology/index.ts';
import { hints } from '../hints.ts';
import { callerNamed } from './caller.fixture.ts';
import { hintHandlers } from './hints.ts';

const NOW_MS = Date.parse('2026-11-23T12:00:00Z');
const caller = callerNamed('ann');
const ID = '7b1d3c52-6a52-4c8e-9a0e-0c7e6f1a2b3c';
const request = {
  from: '2026-12-24T18:00:00+01:00',
  to: '2026-12-24T22:00:00+01:00',
  factor: 3,
  because: 'last orders',
};

let handlers: ReturnType<typeof hintHandlers>;

beforeEach(async () => {
  const topology = new MemoryTopologyStore({ nowMicros: () => NOW_MS * 1_000 });
  const host = {
    name: 'h',
    engine: 'redis',
    url: 'redis://h',
    incarnation: 'r',
    durability: 'always',
  } as const;
  await topology.decide(addHost(host), 'test');
  await topology.decide(createStream({ name: 'main', shardCount: 4 }), 'test');
  handlers = hintHandlers({ topology, hints: memoryHints(), newId: () => ID, nowMs: () => NOW_MS });
});

function memoryHints(): HintStore {
  const kept = new Map<string, Hint>();
  const change = (id: string, isRemoved: boolean, to: Pick<Hint, 'removedMs' | 'removedBy'>) => {
    const hint = kept.get(id);
    if (hint === undefined || (hint.removedMs !== null) !== isRemoved) return false;
    kept.set(id, { ...hint, ...to });
    return true;
  };
  return {
    add: async (hint) => void kept.set(hint.id, { ...hint, removedMs: null, removedBy: null }),
    list: async ({ withRemoved = false } = {}) =>
      [...kept.values()].filter((hint) => withRemoved || hint.removedMs === null),
    remove: async (id, removedBy, removedMs) => change(id, false, { removedMs, removedBy }),
    restore: async (id) => change(id, true, { removedMs: null, removedBy: null }),
  };
}

const add = (more: object = {}) => handlers.add(hints.add.input.parse({ ...request, ...more }), caller);
const list = async (removed: boolean) => (await handlers.list({ removed }, caller)).hints;

test('a hint is added, listed, removed by somebody, and put back', async () => {
  const added = await add();
  expect(added).toMatchObject({
    ...{ id: ID, stream: 'main', from: '2026-12-24T17:00:00.000Z', factor: 3, perSecond: null },
    ...{ createdBy: 'ann', createdAt: '2026-11-23T12:00:00.000Z', removedAt: null, removedBy: null },
  });
  expect(hints.add.output.parse(added)).toEqual(added);
  expect(hints.add.http.headers?.location?.of(added)).toBe(`/v1/hints/${ID}`);
  expect(await list(false)).toEqual([added]);
  await handlers.remove({ id: ID }, callerNamed('ben'));
  expect(await list(false)).toEqual([]);
  expect(await list(true)).toEqual([{ ...added, removedAt: '2026-11-23T12:00:00.000Z', removedBy: 'ben' }]);
  await handlers.restore({ id: ID }, caller);
  expect(await list(false)).toEqual([added]);
});

test.each([
  [{ stream: 'other' }, 'unknown_stream', '/stream'],
  [{ scope: { shards: [0, 4] } }, 'invalid_record', '/scope/shards/1'],
])('what is not there is refused with its place: %j', async (more, code, pointer) => {
  await expect(add(more)).rejects.toMatchObject({ code, pointer });
  expect(await list(true)).toEqual([]);
});

test('what is removed cannot be removed, and what is not cannot be put back', async () => {
  await expect(handlers.remove({ id: ID }, caller)).rejects.toMatchObject({ code: 'not_found' });
  await add();
  await expect(handlers.restore({ id: ID }, caller)).rejects.toMatchObject({ code: 'not_found' });
  await handlers.remove({ id: ID }, caller);
  await expect(handlers.remove({ id: ID }, caller)).rejects.toMatchObject({ code: 'not_found' });
});
