/** The contract suite on a cluster of three, whole and with one member killed, and what only shows there. */
import { type EtcdCluster, startEtcd, type TemporaryFolder, temporaryFolder } from '@foreshard/local';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createStream, type TopologyStore } from '../../topology/index.ts';
import {
  decided,
  describeTopologyStore,
  follow,
  hostNamed,
  increment,
  rule,
} from '../../topology/topology-store.contract-suite.ts';
import { DatabaseUnreachable } from '../prisma/index.ts';
import { EtcdChangeNotifier } from './change-notifier.ts';
import { openEtcdTopology } from './topology-store.ts';

const ME = 'a test';
let folder: TemporaryFolder;
let etcd: EtcdCluster;
let prefixes = 0;

beforeAll(async () => {
  folder = await temporaryFolder('etcd');
  etcd = await startEtcd({ dir: folder.path });
}, 120_000);
afterAll(async () => {
  await etcd?.stop();
  await folder.remove();
});

const LARGE = 60_000;

/** A decision of several pieces, also compressed. */
function incompressible() {
  const any = () => Math.floor(Math.random() * 2 ** 50);
  return rule({}, () => ({
    kind: 'accept',
    puts: {
      garbage: Array.from({ length: LARGE }, () => ({ host: 1, shardlet: any(), epoch: any(), since: 5 })),
    },
    result: null,
  }));
}

async function openStores(count: number, prefix = `test-${++prefixes}`) {
  const opened = Array.from({ length: count }, () => openEtcdTopology(`${etcd.url}/${prefix}`));
  const stores: TopologyStore[] = opened.map((o) => o.store);
  const close = async () => {
    await Promise.all(stores.map((s) => s.close()));
  };
  return { prefix, opened, stores, close };
}

describeTopologyStore('on etcd, three members', () => openStores(5));

describe('one member of three killed', () => {
  beforeAll(() => etcd.members[0]!.kill());
  afterAll(() => etcd.members[0]!.restart());
  describeTopologyStore('on etcd, two members of three', () => openStores(5));
});

describe('The topology store on etcd', () => {
  let under: Awaited<ReturnType<typeof openStores>>;
  beforeAll(async () => {
    under = await openStores(3);
    decided(await under.stores[0]!.decide(hostNamed('one'), ME));
    decided(await under.stores[0]!.decide(createStream({ name: 'main', shardCount: 1 }), ME));
  });
  afterAll(() => under.close());

  it('loses and doubles nothing while its leader is killed again and again under load', async () => {
    const before = await under.stores[0]!.snapshot();
    let done = false;
    let allDecided = false;
    const following = follow(under.stores[2]!, () => allDecided);
    const acknowledged: number[] = [];
    const deciders = under.stores.slice(0, 2).map(async (store) => {
      while (!done) {
        const reply = await store.decide(increment(1), ME).catch(() => undefined);
        if (reply?.kind === 'decided') acknowledged.push(reply.version);
      }
    });
    for (const member of etcd.members) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      await member.kill();
      await new Promise((resolve) => setTimeout(resolve, 700));
      await member.restart();
    }
    const made = acknowledged.length;
    await vi.waitFor(() => expect(acknowledged.length).toBeGreaterThan(made + 10), { timeout: 15_000 });
    done = true;
    await Promise.all(deciders);
    allDecided = true;
    const seen = await following;
    const { version, streams } = await under.stores[1]!.snapshot();
    expect(seen).toEqual(Array.from({ length: version }, (_, i) => i + 1));
    expect(new Set(acknowledged).size).toBe(acknowledged.length);
    for (const v of acknowledged) expect(v).toBeLessThanOrEqual(version);
    // every decision, and nothing else, has counted one up
    expect(streams[0]!.retentionBytes).toBe(1_000_000 + version - before.version);
  }, 60_000);

  it('refuses within its deadline without a majority, and goes on when it is back', async () => {
    const before = (await under.stores[0]!.snapshot()).version;
    await Promise.all([etcd.members[0]!.kill(), etcd.members[1]!.kill()]);
    const startedMs = performance.now();
    await Promise.all([
      expect(under.stores[0]!.decide(increment(1), ME)).rejects.toBeInstanceOf(DatabaseUnreachable),
      expect(under.stores[1]!.snapshot()).rejects.toThrow('check TOPOLOGY_URL'),
    ]);
    expect(performance.now() - startedMs).toBeLessThan(12_000);
    await Promise.all([etcd.members[0]!.restart(), etcd.members[1]!.restart()]);
    await vi.waitFor(
      async () => expect((await under.stores[0]!.decide(increment(1), ME)).kind).toBe('decided'),
      { timeout: 20_000 },
    );
    expect((await under.stores[2]!.snapshot()).version).toBeGreaterThan(before);
  }, 60_000);

  it('lets a new process begin at the base, with the same map and the same next ids', async () => {
    const { stores, prefix, close } = await openStores(1);
    decided(await stores[0]!.decide(hostNamed('one'), ME));
    decided(
      await stores[0]!.decide(createStream({ name: 'main', shardCount: 2, shardletsPerShard: 2_000 }), ME),
    );
    for (let i = 0; i < 210; i++) decided(await stores[0]!.decide(increment(1), ME));
    const late = await openStores(1, prefix);
    const keys = await late.opened[0]!.connection.client.getAll().prefix(`${prefix}/topology/`).keys();
    expect(keys).toContain(`${prefix}/topology/base`);
    expect(await late.stores[0]!.snapshot()).toEqual(await stores[0]!.snapshot());
    const next = decided(await late.stores[0]!.decide(createStream({ name: 'second', shardCount: 1 }), ME));
    expect(next.streamId).toBe(2);
    await late.close();
    await close();
  }, 60_000);

  it('leaves no piece of a lost race behind', async () => {
    const { stores, prefix, opened, close } = await openStores(3);
    decided(await stores[0]!.decide(hostNamed('one'), ME));
    await Promise.all(stores.map((store) => store.decide(incompressible(), ME).then(decided)));
    const { client } = opened[0]!.connection;
    const names = new Set(
      (await client.getAll().prefix(`${prefix}/topology/piece/`).keys()).map((key) =>
        key.slice(0, key.lastIndexOf('/')),
      ),
    );
    expect(names.size).toBe(3);
    expect((await stores[2]!.snapshot()).garbage.length).toBe(3 * LARGE);
    await close();
  }, 60_000);

  it('tells its followers by itself', async () => {
    const heard: number[] = [];
    const { store, connection } = under.opened[2]!;
    const notifier = new EtcdChangeNotifier(connection, store.clockKey);
    const end = await notifier.subscribe((version) => heard.push(version));
    const reply = await under.stores[0]!.decide(increment(1), ME);
    const version = reply.kind === 'decided' ? reply.version : 0;
    await vi.waitFor(() => expect(heard).toContain(version));
    await end();
    await notifier.close();
  });
});
