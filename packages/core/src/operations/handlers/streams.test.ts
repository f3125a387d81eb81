import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryTopologyStore } from '../../adapters/memory/index.ts';
import { addHost, createStream, settleOpening } from '../../topology/index.ts';
import { streams } from '../streams.ts';
import { callerNamed } from './caller.fixture.ts';
import { operatorOf } from './operator.ts';
import type { StoredQuota } from './quota-store.ts';
import { type StreamStores, streamHandlers } from './streams.ts';

const NOW_MS = 1_790_000_000_000;
const CALLER = callerNamed('a test');
const TRIED = { ...CALLER, dryRun: true };

let topology: MemoryTopologyStore;
let woken: string[];
let quotas: StoredQuota[];
let handlers: ReturnType<typeof streamHandlers>;

beforeEach(async () => {
  topology = new MemoryTopologyStore({ nowMicros: () => NOW_MS * 1_000 });
  woken = [];
  quotas = [];
  handlers = streamHandlers({
    topology,
    moves: {} as StreamStores['moves'],
    wake: async (job) => void woken.push(job),
    nowMs: () => NOW_MS,
    quotas: { list: async () => quotas },
  });
  const host = { name: 'h', url: 'redis://h.test:1', incarnation: 'i' };
  await topology.decide(addHost({ ...host, engine: 'redis', durability: 'always' }), 'a test');
});

const order = (name: string, more: object = {}) =>
  streams.create.input.parse({ name, shardCount: 2, ...more });
const version = async () => (await topology.snapshot()).version;

async function created(name: string) {
  const answer = await handlers.create(order(name), CALLER);
  for (const { id, epoch } of (await topology.snapshot()).shardlets)
    await topology.decide(settleOpening(id, epoch), 'a test');
  return answer;
}

it('what is decided names the row of the audit log, also where an operator decides', async () => {
  await handlers.create(order('a'), { ...CALLER, auditRow: '7' });
  const operator = operatorOf(
    { topology, moves: {} as StreamStores['moves'], wake: async () => {}, nowMs: () => NOW_MS },
    { ...CALLER, auditRow: '8' },
  );
  await operator.topology.decide(createStream({ name: 'b', shardCount: 1 }), operator.actor);
  const changes = await topology.changesAfter(1, 10);
  expect(changes.map(({ auditRow }) => auditRow)).toEqual(['7', '8']);
});

describe('a stream', () => {
  it('is created, listed with its quota, altered and deleted, and the worker is woken each time', async () => {
    const { result, stream } = await created('orders');
    expect([result, stream]).toMatchObject(['created', { id: 1, name: 'orders', shardlets: 2, quota: null }]);
    quotas = [
      { scope: 'token', subject: 'orders', eventsPerSecond: 1, bytesPerSecond: 1 },
      { scope: 'stream', subject: 'orders', eventsPerSecond: 5, bytesPerSecond: undefined },
    ];
    const quota = { eventsPerSecond: 5, bytesPerSecond: null };
    expect((await handlers.list({}, CALLER)).streams).toEqual([{ ...stream, quota }]);
    const altered = await handlers.alter({ stream: 'orders', retentionMs: 60_000 }, CALLER);
    expect(altered).toEqual({ result: 'altered', stream: { ...stream, quota, retentionMs: 60_000 } });
    const kept = await handlers.alter({ stream: 'orders', dedupWindowMs: 180_000 }, CALLER);
    expect(kept.stream).toMatchObject({ retentionMs: 60_000, dedupWindowMs: 180_000 });
    expect(await handlers.delete({ stream: 'orders' }, CALLER)).toEqual({
      ...{ stream: 'orders', result: 'deleted', shardlets: 2 },
    });
    expect((await topology.snapshot()).streams).toEqual([]);
    expect(woken).toEqual(['reconcile', 'reconcile', 'reconcile', 'reconcile']);
  });

  it('stays as it is when an order is only tried', async () => {
    await created('orders');
    const before = await version();
    woken = [];
    expect(await handlers.create(order('more'), TRIED)).toEqual({ result: 'would be created', stream: null });
    const altered = await handlers.alter({ stream: 'orders', retentionMs: 60_000 }, TRIED);
    expect(altered).toMatchObject({ result: 'would be altered', stream: { retentionMs: 60_000 } });
    expect(await handlers.delete({ stream: 'orders' }, TRIED)).toMatchObject({ result: 'would be deleted' });
    expect([await version(), woken]).toEqual([before, []]);
  });

  it('is changed although nobody can be woken', async () => {
    const wake = async () => {
      throw new Error('the control Redis is away');
    };
    const alone = streamHandlers({
      ...{ topology, wake, nowMs: () => NOW_MS, quotas: { list: async () => [] } },
      moves: {} as StreamStores['moves'],
    });
    expect((await alone.create(order('orders'), CALLER)).result).toBe('created');
  });
});

describe('refused is', () => {
  beforeEach(() => created('orders'));

  it.each([
    ['a name that exists', () => handlers.create(order('orders'), CALLER), 'in_the_way'],
    ['to try a name that exists', () => handlers.create(order('orders'), TRIED), 'in_the_way'],
    ['to alter nothing', () => handlers.alter({ stream: 'orders' }, CALLER), 'invalid_order'],
    ['to alter none', () => handlers.alter({ stream: 'nope', retentionMs: null }, CALLER), 'unknown_stream'],
    ['to delete none', () => handlers.delete({ stream: 'nope' }, CALLER), 'unknown_stream'],
  ])('%s', async (_, act, code) => {
    const before = await version();
    await expect(act()).rejects.toMatchObject({ name: 'ForeshardError', code });
    expect(await version()).toBe(before);
  });

  it('to delete the stream that clients mean when they name none', async () => {
    await created('main');
    for (const caller of [CALLER, TRIED])
      await expect(handlers.delete({ stream: 'main' }, caller)).rejects.toMatchObject({
        code: 'invalid_order',
        message: expect.stringContaining('cannot be deleted'),
      });
    expect((await topology.snapshot()).streams.map(({ name }) => name)).toContain('main');
  });

  it('to delete one whose shardlets are not open yet', async () => {
    await handlers.create(order('young'), CALLER);
    await expect(handlers.delete({ stream: 'young' }, CALLER)).rejects.toMatchObject({ code: 'in_the_way' });
  });
});

it('an order that names a setting alone leaves the others out', () => {
  const parsed = streams.alter.input.parse({ stream: 'orders', retentionMs: null });
  expect(parsed).toEqual({ stream: 'orders', retentionMs: null });
});

it('of the name of a demo is created by the worker for it, and by nobody else', async () => {
  await expect(handlers.create(order('demo--mine'), CALLER)).rejects.toMatchObject({ code: 'invalid_order' });
  const worker = { ...CALLER, origin: { ...CALLER.origin, surface: 'worker' as const } };
  expect((await handlers.create(order('demo--mine'), worker)).result).toBe('created');
});
