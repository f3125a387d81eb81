import { beforeEach, expect, it } from 'vitest';
import { grantsOf, type Principal } from '../../access/index.ts';
import type { DemoStatus, DemoStore, StoredDemo } from '../../demo/index.ts';
import type { Host, Topology } from '../../topology/index.ts';
import { callerNamed } from './caller.fixture.ts';
import { type DemoStores, demoHandlers } from './demo.ts';

const CALLER = callerNamed('a test');
const NOW_MS = 1_790_000_000_000;

let stored: StoredDemo | undefined;
let woken: string[];
let events: Map<number, number>;

/** As the row keeps it. */
const store: DemoStore = {
  read: async () => stored,
  async request(status: DemoStatus, principal: Principal) {
    stored = { status, principal, stopBy: null, tokenId: null };
    return true;
  },
  async stop(by) {
    if (stored === undefined || stored.status.state === 'ended') return false;
    stored = { ...stored, stopBy: by };
    return true;
  },
  write: async () => null,
  noteToken: async () => {},
  limit: async () => undefined,
};
const host = (id: number) =>
  ({ id, name: `host-${id}`, url: 'redis://127.0.0.1:1', state: 'active' }) as Host;
const topology = {
  hosts: [1, 2, 3, 4].map(host),
  streams: [{ id: 1, name: 'main' }],
  shardlets: [{ id: 1, stream: 1, state: { kind: 'open' } }],
} as unknown as Topology;

const handlers = demoHandlers({
  demo: store,
  topology: { snapshot: async () => topology },
  moves: { controls: async () => ({ paused: false }) } as unknown as DemoStores['moves'],
  recentLoad: async () => ({ seconds: 120, events, edges: 1 }),
  newSeed: () => 42,
  nowMs: () => NOW_MS,
  wake: async (job) => void woken.push(job),
});

beforeEach(() => {
  [stored, woken, events] = [undefined, [], new Map()];
});

it('asks a worker for it, for whoever started it, with a seed of its own or the given one', async () => {
  expect((await handlers.status({}, CALLER)).state).toBe('idle');
  const started = await handlers.start({}, CALLER);
  expect(started).toMatchObject({ state: 'requested', seed: 42, startedBy: 'a test' });
  expect([stored?.principal.name, woken]).toEqual(['a test', ['demo']]);
  stored = undefined;
  expect((await handlers.start({ seed: 7 }, CALLER)).seed).toBe(7);
});

it('refuses a second one, with or without load', async () => {
  await handlers.start({}, CALLER);
  await expect(handlers.start({}, CALLER)).rejects.toMatchObject({ code: 'conflict' });
});

it('refuses on a cluster with other load, and says why', async () => {
  events = new Map([[1, 12_000]]);
  await expect(handlers.start({}, CALLER)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('100 events/s'),
  });
  expect([stored, woken]).toEqual([undefined, []]);
});

it('is for those who could create its stream and append to it', async () => {
  const operator = { kind: 'person', id: '1', name: 'o@example.org' } as const;
  const grants = grantsOf([{ role: 'operator', scope: {} }]);
  const caller = { ...CALLER, principal: { ...operator, grants } };
  await expect(handlers.start({}, caller)).rejects.toMatchObject({ code: 'forbidden' });
  expect(stored).toBeUndefined();
});

it('stops the one that is under way, and says that there is none', async () => {
  await expect(handlers.stop({}, CALLER)).rejects.toMatchObject({ code: 'conflict' });
  await handlers.start({}, CALLER);
  await handlers.stop({}, CALLER);
  expect(stored?.stopBy).toBe('a test');
});
