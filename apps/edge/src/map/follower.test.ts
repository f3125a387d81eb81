import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryTopologyStore } from '@foreshard/core/adapters/memory';
import { ManualClock } from '@foreshard/core/kernel';
import { addHost, alterStream, createStream, type Decision } from '@foreshard/core/topology';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FollowedMap, type FollowedMapParts, firstMap } from './follower.ts';

const HOST = {
  name: 'a',
  engine: 'redis',
  url: 'redis://:pw@a',
  incarnation: 'r',
  durability: 'always',
} as const;

let dir: string;
let store: MemoryTopologyStore;
let reloads: string[];
let notify: (version: number) => void;
const followers: FollowedMap[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'map-'));
  store = new MemoryTopologyStore(new ManualClock(1_760_000_000_000_000));
  reloads = [];
  await decide(addHost(HOST));
  await decide(createStream({ name: 'main', shardCount: 4 }));
});
afterEach(async () => {
  for (const follower of followers.splice(0)) await follower.stop();
  await rm(dir, { recursive: true });
});

async function decide<R>(decision: Decision<R>): Promise<R> {
  const reply = await store.decide(decision, 'test');
  if (reply.kind === 'refused') throw new Error(reply.refusal.detail);
  return reply.result;
}

function partsOf(over: Partial<FollowedMapParts> = {}): FollowedMapParts {
  return {
    store,
    notifier: {
      subscribe: async (listener) => {
        notify = listener;
        return async () => {};
      },
    },
    file: join(dir, 'edge', 'map.json'),
    nowMs: Date.now,
    warn: () => {},
    reloaded: (reason) => reloads.push(reason),
    ...over,
  };
}

/** A store that does not answer, until another one takes its place. */
function awayAtFirst() {
  let current = away;
  const store: FollowedMapParts['store'] = {
    snapshot: () => current.snapshot(),
    changesAfter: (version, limit) => current.changesAfter(version, limit),
  };
  return { store, comesBackAs: (other: FollowedMapParts['store']) => (current = other) };
}

async function started(over: Partial<FollowedMapParts> = {}): Promise<FollowedMap> {
  const parts = partsOf(over);
  const follower = new FollowedMap((await firstMap(parts))!, parts);
  followers.push(follower);
  await follower.start();
  return follower;
}

const away: FollowedMapParts['store'] = {
  snapshot: async () => Promise.reject(new Error('away')),
  changesAfter: async () => Promise.reject(new Error('away')),
};

async function eventually(check: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 300 && !(await check()); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await check()).toBe(true);
}

describe('the map that the edge follows', () => {
  it('takes over a change when it is told, tables included', async () => {
    const follower = await started();
    const seen: number[] = [];
    follower.onChange((change) => seen.push(change.version));
    const { streamId } = await decide(createStream({ name: 'two', shardCount: 2 }));
    notify(3);
    await eventually(() => follower.topology.version === 3);
    expect(follower.routeTable(streamId).shardletCount).toBe(2);
    expect(seen).toEqual([3]);
  });

  it('finds a change that nobody told of', async () => {
    const follower = await started();
    await decide(createStream({ name: 'two', shardCount: 2 }));
    await eventually(() => follower.topology.version === 3);
  });

  it('answers a refresh with what was decided before it, though a look was under way', async () => {
    let gate = Promise.resolve();
    let looks = 0;
    const slow: FollowedMapParts['store'] = {
      snapshot: () => store.snapshot(),
      changesAfter: async (version, limit) => {
        looks++;
        const changes = await store.changesAfter(version, limit);
        await gate;
        return changes;
      },
    };
    const follower = await started({ store: slow });
    let open = () => {};
    gate = new Promise((resolve) => {
      open = resolve;
    });
    const first = follower.refresh();
    await decide(createStream({ name: 'two', shardCount: 2 }));
    const others = [follower.refresh(), follower.refresh(), follower.refresh()];
    open();
    await Promise.all([first, ...others]);
    expect(follower.topology.version).toBe(3);
    expect(looks).toBe(2);
  });

  it('keeps the map on disk for a start without the topology store, readable by nobody else', async () => {
    const file = join(dir, 'edge', 'map.json');
    const follower = await started();
    await follower.stop();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const again = await started({ store: away });
    expect(again.topology.toTopology()).toEqual(await store.snapshot());
    expect(again.routeTable(1).shardletCount).toBe(4);
  });

  it('goes on with the topology store after a start from disk', async () => {
    await (await started()).stop();
    const t = awayAtFirst();
    const follower = await started({ store: t.store });
    await decide(createStream({ name: 'two', shardCount: 2 }));
    t.comesBackAs(store);
    await eventually(() => follower.topology.version === 3);
    expect(reloads).toEqual([]);
  });

  it('takes the map of the store when the file is of another cluster, tables included', async () => {
    const { streamId } = await decide(createStream({ name: 'two', shardCount: 2 }));
    await (await started()).stop();
    const t = awayAtFirst();
    const follower = await started({ store: t.store });
    const other = new MemoryTopologyStore(new ManualClock(0));
    await other.decide(addHost({ ...HOST, url: 'redis://b' }), 'test');
    await other.decide(createStream({ name: 'other', shardCount: 8 }), 'test');
    t.comesBackAs(other);
    await follower.refresh();
    expect(reloads).toEqual(['the map had version 3, the store has 2']);
    expect(follower.topology.toTopology()).toEqual(await other.snapshot());
    expect(follower.routeTable(1).shardletCount).toBe(8);
    expect(() => follower.routeTable(streamId)).toThrow('no route table');
  });

  it('loads the map again where the change log has a gap, tables and listeners included', async () => {
    const { streamId } = await decide(createStream({ name: 'two', shardCount: 2 }));
    const follower = await started({
      store: {
        snapshot: () => store.snapshot(),
        changesAfter: async (version, limit) =>
          (await store.changesAfter(version, limit)).filter((change) => change.version > 5),
      },
    });
    const seen: string[] = [];
    follower.onChange(({ decision, version }) => seen.push(`${decision} ${version}`));
    const added = await decide(createStream({ name: 'three', shardCount: 3 }));
    await decide(alterStream(streamId, { retentionMs: 3_600_000 }));
    await decide(alterStream(streamId, { retentionMs: 7_200_000 }));
    await follower.refresh();
    expect(reloads).toEqual(['the change log goes from version 3 to 6']);
    expect(seen).toEqual(['reload 6']);
    expect(follower.topology.toTopology()).toEqual(await store.snapshot());
    expect(follower.routeTable(added.streamId).shardletCount).toBe(3);
    await decide(alterStream(streamId, { retentionMs: 3_600_000 }));
    await follower.refresh();
    expect(seen.at(-1)).toMatch(/^\w+ 7$/);
    expect(reloads).toHaveLength(1);
  });

  it('has no map without the topology store and file, or with a file that is broken', async () => {
    expect(await firstMap(partsOf({ store: away }))).toBeUndefined();
    const file = join(dir, 'map.json');
    await writeFile(file, '{"format":1,"topo');
    expect(await firstMap(partsOf({ store: away, file }))).toBeUndefined();
  });
});
