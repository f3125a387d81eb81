import { beforeEach, expect, test } from 'vitest';
import { MemoryTopologyStore } from '../../adapters/memory/index.ts';
import type { Annotation, AnnotationQuery, AnnotationStore } from '../../annotations/index.ts';
import { addHost, createStream } from '../../topology/index.ts';
import { annotations } from '../annotations.ts';
import { annotationHandlers } from './annotations.ts';
import { callerNamed } from './caller.fixture.ts';

const NOW_MS = Date.parse('2026-11-23T12:00:00Z');
const caller = callerNamed('ann');
const ID = '7b1d3c52-6a52-4c8e-9a0e-0c7e6f1a2b3c';
const request = { from: '2026-11-27T08:00:00+01:00', text: 'sale begins' };

let handlers: ReturnType<typeof annotationHandlers>;
let asked: AnnotationQuery[];

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
  asked = [];
  const stores = { topology, annotations: memoryAnnotations(), newId: () => ID, nowMs: () => NOW_MS };
  handlers = annotationHandlers(stores);
});

function memoryAnnotations(): AnnotationStore {
  const kept = new Map<string, Annotation>();
  const change = (id: string, isRemoved: boolean, to: Pick<Annotation, 'removedMs' | 'removedBy'>) => {
    const one = kept.get(id);
    if (one === undefined || (one.removedMs !== null) !== isRemoved) return false;
    kept.set(id, { ...one, ...to });
    return true;
  };
  return {
    add: async (one) => void kept.set(one.id, { ...one, removedMs: null, removedBy: null }),
    find: async (id) => kept.get(id),
    list: async (query) => {
      asked.push(query);
      return [...kept.values()].filter((one) => query.withRemoved || one.removedMs === null);
    },
    remove: async (id, removedBy, removedMs) => change(id, false, { removedMs, removedBy }),
    restore: async (id) => change(id, true, { removedMs: null, removedBy: null }),
  };
}

const add = (more: object = {}) => handlers.add(annotations.add.input.parse({ ...request, ...more }), caller);
const list = async (more: object = {}) =>
  (await handlers.list(annotations.list.input.parse(more), caller)).annotations;

test('an annotation is added, listed, removed by somebody, and put back', async () => {
  const added = await add({ range: { from: '4000000000000000', to: '8000000000000000' } });
  expect(added).toMatchObject({
    ...{ id: ID, stream: 'main', from: '2026-11-27T07:00:00.000Z', to: '2026-11-27T07:00:00.000Z' },
    ...{ range: { from: '4000000000000000', to: '8000000000000000' }, text: 'sale begins' },
    ...{ createdBy: 'ann', createdAt: '2026-11-23T12:00:00.000Z', removedAt: null, removedBy: null },
  });
  expect(annotations.add.output.parse(added)).toEqual(added);
  expect(annotations.add.http.headers?.location?.of(added)).toBe(`/v1/annotations/${ID}`);
  expect(await list()).toEqual([added]);
  await handlers.remove({ id: ID }, callerNamed('ben'));
  expect(await list()).toEqual([]);
  expect(await list({ removed: true })).toEqual([
    { ...added, removedAt: '2026-11-23T12:00:00.000Z', removedBy: 'ben' },
  ]);
  await handlers.restore({ id: ID }, caller);
  expect(await list()).toEqual([added]);
});

test('a stream and a time asked for reach the store, and nothing else does', async () => {
  await list({ stream: 'main', from: '2026-11-23T12:00:00Z', to: '2026-11-23T13:00:00Z', limit: 3 });
  await list();
  expect(asked).toEqual([
    { stream: 'main', fromMs: NOW_MS, toMs: NOW_MS + 3_600_000, withRemoved: false, limit: 3 },
    { withRemoved: false, limit: 200 },
  ]);
});

test('a stream that is not there is refused with its place', async () => {
  await expect(add({ stream: 'other' })).rejects.toMatchObject({
    code: 'unknown_stream',
    pointer: '/stream',
  });
  expect(await list({ removed: true })).toEqual([]);
});

test('what is removed cannot be removed, and what is not cannot be put back', async () => {
  await expect(handlers.remove({ id: ID }, caller)).rejects.toMatchObject({ code: 'not_found' });
  await add();
  await expect(handlers.restore({ id: ID }, caller)).rejects.toMatchObject({ code: 'not_found' });
  await handlers.remove({ id: ID }, caller);
  await expect(handlers.remove({ id: ID }, caller)).rejects.toMatchObject({ code: 'not_found' });
});
