/**
 * A lost lock never breaks an invariant: the lock of a worker is removed on a real Redis before each of its
 * actions in turn, another worker takes it and does the whole work, and the first goes on as if nothing had
 * happened.
 */
import { join } from 'node:path';
import { type LocalServer, startRedis, type TemporaryFolder, temporaryFolder } from '@foreshard/local';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { redlockService } from '../adapters/locks/index.ts';
import { range } from '../keyspace/index.ts';
import type { LockLane } from '../locking/index.ts';
import { TestCluster } from '../machines/cluster.fixture.ts';
import { driveAll, type Outcome, type Perform } from '../machines/index.ts';
import { expectSettled } from '../machines/settled.fixture.ts';
import { prepareMigration, restructure, type Shardlet } from '../topology/index.ts';
import { moveMachine, movingShardlets } from './backlog.ts';

let folder: TemporaryFolder;
let server: LocalServer;
let redis: Redis;
beforeAll(async () => {
  folder = await temporaryFolder('lost-lock');
  server = await startRedis({ dir: join(folder.path, 'redis') });
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
  await folder.remove();
});

type Restructure = (cluster: TestCluster, open: readonly Shardlet[]) => Promise<void>;

const halves = ({ range: r }: Shardlet) => {
  const middle = { hi: Math.floor((r.from.hi + r.to.hi) / 2), lo: 0 };
  return [range(r.from, middle), range(middle, r.to)];
};
const refs = (shardlets: readonly Shardlet[]) => shardlets.map(({ id, epoch }) => ({ id, epoch }));

const RESTRUCTURES: Record<string, Restructure> = {
  roll: async (cluster, [first]) => {
    await cluster.decide(restructure({ parents: refs([first!]), children: [first!.range] }));
  },
  split: async (cluster, [first]) => {
    await cluster.decide(restructure({ parents: refs([first!]), children: halves(first!) }));
  },
  merge: async (cluster, [first]) => {
    const { children } = await cluster.decide(
      restructure({ parents: refs([first!]), children: halves(first!) }),
    );
    await cluster.finishAll();
    const parents = children.map((c) => cluster.map.shardlet(c.id)!);
    await cluster.decide(restructure({ parents: refs(parents), children: [first!.range] }));
  },
  move: async (cluster, [first]) => {
    const dest = await cluster.addHost();
    await cluster.decide(prepareMigration({ ...refs([first!])[0]!, dest }));
  },
};

/** What a worker does that has the lock. */
async function work(cluster: TestCluster, perform: Perform = cluster.performer()): Promise<Outcome[]> {
  const finished = await cluster.finishAll(perform);
  const moves = movingShardlets(cluster.map).map((s) => moveMachine(cluster.map, s));
  const moved = await driveAll(moves, perform);
  await cluster.refresh();
  return [...finished, ...moved];
}

/** What was acknowledged, by shardlet. */
type Journal = Map<number, string[]>;

async function appendTo(cluster: TestCluster, journal: Journal, shardlet: Shardlet, name: string) {
  const id = `${name}-${shardlet.id}`;
  expect(await cluster.append(shardlet, id)).toMatchObject({ kind: 'appended', stored: 1 });
  journal.set(shardlet.id, [...(journal.get(shardlet.id) ?? []), id]);
}

async function aboutTo(
  start: Restructure,
): Promise<{ cluster: TestCluster; stream: number; journal: Journal }> {
  const cluster = new TestCluster();
  await cluster.addHost();
  const stream = await cluster.addStream(2);
  await cluster.finishAll();
  const journal: Journal = new Map();
  for (const shardlet of cluster.open(stream)) await appendTo(cluster, journal, shardlet, 'before');
  await start(cluster, cluster.open(stream));
  return { cluster, stream, journal };
}

/** Runs `expire` before the n-th action. */
function expiringAt(n: number, perform: Perform, expire: () => Promise<void>): Perform {
  let count = 0;
  return async (action) => {
    if (count++ === n) await expire();
    return perform(action);
  };
}

test.each(Object.keys(RESTRUCTURES))(
  'a %s whose lock is lost at any step ends as if it were not',
  async (kind) => {
    let reached = true;
    let n = 0;
    for (; reached; n++) {
      expect(n).toBeLessThan(100);
      reached = false;
      const lanes: LockLane[] = [];
      const locks = redlockService([redis], { observe: (_, lane) => lanes.push(lane) });
      const { cluster, stream, journal } = await aboutTo(RESTRUCTURES[kind]!);
      const other = async () => {
        reached = true;
        expect(await locks.during('host:1', async () => 'kept apart')).toBeUndefined();
        await redis.flushall();
        const done = await locks.during('host:1', () => work(cluster));
        expect(done?.every(({ kind }) => kind === 'finished')).toBe(true);
        for (const shardlet of cluster.open(stream)) await appendTo(cluster, journal, shardlet, 'between');
      };
      await locks.during('host:1', () => work(cluster, expiringAt(n, cluster.performer(), other)));
      await work(cluster);
      await expectSettled(cluster);
      for (const shardlet of cluster.open(stream)) await appendTo(cluster, journal, shardlet, 'after');
      for (const [id, ids] of journal)
        expect(await cluster.idsOn(cluster.map.shardlet(id)!.owner, id)).toEqual(ids);
      expect(lanes).toEqual(reached ? ['locked', 'contended', 'locked', 'lost'] : ['locked']);
    }
    // seal, create and settle at least
    expect(n).toBeGreaterThan(3);
  },
);
