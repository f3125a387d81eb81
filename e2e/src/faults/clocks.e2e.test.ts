/**
 * Two edges beside the product's own, their clocks five seconds ahead and five behind. Each request, of a
 * writer as of a reader, goes to the next of them, so one key meets all three clocks.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@foreshard/local';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { Cluster, until } from './cluster.ts';
import { storedAnew, underLoad } from './under-load.ts';

const OFF_MS = 5_000;
/** of a busy machine */
const SLACK_MS = 1_500;
const EDGE = fileURLToPath(new URL('../../../apps/edge/src/main.ts', import.meta.url));
const WRONG_CLOCK = fileURLToPath(new URL('wrong-clock.fixture.ts', import.meta.url));

const stream = 'faults-clocks';
const token = inject('token');
const right = inject('edgeUrl');
const cluster = new Cluster(inject('dataDir'), { edgeUrl: right, token, stream });
const edges: ChildProcess[] = [];
const urls: string[] = [];
let turn = 0;
/** Another edge each time it is looked at. */
const target = {
  get edgeUrl() {
    return urls[turn++ % urls.length]!;
  },
  token,
  stream,
};

/** With a clock that is found to be as wrong as it should be. */
async function startEdge(offMs: number): Promise<string> {
  const port = String(await freePort());
  const { databaseUrl, redisUrl } = await cluster.credentials();
  const spawnedAtMs = Date.now();
  const edge = spawn(process.execPath, ['--import', WRONG_CLOCK, EDGE], {
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
      FORESHARD_DATA_DIR: join(inject('dataDir'), `edge-${offMs}`),
      EDGE_ID: `edge-${offMs}`,
      EDGE_PORT: port,
      CLOCK_OFF_MS: String(offMs),
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  edges.push(edge);
  const url = `http://127.0.0.1:${port}`;
  await until(`the edge ${offMs} ms off to be ready`, async () => (await fetch(`${url}/readyz`)).ok);
  expect(Math.abs((await startedAtMs(url)) - spawnedAtMs - offMs)).toBeLessThan(SLACK_MS);
  return url;
}

/** When it began, by its own clock. */
async function startedAtMs(url: string): Promise<number> {
  const text = await (
    await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } })
  ).text();
  return 1_000 * Number(/^process_start_time_seconds (\S+)/m.exec(text)![1]);
}

beforeAll(async () => {
  await cluster.createStream();
  urls.push(right, ...(await Promise.all([startEdge(OFF_MS), startEdge(-OFF_MS)])));
});
afterAll(async () => {
  for (const edge of edges) {
    edge.kill('SIGKILL');
    await once(edge, 'exit');
  }
  await cluster.deleteStream();
});

it('edges whose clocks are five seconds off lose, double and reorder nothing while shardlets move and split', async () => {
  const { journal, follower, faults } = await underLoad(
    cluster,
    target,
    { name: 'clocks' },
    async ({ journal }) => {
      const { hosts, shardlets } = await cluster.map();
      const [moved, split] = shardlets.filter((s) => s.state === 'open');
      const dest = hosts.find(({ id }) => id !== moved!.owner)!;
      await cluster.foreshard('move', String(moved!.id), '--to', dest.name, '--reason', 'a test', '--wait');
      await storedAnew(journal);
      await cluster.foreshard('split', String(split!.id), '--wait');
      await storedAnew(journal);
    },
  );
  expect(faults).toEqual([]);
  expect(follower.failures).toBe(0);
  // the hosts' clocks decide: no timestamp is further off than a host lets an edge be
  const offs = journal.acknowledged
    .filter(({ ts }) => ts !== undefined)
    .map(({ ts, acknowledgedAtMs, atMs }) => [ts! / 1_000 - acknowledgedAtMs, ts! / 1_000 - atMs] as const);
  expect(offs.length).toBeGreaterThan(100);
  expect(Math.max(...offs.map(([late]) => late))).toBeLessThanOrEqual(1_000 + SLACK_MS);
  expect(Math.min(...offs.map(([, early]) => early))).toBeGreaterThanOrEqual(-1_000 - SLACK_MS);
});
