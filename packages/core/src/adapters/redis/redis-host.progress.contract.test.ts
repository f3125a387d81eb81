/** A host that went back to an older state is found out, and what the proof costs. */
import { cp, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { concatFrames, sampleFrame } from '../../hosts/contract/sample-events.ts';
import { ALL, SPEC } from '../../hosts/contract/scene.ts';
import { type AppendGroup, type EventHost, HostUnreachable, ProgressWatch } from '../../hosts/index.ts';
import { connectRedisHost } from './redis-host.ts';
import { startTestServer, type TestServer } from './redis-server.fixture.ts';

const servers: TestServer[] = [];
const opened: EventHost[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((host) => host.close()));
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function start(config: Record<string, string> = {}): Promise<TestServer> {
  const server = await startTestServer(config);
  servers.push(server);
  return server;
}

async function connect(server: TestServer, watch?: ProgressWatch): Promise<EventHost> {
  const host = await connectRedisHost({ url: server.server.url, expectedIncarnation: undefined, watch });
  opened.push(host);
  return host;
}

function group(events: readonly number[]): AppendGroup {
  const frames = concatFrames(events.map((n) => sampleFrame(n)));
  const fixed = { shardlet: 1, epoch: 10, edgeTs: 0, tokenTs: 0, dedup: SPEC.dedup };
  return { ...fixed, frames, count: events.length };
}

async function follow(replica: TestServer, primary: TestServer): Promise<void> {
  await replica.raw.replicaof('127.0.0.1', primary.server.port);
  await expect
    .poll(() => replica.raw.info('replication'), { timeout: 10_000 })
    .toMatch(/master_link_status:up[\s\S]*master_sync_in_progress:0/);
}

/** Calls until it is answered or refused for another reason than a connection that is being made anew. */
async function outcomeOf<R>(call: () => Promise<R>): Promise<R | Error> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const outcome = await call().catch((error: Error) => error);
    if (!(outcome instanceof HostUnreachable) || outcome.reason !== 'connection') return outcome;
    await sleep(20);
  }
  throw new Error('the host does not serve');
}

const REGRESSED = { name: 'HostUnreachable', reason: 'regressed' };

test('a host that was demoted and promoted in the same run is refused before anybody believes its answer', async () => {
  const config = { 'repl-diskless-sync-delay': '0' };
  const [a, b] = [await start(config), await start(config)];
  const watch = new ProgressWatch(0);
  const [reading, idle, unjudged] = [await connect(a, watch), await connect(a, watch), await connect(a)];
  await reading.createOpen(1, 10, SPEC, []);
  await reading.append([group([1])]);
  await follow(b, a);
  await b.raw.replicaof('NO', 'ONE');
  expect(await idle.append([group([2])])).toMatchObject([{ kind: 'appended', firstSeq: 2 }]);
  const { incarnation } = await idle.identify();

  await follow(a, b);
  const refusal = await reading.read(1, 1, 0, ALL).catch((error) => error);
  expect(refusal).toMatchObject({ name: 'HostUnreachable', reason: 'connection' });
  expect(refusal.message).toMatch(/READONLY/);
  await a.raw.replicaof('NO', 'ONE');

  // its own change brings the count to where it was
  await expect(idle.append([group([3])])).rejects.toMatchObject(REGRESSED);
  expect(watch.regression).toEqual({ seen: 3, answered: 2 });
  expect((await unjudged.identify()).incarnation).toBe(incarnation);
  // what nobody judges gave seq 2 to another event
  expect(await unjudged.append([group([3])])).toMatchObject([{ stored: 0, duplicates: [{ seq: 2 }] }]);
  expect(await outcomeOf(() => reading.read(1, 1, 0, ALL))).toMatchObject(REGRESSED);
  // later appends overtake what was seen: the loss stays
  for (let n = 10; n < 20; n++) await unjudged.append([group([n])]);
  await expect(idle.append([group([5])])).rejects.toMatchObject(REGRESSED);
});

test('a host that is started from an older copy of its data shows the older count and mark', async () => {
  const server = await start();
  const [data, copy] = [join(server.server.dir, 'appendonlydir'), join(server.server.dir, 'copy')];
  const watch = new ProgressWatch(0);
  let host = await connect(server, watch);
  await host.createOpen(1, 10, SPEC, []);
  await host.append([group([1])]);
  await host.mark('', '1.a', 1_000, 0);
  const then = await host.identify();
  await server.server.kill('SIGKILL');
  await cp(data, copy, { recursive: true });
  await server.server.restart();
  host = await connect(server, watch);
  expect(await host.identify()).toMatchObject({ progress: then.progress, mark: '1.a' });
  await host.append([group([2])]);
  await host.mark('1.a', '2.b', 2_000, 0);
  const later = await host.identify();
  expect(later.progress.count).toBe(then.progress.count + 2);

  await server.server.kill('SIGKILL');
  await rm(data, { recursive: true });
  await cp(copy, data, { recursive: true });
  await server.server.restart();
  const found = await (await connect(server)).identify();
  expect(found).toMatchObject({ progress: then.progress, mark: '1.a', markPromise: then.markPromise });
  host = await connect(server, watch);
  await expect(host.read(1, 1, 0, ALL)).rejects.toMatchObject(REGRESSED);
  expect(watch.regression).toEqual({ seen: later.progress.count, answered: then.progress.count });
});

test('a host whose snapshots fail refuses reads as well, until they succeed', async () => {
  const server = await start({ save: '3600 1' });
  const host = await connect(server);
  await host.createOpen(1, 10, SPEC, []);
  const obstacle = join(server.server.dir, 'dump.rdb');
  await rm(obstacle, { force: true });
  await mkdir(obstacle);
  await bgsave(server, 'err');
  for (const call of [() => host.read(1, 1, 0, ALL), () => host.append([group([1])])]) {
    const refusal = await call().catch((error) => error);
    expect(refusal).toMatchObject({ name: 'HostUnreachable', reason: 'connection' });
  }
  const refusal = await outcomeOfReconnect(host);
  expect(refusal).toMatch(/MISCONF/);
  await rm(obstacle, { recursive: true });
  await bgsave(server, 'ok');
  expect(await outcomeOf(() => host.append([group([1])]))).toMatchObject([{ kind: 'appended' }]);
});

async function bgsave(server: TestServer, status: 'ok' | 'err'): Promise<void> {
  await server.raw.bgsave();
  await expect
    .poll(() => server.raw.info('persistence'), { timeout: 10_000 })
    .toMatch(new RegExp(`rdb_bgsave_in_progress:0[\\s\\S]*rdb_last_bgsave_status:${status}`));
}

/** The refusal that names the server's own words. */
async function outcomeOfReconnect(host: EventHost): Promise<string> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { message } = await host.read(1, 1, 0, ALL).then(
      () => ({ message: 'served' }),
      (error: Error) => error,
    );
    if (/MISCONF|served/.test(message)) return message;
    await sleep(20);
  }
  throw new Error('it tells nothing');
}

/** How often each command ran, without what the test itself asks. */
async function commands(server: TestServer): Promise<Record<string, number>> {
  const stats = await server.raw.info('commandstats');
  const found = [...stats.matchAll(/cmdstat_([^:]+):calls=(\d+)/g)].map(([, name, calls]) => [
    name!,
    Number(calls),
  ]);
  const { info: _, 'config|resetstat': __, ...rest } = Object.fromEntries(found);
  return rest;
}

async function commandsOf(server: TestServer, call: () => Promise<unknown>): Promise<Record<string, number>> {
  await server.raw.config('RESETSTAT');
  await call();
  return commands(server);
}

test('the proof costs a change one command, and a look none where the host is asked for its clock anyway', async () => {
  const server = await start();
  const host = await connect(server);
  await host.createOpen(1, 10, SPEC, []);
  await host.append([group([1])]);
  const looks = { fcall: 1, hmget: 1, time: 1 };
  const stores = { ...looks, mget: 1, hsetnx: 1, xadd: 1, mset: 1, sadd: 1 };
  expect(await commandsOf(server, () => host.append([group([2])]))).toEqual({ ...stores, hincrby: 1 });
  const duplicate = await commandsOf(server, () => host.append([group([2])]));
  expect(duplicate).toMatchObject(looks);
  expect(duplicate).not.toHaveProperty('hincrby');
  const read = await commandsOf(server, () => host.read(1, 1, 0, ALL));
  expect(read).toEqual({ ...looks, get: 1, xrevrange: 1, xrange: expect.any(Number) });
  // hostLast and the count go with one command; hincrby is the number of the changes told
  const frontier = await commandsOf(server, () => host.frontier(1_000, 0));
  expect(frontier).toMatchObject({ ...looks, hset: 1, hincrby: 1 });
  expect(await commandsOf(server, () => host.seek(1, 0))).toMatchObject({ fcall: 1, hmget: 1 });
  expect(await commandsOf(server, () => host.seal(1, 10))).toMatchObject({ ...looks, hincrby: 1 });
});

async function logged(server: TestServer): Promise<Buffer> {
  const dir = join(server.server.dir, 'appendonlydir');
  const file = (await readdir(dir)).find((name) => name.endsWith('.incr.aof'))!;
  return readFile(join(dir, file));
}

/** What a call adds to the append-only file, as its commands. */
async function loggedBy(server: TestServer, call: () => Promise<unknown>): Promise<string[]> {
  const { length } = await logged(server);
  await call();
  const added = (await logged(server)).subarray(length).toString('latin1');
  return added.split(/(?=\*\d+\r\n\$)/);
}

test('the proof adds at most 64 bytes to the append-only file', async () => {
  const server = await start();
  const host = await connect(server);
  await host.createOpen(1, 10, SPEC, []);
  const added = await loggedBy(server, () => host.append([group([1])]));
  const proof = added.filter((command) => command.includes('foreshard:host'));
  expect(proof).toHaveLength(1);
  expect(proof[0]).toMatch(/HINCRBY/);
  expect(proof[0]!.length).toBeLessThanOrEqual(64);
  expect(added.map((command) => command.split('\r\n')[2])).toEqual(
    expect.arrayContaining(['MULTI', 'XADD', 'MSET', 'EXEC']), // what makes a transaction of it anyway
  );
  expect(await loggedBy(server, () => host.append([group([1])]))).toEqual(
    expect.not.arrayContaining([expect.stringMatching('foreshard:host')]),
  );

  await host.frontier(1, 0);
  const [promise, ...more] = await loggedBy(server, () => host.frontier(1_000, 0));
  expect([promise!.includes('HSET'), more]).toEqual([true, []]);
  const bare = promise!.replace(/\$1\r\nn\r\n\$\d+\r\n\d+\r\n/, '');
  expect(promise!.length - bare.length).toBeGreaterThan(0);
  expect(promise!.length - bare.length).toBeLessThanOrEqual(64);
});
