import { alterStream, type ChangeNotifier, type TopologyStore } from '@foreshard/core/topology';
import { afterEach, expect, it } from 'vitest';
import { FollowedMap } from './map-follower.ts';
import { testStore } from './test-cluster.ts';

const silent: ChangeNotifier = { notify: async () => {}, subscribe: async () => async () => {} };
const followers: FollowedMap[] = [];
const reloads: string[] = [];

function follow(store: TopologyStore, notifier = silent): FollowedMap {
  const follower = new FollowedMap(store, notifier, (reason) => reloads.push(reason));
  followers.push(follower);
  return follower;
}

afterEach(async () => {
  for (const follower of followers.splice(0)) await follower.close();
});

it('has no map before the topology store has answered, and the topology store has no age', async () => {
  const follower = follow(await testStore());
  expect(follower.map).toBeUndefined();
  expect(follower.contactAgeMs(Date.now())).toBeUndefined();
});

it('knows a decision as soon as it has caught up', async () => {
  const store = await testStore();
  const follower = follow(store);
  await follower.catchUp();
  await store.decide(alterStream(1, { retentionMs: 3_600_000 }), 'test');
  await follower.catchUp();
  expect(follower.map!.stream(1)!.retentionMs).toBe(3_600_000);
  expect(follower.contactAgeMs(Date.now())).toBeLessThan(1_000);
});

it('catches up when it is told, without waiting for its poll', async () => {
  const store = await testStore();
  let notify: (version: number) => void = () => {};
  const notifier: ChangeNotifier = {
    notify: async () => {},
    subscribe: async (listener) => {
      notify = listener;
      return async () => {};
    },
  };
  const follower = follow(store, notifier);
  follower.start();
  await follower.catchUp();
  const reply = await store.decide(alterStream(1, { retentionMs: 3_600_000 }), 'test');
  notify(reply.kind === 'decided' ? reply.version : 0);
  await expect.poll(() => follower.map!.stream(1)!.retentionMs, { timeout: 500 }).toBe(3_600_000);
});

it('keeps the last map while the topology store is away, and says how old it is', async () => {
  const store = await testStore();
  let away = false;
  const flaky: TopologyStore = {
    snapshot: () => store.snapshot(),
    changesAfter: (version, limit) =>
      away ? Promise.reject(new Error('The topology store is away')) : store.changesAfter(version, limit),
    decide: (decision, actor) => store.decide(decision, actor),
    close: () => store.close(),
  };
  const follower = follow(flaky);
  await follower.catchUp();
  away = true;
  await follower.catchUp();
  expect(follower.map!.version).toBeGreaterThan(0);
  expect(follower.contactAgeMs(Date.now() + 60_000)).toBeGreaterThanOrEqual(60_000);
});

it('loads the map again when the changes have a gap', async () => {
  const store = await testStore();
  const follower = follow({
    snapshot: () => store.snapshot(),
    changesAfter: async (version, limit) => (await store.changesAfter(version, limit)).slice(1),
    decide: (decision, actor) => store.decide(decision, actor),
    close: () => store.close(),
  });
  await follower.catchUp();
  await store.decide(alterStream(1, { retentionMs: 3_600_000 }), 'test');
  await store.decide(alterStream(1, { retentionMs: 7_200_000 }), 'test');
  await follower.catchUp();
  expect(follower.map!.stream(1)!.retentionMs).toBe(7_200_000);
  expect(reloads).toHaveLength(1);
});
