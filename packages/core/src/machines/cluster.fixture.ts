/**
 * A small cluster for the tests of the machines: T in memory, hosts that can restart or vanish, and a
 * performer whose calls can be counted, cut off, repeated and replayed late. Its hosts are in memory too
 * (TestCluster) or real servers (server-cluster.fixture.ts).
 */
import { MemoryHost, MemoryTopologyStore } from '../adapters/memory/index.ts';
import {
  type AppendGroup,
  type AppendReply,
  type EventHost,
  FRAME_HEADER_BYTES,
  HostUnreachable,
  writeFrame,
} from '../hosts/index.ts';
import { invariant, ManualClock } from '../kernel/index.ts';
import { identify } from '../keyspace/index.ts';
import { dedupIn, finishingMachines } from '../moves/index.ts';
import {
  addHost,
  createStream,
  type Decision,
  EMPTY_TOPOLOGY,
  type Host,
  type Shardlet,
  TopologyMap,
} from '../topology/index.ts';
import { driveAll, type Perform } from './drive.ts';
import type { Outcome } from './machine.ts';
import { performer } from './perform.ts';

/** 2026-01-01, so that timestamps have their real size. */
export const T0_MICROS = 1_767_225_600_000_000;

export class Killed extends Error {
  override readonly name = 'Killed';
}

export class Cluster<H extends EventHost = EventHost> {
  readonly clock = new ManualClock(T0_MICROS);
  readonly store = new MemoryTopologyStore(this.clock);
  readonly map = new TopologyMap(EMPTY_TOPOLOGY);
  readonly hosts = new Map<number, H>();
  /** the run each engine is in now */
  readonly runs = new Map<number, string>();
  readonly unreachable = new Set<number>();

  /** REQUIRES an empty host. */
  async join(
    host: H,
    engine: Host['engine'] = 'redis',
    durability: Host['durability'] = 'always',
  ): Promise<number> {
    const name = `host-${this.hosts.size + 1}`;
    const request = { name, engine, url: `${engine}://${name}`, incarnation: 'run-1', durability } as const;
    const { hostId } = await this.decide(addHost(request));
    await host.adopt(hostId);
    this.hosts.set(hostId, host);
    this.runs.set(hostId, 'run-1');
    return hostId;
  }

  async addStream(shardCount: number, settings: { splitKeys?: boolean } = {}): Promise<number> {
    const name = `stream-${this.map.version}`;
    const { streamId } = await this.decide(createStream({ name, shardCount, ...settings }));
    return streamId;
  }

  /** @throws when T refuses */
  async decide<R>(decision: Decision<R>): Promise<R> {
    const reply = await this.store.decide(decision, 'test');
    invariant(reply.kind === 'decided', `${decision.name} was refused: ${JSON.stringify(reply)}`);
    await this.refresh();
    return reply.result;
  }

  async refresh(): Promise<TopologyMap> {
    for (const change of await this.store.changesAfter(this.map.version, 10_000)) this.map.apply(change);
    return this.map;
  }

  /** @param run the run a connection is pinned to; without it: the run that T trusts */
  connect(id: number, run?: string): EventHost {
    const host = this.hosts.get(id);
    const expected = run ?? this.map.host(id)?.incarnation;
    if (host === undefined || this.unreachable.has(id))
      throw new HostUnreachable('connection', `host ${id} does not answer`);
    if (expected !== this.runs.get(id))
      throw new HostUnreachable('incarnation', `host ${id} is in another run`);
    return host;
  }

  performer(run?: string): Perform {
    return performer({
      host: async (id) => this.connect(id, run),
      decide: (decision) => this.store.decide(decision, 'test'),
      readTopology: () => this.refresh(),
    });
  }

  /** Finishes everything that T has decided, as the reconciler does. */
  async finishAll(perform: Perform = this.performer()): Promise<Outcome[]> {
    await this.refresh();
    const machines = [...this.hosts.keys()].flatMap((host) => finishingMachines(this.map, host));
    const outcomes = await driveAll(machines, perform);
    await this.refresh();
    return outcomes;
  }

  open(stream: number): Shardlet[] {
    return [...this.map.shardlets(stream)].filter((s) => s.state.kind === 'open').sort((a, b) => a.id - b.id);
  }

  /** Appends one event whose position is the start of the shardlet's range. */
  append(shardlet: Shardlet, id: string, epoch = shardlet.epoch): Promise<AppendReply> {
    return this.appendBy(this.hosts.get(shardlet.owner)!, { ...shardlet, epoch }, id);
  }

  /** The same by a handle of one's own. */
  async appendBy(
    host: EventHost,
    shardlet: Shardlet,
    id: string,
    more: Partial<AppendGroup> = {},
  ): Promise<AppendReply> {
    const [reply] = await host.append([{ ...this.groupOf(shardlet, [id]), ...more }]);
    return reply!;
  }

  groupOf(shardlet: Shardlet, ids: readonly string[]): AppendGroup {
    const { id, epoch, range } = shardlet;
    return {
      shardlet: id,
      epoch,
      edgeTs: this.clock.nowMicros(),
      tokenTs: 0,
      dedup: dedupIn(this.map, shardlet),
      frames: Buffer.concat(ids.map((each) => frameAt(range.from.hi, each))),
      count: ids.length,
    };
  }

  /** The ids of the events that a host holds of a shardlet, in order; or why it gives none. */
  async idsOn(host: number, shardlet: number, from = 1): Promise<string[]> {
    const reply = await this.hosts.get(host)!.read(shardlet, from, 0, { maxRecords: 10_000, maxBytes: 1e8 });
    if (reply.kind === 'gone') return this.idsOn(host, shardlet, reply.firstSeq);
    if (reply.kind !== 'records') return [reply.kind];
    const payloads = reply.records.map(({ frame }) => frame.subarray(FRAME_HEADER_BYTES));
    return payloads.map((payload) => JSON.parse(new TextDecoder().decode(payload)).id);
  }

  /** Everything the hosts hold, to compare before and after. */
  async held(): Promise<unknown> {
    const all = [];
    for (const [id, host] of this.hosts) all.push([id, await host.list(0, 10_000)]);
    return all;
  }
}

export class TestCluster extends Cluster<MemoryHost> {
  addHost(durability: Host['durability'] = 'always'): Promise<number> {
    return this.join(new MemoryHost(this.clock), 'redis', durability);
  }
}

/** An event of a key with this hash. */
export function frameAt(keyHash: number, id: string): Uint8Array {
  const identity = new Uint32Array(4);
  identify(keyHash, 'test', id, identity);
  const payload = new TextEncoder().encode(JSON.stringify({ id }));
  const frame = new Uint8Array(FRAME_HEADER_BYTES + payload.length);
  writeFrame(frame, 0, keyHash, identity, payload, 0, payload.length);
  return frame;
}

/** Dies at the n-th action (from 0), before or after it took effect. */
export function killedAt(n: number, when: 'before' | 'after', perform: Perform): Perform {
  let count = 0;
  return async (action) => {
    const at = count++;
    if (at > n || (at === n && when === 'before')) throw new Killed();
    const reply = await perform(action);
    if (at === n) throw new Killed();
    return reply;
  };
}

/** Sends every action twice, and answers with the second reply. */
export function repeated(perform: Perform): Perform {
  return async (action) => {
    await perform(action);
    return perform(action);
  };
}
