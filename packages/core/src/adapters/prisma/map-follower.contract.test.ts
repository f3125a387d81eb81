/** Following a topology store in PostgreSQL across gaps in its change log. */
import { Client } from 'pg';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { alterStream, createStream, MapFollower, type Topology } from '../../topology/index.ts';
import { decided, hostNamed } from '../../topology/topology-store.contract-suite.ts';
import { openPrisma, type PrismaClient } from './client.ts';
import { migratedDatabase } from './migrated-database.fixture.ts';
import { PrismaRestoration } from './restoration.ts';
import { PrismaTopologyStore } from './topology-store.ts';

const ME = 'a test';

let url: string;
let prisma: PrismaClient;
let store: PrismaTopologyStore;
let follower: MapFollower;
let reloads: string[];

beforeEach(async () => {
  url = await migratedDatabase(inject('postgresUrl'), 'following');
  prisma = openPrisma(url, 'follower');
  store = new PrismaTopologyStore(prisma, url);
  reloads = [];
  decided(await store.decide(hostNamed('a'), ME));
  decided(await store.decide(createStream({ name: 'main', shardCount: 4 }), ME));
  follower = new MapFollower({
    store,
    notifier: { subscribe: async () => async () => {} },
    nowMs: Date.now,
    pollMs: 60_000,
    later: () => () => {},
    observer: {
      reloaded: (reason) => reloads.push(reason),
      unanswered: (error) => expect.unreachable(`${error}`),
    },
  });
  await follower.upToDate();
});
afterEach(async () => {
  await follower.stop();
  await prisma.$disconnect();
});

const retain = (retentionMs: number) => store.decide(alterStream(1, { retentionMs }), ME);

async function query(sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(sql);
  await client.end();
}

function sorted({ shardlets, ...rest }: Topology) {
  return { ...rest, shardlets: [...shardlets].sort((a, b) => a.id - b.id) };
}

async function expectFollowed(): Promise<void> {
  expect(sorted(follower.map.toTopology())).toEqual(sorted(await store.snapshot()));
}

it('follows without a gap', async () => {
  decided(await retain(3_600_000));
  await follower.upToDate();
  await expectFollowed();
  expect(reloads).toEqual([]);
});

it('loads the map again where rows of the change log are missing, and goes on with the log', async () => {
  const { version } = follower.map;
  decided(await store.decide(createStream({ name: 'two', shardCount: 2 }), ME));
  decided(await retain(3_600_000));
  decided(await retain(7_200_000));
  await query(`DELETE FROM change WHERE version IN (${version + 1}, ${version + 2})`);
  await follower.upToDate();
  await expectFollowed();
  expect(follower.map.streamNamed('two')).toBeDefined();
  expect(reloads).toEqual([`the change log goes from version ${version} to ${version + 3}`]);
  decided(await retain(3_600_000));
  await follower.upToDate();
  await expectFollowed();
  expect(reloads).toHaveLength(1);
});

it('loads the map again after a restore, and forgets what the restored store does not know', async () => {
  decided(await store.decide(createStream({ name: 'forgotten', shardCount: 2 }), ME));
  await follower.upToDate();
  const known = follower.map.version;
  // the backup was made before the stream: its rows and the decision are not in it
  await query(`
    DELETE FROM shardlet WHERE stream = 2; DELETE FROM stream WHERE id = 2;
    DELETE FROM change WHERE version = ${known}; UPDATE clock SET version = ${known - 1}`);
  const restoration = new PrismaRestoration(prisma, url);
  await restoration.mark({ restoredAtMs: 1 });
  await follower.upToDate();
  expect([follower.map.version, reloads]).toEqual([known, []]);
  const { nextIds } = await restoration.clock();
  const examined = { examinedVersion: known - 1, version: known + 1_000_000, nextIds, adopted: {} };
  expect(await restoration.finish(examined, ME)).toBe(true);
  await follower.upToDate();
  await expectFollowed();
  expect(follower.map.streamNamed('forgotten')).toBeUndefined();
  expect(reloads).toEqual([`the change log goes from version ${known} to ${known + 1_000_000}`]);
});
