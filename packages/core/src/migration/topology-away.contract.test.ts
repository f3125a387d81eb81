/**
 * T away during each step: etcd is cut off, or PostgreSQL, before each action of a split in turn. The work
 * stops with a clear error, nothing is half done that cannot be finished, and when T is back the same
 * machine begun anew by another worker ends as if nothing had happened.
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
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openEtcdTopology } from '../adapters/etcd/index.ts';
import { MemoryHost } from '../adapters/memory/index.ts';
import { ManualClock } from '../kernel/index.ts';
import { range } from '../keyspace/index.ts';
import {
  addHost,
  createStream,
  type Decision,
  EMPTY_TOPOLOGY,
  restructure,
  TopologyMap,
  type TopologyStore,
} from '../topology/index.ts';
import { finishingMachines } from './backlog.ts';
import { driveAll, type Perform } from './drive.ts';
import { performer } from './perform.ts';
import { T0_MICROS } from './test-cluster.ts';

/** Long enough for a busy machine, short enough to wait for at every step. */
const CALL_MS = 1_000;

let folder: TemporaryFolder;
let etcd: EtcdCluster;
beforeAll(async () => {
  folder = await temporaryFolder('topology-away');
  etcd = await startEtcd({ dir: folder.path, members: 1 });
}, 60_000);
afterAll(async () => {
  await etcd?.stop();
  await folder.remove();
});

/** One host in memory, T on etcd, and a split that T has decided and nobody has carried out. */
class Place {
  readonly host = new MemoryHost(new ManualClock(T0_MICROS));
  readonly map = new TopologyMap(EMPTY_TOPOLOGY);
  store: TopologyStore;
  private readonly prefix: string;

  constructor(prefix: string) {
    this.prefix = prefix;
    this.store = openEtcdTopology(`${etcd.url}/${prefix}`, CALL_MS).store;
  }

  /** Another worker goes on, with a connection of its own. */
  async takeOver(): Promise<void> {
    await this.store.close();
    this.store = openEtcdTopology(`${etcd.url}/${this.prefix}`).store;
  }

  async begin(): Promise<void> {
    const one = { name: 'one', engine: 'redis', url: 'redis://one', incarnation: 'run' } as const;
    const { hostId } = await this.decide(addHost({ ...one, durability: 'always' }));
    await this.host.adopt(hostId);
    await this.decide(createStream({ name: 'main', shardCount: 1 }));
    await this.finish(this.perform());
    const [whole] = [...this.map.shardlets()];
    const { from, to } = whole!.range;
    const middle = { hi: 0x8000_0000, lo: 0 };
    const children = [range(from, middle), range(middle, to)];
    await this.decide(restructure({ parents: [{ id: whole!.id, epoch: whole!.epoch }], children }));
  }

  async finish(perform: Perform): Promise<void> {
    await this.refresh();
    const outcomes = await driveAll(finishingMachines(this.map, 1), perform);
    expect(outcomes.every(({ kind }) => kind === 'finished')).toBe(true);
    await this.refresh();
  }

  perform(): Perform {
    return performer({
      host: async () => this.host,
      decide: (decision) => this.store.decide(decision, 'test'),
      readTopology: () => this.refresh(),
    });
  }

  private async decide<R>(decision: Decision<R>): Promise<R> {
    const reply = await this.store.decide(decision, 'test');
    if (reply.kind === 'refused') throw new Error(reply.refusal.detail);
    await this.refresh();
    return reply.result;
  }

  private async refresh(): Promise<TopologyMap> {
    for (const change of await this.store.changesAfter(this.map.version, 1_000)) this.map.apply(change);
    return this.map;
  }
}

test('a split stops with one clear line while etcd is away, whatever the step, and ends well after it', async () => {
  const [member] = etcd.members;
  let stopped = 0;
  for (let n = 0, reached = true; reached; n++) {
    expect(n).toBeLessThan(50);
    reached = false;
    const place = new Place(`step-${n}`);
    await place.begin();
    let count = 0;
    const perform = place.perform();
    const cut: Perform = async (action) => {
      if (count++ === n) {
        reached = true;
        await member!.kill();
      }
      return perform(action);
    };
    const ended = await place.finish(cut).catch((error: Error) => error);
    if (reached) {
      expect((ended as Error).message).toContain('check TOPOLOGY_URL');
      stopped++;
      await member!.restart();
      await place.takeOver();
      await place.finish(place.perform());
    }
    const states = [...place.map.shardlets()].map((s) => s.state.kind);
    expect(states).toEqual(['closed', 'open', 'open']);
    const replicas = (await place.host.list(0, 10)).map((r) => r.mode);
    expect(replicas).toEqual(['sealed', 'open', 'open']);
    await place.store.close();
  }
  // seal, create twice and settle
  expect(stopped).toBeGreaterThanOrEqual(4);
}, 120_000);
