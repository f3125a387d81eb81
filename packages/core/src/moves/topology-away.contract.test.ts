/**
 * The topology store away during each step: etcd is cut off, or PostgreSQL, before each action of a split in turn.
 * The work stops with a clear error, nothing is half done that cannot be finished, and when the topology store is
 * back the same machine begun anew by another worker ends as if nothing had happened.
 */
import {
  createDatabase,
  type EtcdCluster,
  startEtcd,
  startTcpProxy,
  type TcpProxy,
  type TemporaryFolder,
  temporaryFolder,
} from '@foreshard/local';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openEtcdTopology } from '../adapters/etcd/index.ts';
import { MemoryHost } from '../adapters/memory/index.ts';
import { applyMigrations, openPrisma, PrismaTopologyStore } from '../adapters/prisma/index.ts';
import { ManualClock } from '../kernel/index.ts';
import { range } from '../keyspace/index.ts';
import { T0_MICROS } from '../machines/cluster.fixture.ts';
import { driveAll, type Perform, performer } from '../machines/index.ts';
import {
  addHost,
  createStream,
  type Decision,
  EMPTY_TOPOLOGY,
  restructure,
  type Shardlet,
  setHostState,
  TopologyMap,
  type TopologyStore,
} from '../topology/index.ts';
import { finishingMachines } from './backlog.ts';

/** Long enough for a busy machine, short enough to wait for at every step. */
const CALL_MS = 1_000;
const MIGRATIONS = new URL('../../../../prisma/migrations', import.meta.url).pathname;

/** One kind of the topology store, by way of a line that can be cut or by a line of its own. */
interface Kind {
  readonly proxy: TcpProxy;
  readonly variable: string;
  open(
    prefix: string,
    by: 'proxy' | 'own line',
  ): { readonly store: TopologyStore; close(): Promise<unknown> };
}

let folder: TemporaryFolder;
let etcd: EtcdCluster;
let kinds: Record<'etcd' | 'PostgreSQL', Kind>;
beforeAll(async () => {
  folder = await temporaryFolder('topology-away');
  etcd = await startEtcd({ dir: folder.path, members: 1 });
  kinds = { etcd: await onEtcd(etcd.url), PostgreSQL: await onPostgres(inject('postgresUrl')) };
}, 60_000);
afterAll(async () => {
  for (const { proxy } of Object.values(kinds ?? {})) await proxy.stop();
  await etcd?.stop();
  await folder.remove();
});

async function onEtcd(url: string): Promise<Kind> {
  const proxy = await startTcpProxy({ port: Number(new URL(url).port) });
  const open: Kind['open'] = (prefix, by) => {
    const isProxied = by === 'proxy';
    const { store } = openEtcdTopology(
      `${isProxied ? proxy.through(url) : url}/${prefix}`,
      isProxied ? CALL_MS : undefined,
    );
    return { store, close: () => store.close() };
  };
  return { proxy, variable: 'TOPOLOGY_URL', open };
}

/** One database for all places: each has a host and a stream of its own in it. */
async function onPostgres(serverUrl: string): Promise<Kind> {
  const url = await createDatabase(serverUrl, 'topology_away');
  await applyMigrations(url, MIGRATIONS);
  const proxy = await startTcpProxy({ port: Number(new URL(url).port) });
  const open: Kind['open'] = (_, by) => {
    const address = by === 'proxy' ? proxy.through(url) : url;
    const prisma = openPrisma(address);
    return { store: new PrismaTopologyStore(prisma, address), close: () => prisma.$disconnect() };
  };
  return { proxy, variable: 'DATABASE_URL', open };
}

/**
 * One host in memory, the topology store on a server, and a split that the topology store has decided and nobody has
 * carried out.
 */
class Place {
  readonly host = new MemoryHost(new ManualClock(T0_MICROS));
  readonly map = new TopologyMap(EMPTY_TOPOLOGY);
  private readonly kind: Kind;
  private readonly name: string;
  private opened: ReturnType<Kind['open']>;
  private hostId = 0;
  private stream = 0;

  constructor(kind: Kind, name: string) {
    this.kind = kind;
    this.name = name;
    this.opened = kind.open(name, 'own line');
  }

  /** Another worker goes on, with a connection of its own. */
  async takeOver(by: 'proxy' | 'own line'): Promise<void> {
    await this.opened.close();
    this.opened = this.kind.open(this.name, by);
  }

  async end(): Promise<void> {
    await this.opened.close();
  }

  get shardlets(): Shardlet[] {
    return [...this.map.shardlets(this.stream)].sort((a, b) => a.id - b.id);
  }

  async start(): Promise<void> {
    const { name } = this;
    const request = { name, engine: 'redis', url: `redis://${name}`, incarnation: 'run' } as const;
    this.hostId = (await this.decide(addHost({ ...request, durability: 'always' }))).hostId;
    await this.host.adopt(this.hostId);
    for (const { id, state } of [...this.map.hosts()])
      if (id !== this.hostId && state === 'active') await this.decide(setHostState(id, 'draining'));
    this.stream = (await this.decide(createStream({ name, shardCount: 1 }))).streamId;
    await this.finish(this.perform());
    const { id, epoch, range: whole } = this.shardlets[0]!;
    const middle = { hi: 0x8000_0000, lo: 0 };
    const children = [range(whole.from, middle), range(middle, whole.to)];
    await this.decide(restructure({ parents: [{ id, epoch }], children }));
  }

  async finish(perform: Perform): Promise<void> {
    await this.refresh();
    const outcomes = await driveAll(finishingMachines(this.map, this.hostId), perform);
    expect(outcomes.every(({ kind }) => kind === 'finished')).toBe(true);
    await this.refresh();
  }

  perform(): Perform {
    return performer({
      host: async () => this.host,
      decide: (decision) => this.opened.store.decide(decision, 'test'),
      readTopology: () => this.refresh(),
    });
  }

  private async decide<R>(decision: Decision<R>): Promise<R> {
    const reply = await this.opened.store.decide(decision, 'test');
    if (reply.kind === 'refused') throw new Error(reply.refusal.detail);
    await this.refresh();
    return reply.result;
  }

  private async refresh(): Promise<TopologyMap> {
    for (const change of await this.opened.store.changesAfter(this.map.version, 1_000))
      this.map.apply(change);
    return this.map;
  }
}

async function expectSplit(place: Place): Promise<void> {
  expect(place.shardlets.map((s) => s.state.kind)).toEqual(['closed', 'open', 'open']);
  expect((await place.host.list(0, 10)).map((r) => r.mode)).toEqual(['sealed', 'open', 'open']);
}

describe.each(['PostgreSQL', 'etcd'] as const)('a split while %s', (name) => {
  test('is away stops with one clear line, whatever the step, and ends well after it', async () => {
    const kind = kinds[name];
    let stopped = 0;
    for (let n = 0, reached = true; reached; n++) {
      expect(n).toBeLessThan(50);
      reached = false;
      const place = new Place(kind, `away-${n}`);
      await place.start();
      await place.takeOver('proxy');
      let count = 0;
      const perform = place.perform();
      const cut: Perform = async (action) => {
        if (count++ === n) {
          reached = true;
          kind.proxy.admit(false);
          kind.proxy.cut();
        }
        return perform(action);
      };
      const ended = await place.finish(cut).catch((error: Error) => error);
      kind.proxy.admit(true);
      if (reached) {
        expect((ended as Error).message).toContain(`check ${kind.variable}`);
        stopped++;
        await place.takeOver('own line');
        await place.finish(place.perform());
      }
      await expectSplit(place);
      await place.end();
    }
    // seal, create twice and settle
    expect(stopped).toBeGreaterThanOrEqual(4);
  }, 120_000);

  test('loses any one of its answers on the line is decided once', async () => {
    const kind = kinds[name];
    let { cuts } = kind.proxy;
    for (let n = 1, reached = true; reached; n++) {
      expect(n).toBeLessThan(80);
      const place = new Place(kind, `cut-${n}`);
      await place.start();
      const before = place.map.version;
      await place.takeOver('proxy');
      kind.proxy.cutAtPiece('toClient', n);
      const ended = await place.finish(place.perform()).catch((error: Error) => error);
      reached = kind.proxy.cuts > cuts;
      cuts = kind.proxy.cuts;
      if (ended !== undefined) expect(ended).toMatchObject({ name: 'DatabaseUnreachable' });
      kind.proxy.cutAtPiece('toClient', Infinity);
      await place.takeOver('own line');
      await place.finish(place.perform());
      await expectSplit(place);
      expect(place.map.version).toBe(before + 1);
      await place.end();
    }
    expect(cuts).toBeGreaterThan(4);
  }, 120_000);
});
