/** Opening and pooling hosts, on two real Redis servers. */
import { createDatabase } from '@foreshard/local';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { SPEC } from '../../hosts/contract/scene.ts';
import { type EventHost, ProgressWatch } from '../../hosts/index.ts';
import { changeSchema, EMPTY_TOPOLOGY, type Host, NO_FACTS, TopologyMap } from '../../topology/index.ts';
import { startTestServer, type TestServer } from '../redis/redis-server.fixture.ts';
import { HostPool } from './host-pool.ts';
import { connectAnyHost, openEventHost } from './open-event-host.ts';

let servers: [TestServer, TestServer];
let first: Host;
let second: Host;
let pool: HostPool;
let map: TopologyMap;

beforeAll(async () => {
  servers = [await startTestServer(), await startTestServer()];
  [first, second] = await Promise.all([hostOn(servers[0], 1), hostOn(servers[1], 2)]);
});
afterEach(async () => {
  await pool?.close();
});
afterAll(async () => {
  for (const server of servers) await server.stop();
});

async function hostOn(server: TestServer, id: number): Promise<Host> {
  const { url } = server.server;
  const info = await server.raw.info('server');
  const incarnation = /run_id:(\w+)/.exec(info)![1]!;
  const settings = { durability: 'always', state: 'active', ...NO_FACTS } as const;
  return { id, name: `host-${id}`, engine: 'redis', url, incarnation, generation: 0, ...settings };
}

function poolOver(...hosts: Host[]): void {
  map = new TopologyMap({ ...EMPTY_TOPOLOGY, hosts });
  pool = new HostPool(map);
}

function change(changed: { hosts?: Host[]; hostsRemoved?: number[] }): void {
  const fixed = { version: map.version + 1, at: 0, decision: 'test', actor: 'test' };
  map.apply({ ...changeSchema.parse(fixed), ...changed });
}

async function portOf(handle: EventHost): Promise<string> {
  const { incarnation } = await handle.identify();
  return incarnation === first.incarnation ? 'first' : 'second';
}

test('the pool gives one handle per host', async () => {
  poolOver(first, second);
  const handles = await Promise.all([pool.get(1), pool.get(1), pool.get(2)]);
  expect(handles[0]).toBe(handles[1]);
  expect(await Promise.all(handles.map(portOf))).toEqual(['first', 'first', 'second']);
});

test('a host that moves to another address and run gets a new handle, the old one ends', async () => {
  poolOver(first);
  const before = await pool.get(1);
  change({ hosts: [{ ...second, id: 1 }] });
  expect(await portOf(await pool.get(1))).toBe('second');
  await expect(before.identify()).rejects.toMatchObject({ reason: 'connection' });
});

test('a change that leaves address and run alone keeps the handle', async () => {
  poolOver(first);
  const before = await pool.get(1);
  change({ hosts: [{ ...first, state: 'draining' }] });
  expect(await pool.get(1)).toBe(before);
});

test('a host whose run is not the one topology store knows is refused until the topology store knows it', async () => {
  poolOver({ ...first, incarnation: 'an earlier run' });
  await expect(pool.get(1)).rejects.toMatchObject({ reason: 'incarnation' });
  change({ hosts: [first] });
  expect(await portOf(await pool.get(1))).toBe('first');
});

test('a host that is being readmitted is reached only with an incarnation of one’s own', async () => {
  poolOver(first);
  await pool.get(1);
  const readmitting: Host = { ...first, state: 'readmitting' };
  change({ hosts: [readmitting] });
  await expect(pool.get(1)).rejects.toMatchObject({ reason: 'incarnation' });
  const own = await openEventHost(readmitting, first.incarnation);
  expect(await portOf(own)).toBe('first');
  await own.close();
});

test('what was seen of a host outlives its handles, until it is in another generation', async () => {
  poolOver(first);
  const watch = pool.watch(1)!;
  const before = await pool.get(1);
  await before.createOpen(1, 10, SPEC, []);
  const { progress } = await before.identify();
  expect([watch.generation, watch.seen]).toEqual([0, progress.count]);
  change({ hosts: [{ ...first, incarnation: 'another run' }] });
  change({ hosts: [first] });
  expect(await pool.get(1)).not.toBe(before);
  expect(pool.watch(1)).toBe(watch);
  change({ hosts: [{ ...first, generation: 5 }] });
  expect(pool.watch(1)).toMatchObject({ generation: 5, seen: 0 });
  await expect((await pool.get(1)).describe(1)).rejects.toMatchObject({ reason: 'incarnation' });
  expect(watch.seen).toBe(progress.count);
  expect(pool.watch(2)).toBeUndefined();
  change({ hostsRemoved: [1] });
  expect(pool.watch(1)).toBeUndefined();
});

test('a host in another generation gets a new handle once the topology store knows it', async () => {
  poolOver(second);
  const before = await pool.get(2);
  await before.describe(1);
  const own = await openEventHost(second, undefined);
  expect(await own.admit(7, 1)).toEqual({ kind: 'admitted' });
  await expect(before.describe(1)).rejects.toMatchObject({ reason: 'incarnation' });
  second = { ...second, generation: 7 };
  change({ hosts: [second] });
  expect(await portOf(await pool.get(2))).toBe('second');
  await own.close();
});

test('a host that answers less than was seen is refused, but not to who identifies it', async () => {
  poolOver(first);
  const watch = new ProgressWatch(0, 1_000);
  const judged = await openEventHost(first, first.incarnation, { watch });
  const identified = await openEventHost(first, undefined, { watch });
  await expect(judged.identify()).rejects.toMatchObject({ reason: 'regressed' });
  expect(await portOf(identified)).toBe('first');
  watch.dismiss();
  expect(await portOf(judged)).toBe('first');
  await judged.close();
  await identified.close();
});

test('a removed host and a closed pool give nothing', async () => {
  poolOver(first, second);
  const before = await pool.get(2);
  change({ hostsRemoved: [2] });
  await expect(pool.get(2)).rejects.toMatchObject({ reason: 'connection' });
  await expect(before.identify()).rejects.toMatchObject({ reason: 'connection' });
  await pool.close();
  await expect(pool.get(1)).rejects.toMatchObject({ reason: 'connection' });
});

test('a host that is down is tried again, so it is found once it is up', async () => {
  poolOver(first);
  const port = servers[0].server.port;
  await servers[0].server.stop();
  await expect(pool.get(1)).rejects.toMatchObject({ reason: 'connection' });
  await servers[0].server.restart();
  expect(servers[0].server.port).toBe(port);
  first = await hostOn(servers[0], 1);
  change({ hosts: [first] });
  expect(await portOf(await pool.get(1))).toBe('first');
});

test('a host that may lose acknowledged events is refused with the cure', async () => {
  await expect(openEventHost({ ...first, durability: 'everysec' }, undefined)).rejects.toThrow(
    /appendfsync always/,
  );
});

test('the engine of a host chooses its adapter', async () => {
  const url = await createDatabase(inject('postgresUrl'), 'event_hosts');
  for (const address of [{ engine: 'postgres', url }, first] as const) {
    const any = await connectAnyHost(address);
    expect(await any.identify()).toMatchObject({ engine: address.engine, hostId: undefined });
    await any.close();
  }
});
