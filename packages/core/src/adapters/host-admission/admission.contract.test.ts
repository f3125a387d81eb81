/** Redis servers whose replicas could be promoted: refused as new hosts, left alone when they serve already. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findRedis, freePort, type LocalServer, redisAnswers, startServer } from '@foreshard/local';
import { afterEach, expect, test } from 'vitest';
import { ManualClock } from '../../kernel/index.ts';
import { MemoryTopologyStore } from '../memory/index.ts';
import { startTestServer, type TestServer } from '../redis/redis-server.fixture.ts';
import { admitHost, tryAdmission } from './admission.ts';
import { inspectHost } from './host-settings.ts';

const started: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const server of started.splice(0).reverse()) await server.stop();
});

async function start(): Promise<TestServer> {
  const server = await startTestServer({ 'repl-diskless-sync-delay': '0' });
  started.push(server);
  return server;
}

/** A real Sentinel that watches the server. */
async function startSentinel(over: TestServer): Promise<void> {
  const [{ program, env }, port] = [await findRedis(), await freePort()];
  const { dir } = over.server;
  const file = join(dir, 'sentinel.conf');
  await writeFile(
    file,
    `port ${port}\nbind 127.0.0.1\nsentinel monitor one 127.0.0.1 ${over.server.port} 1\n`,
  );
  const sentinel: LocalServer = await startServer({
    ...{ url: `redis://127.0.0.1:${port}`, port, dir, answers: () => redisAnswers(port) },
    spec: {
      ...{ name: 'sentinel', program, args: [file, '--sentinel'], cwd: dir, env },
      ...{ logFile: join(dir, 'sentinel.log'), endSignal: 'SIGTERM' },
    },
  });
  started.push(sentinel);
}

async function follow(replica: TestServer, primary: TestServer): Promise<void> {
  await replica.raw.replicaof('127.0.0.1', primary.server.port);
  await expect.poll(() => primary.raw.info('replication'), { timeout: 10_000 }).toMatch(/connected_slaves:1/);
}

const isWatched = async (server: TestServer) =>
  (await inspectHost(server.server.url)).findings.some(({ what }) => what.includes('Sentinel'));

test('a primary with a replica is refused as a new host, with the cure', async () => {
  const [primary, replica] = [await start(), await start()];
  const topology = new MemoryTopologyStore(new ManualClock(0));
  const request = { url: primary.server.url, actor: 'test' };
  await follow(replica, primary);
  const refused = {
    kind: 'refused',
    why: 'unsuitable',
    detail: expect.stringMatching(/has 1 replica: .*lacks acknowledged events; detach/),
  };
  expect(await tryAdmission(topology, request)).toMatchObject(refused);
  expect(await admitHost(topology, request)).toMatchObject(refused);
  expect((await topology.snapshot()).hosts).toEqual([]);

  await replica.raw.replicaof('NO', 'ONE');
  await expect.poll(() => primary.raw.info('replication')).toMatch(/connected_slaves:0/);
  expect(await admitHost(topology, request)).toEqual({ kind: 'joined', hostId: 1 });
  await follow(replica, primary);
  expect(await admitHost(topology, request)).toEqual({ kind: 'known', hostId: 1 });
});

test('a server that a Sentinel watches is refused as a new host, and stays one that serves', async () => {
  const server = await start();
  const topology = new MemoryTopologyStore(new ManualClock(0));
  const request = { url: server.server.url, actor: 'test' };
  expect(await isWatched(server)).toBe(false);
  await startSentinel(server);
  await expect.poll(() => isWatched(server), { timeout: 10_000 }).toBe(true);
  expect(await admitHost(topology, request)).toMatchObject({
    kind: 'refused',
    detail: expect.stringMatching(/promotions by Sentinel are not supported yet.*SENTINEL REMOVE/),
  });
  const { findings } = await inspectHost(server.server.url);
  expect(findings.filter(({ level }) => level === 'problem')).toEqual([]);
});
