/**
 * A small cluster in memory for the tests of the machines: T, hosts that can restart or vanish, and a
 * performer whose calls can be counted, cut off, repeated and replayed late.
 */
import { MemoryHost, MemoryTopologyStore } from '../adapters/memory/index.ts';
import { type AppendReply, type EventHost, HostUnreachable, writeFrame } from '../hosts/index.ts';
import { invariant, ManualClock } from '../kernel/index.ts';
import { identify } from '../keyspace/index.ts';
import {
  addHost,
  createStream,
  type Decision,
  EMPTY_TOPOLOGY,
  type Host,
  type Shardlet,
  TopologyMap,
} from '../topology/index.ts';
import { dedupIn, finishingMachines } from './backlog.ts';
import { driveAll, type Perform } from './drive.ts';
import type { Outcome } from './machine.ts';
import { performer } from './perform.ts';

/** 2026-01-01, so that timestamps have their real size. */
export const T0_MICROS = 1_767_225_600_000_000;

export class Killed extends Error {
  override readonly name = 'Killed';
}

export class TestCluster {
  readonly clock = new ManualClock(T0_MICROS);
  readonly store = new MemoryTopologyStore(this.clock);
  readonly map = new TopologyMap(EMPTY_TOPOLOGY);
  readonly hosts = new Map<number, MemoryHost>();
  /** the run each engine is in now */
  readonly runs = new Map<number, string>();
  readonly unreachable = new Set<number>();

  async addHost(durability: Host['durability'] = 'always'): Promise<number> {
    const name = `host-${this.hosts.size + 1}`;
    const request = {
      name,
      engine: 'redis',
      url: `redis://${name}`,
      incarnation: 'run-1',
      durability,
    } as const;
    const { hostId } = await this.decide(addHost(request));
    const host = new MemoryHost(this.clock);
    await host.adopt(hostId);
    this.hosts.set(hostId, host);
    this.runs.set(hostId, 'run-1');
    return hostId;
  }

  async addStream(shardCount: number): Promise<number> {
    const { streamId } = await this.decide(createStream({ name: `stream-${this.map.version}`, shardCount }));
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
  async append(shardlet: Shardlet, id: string, epoch = shardlet.epoch): Promise<AppendReply> {
    const host = this.hosts.get(shardlet.owner)!;
    const frames = frameAt(shardlet, id);
    const edgeTs = this.clock.nowMicros();
    const dedup = dedupIn(this.map, shardlet);
    const [reply] = await host.append([
      { shardlet: shardlet.id, epoch, edgeTs, tokenTs: 0, dedup, frames, count: 1 },
    ]);
    return reply!;
  }

  /** Everything the hosts hold, to compare before and after. */
  async held(): Promise<unknown> {
    const all = [];
    for (const [id, host] of this.hosts) all.push([id, await host.list(0, 10_000)]);
    return all;
  }
}

function frameAt({ range }: Shardlet, id: string): Uint8Array {
  const identity = new Uint32Array(4);
  identify(range.from.hi, 'test', id, identity);
  const payload = new TextEncoder().encode(JSON.stringify({ id }));
  const frame = new Uint8Array(32 + payload.length);
  writeFrame(frame, 0, range.from.hi, identity, payload, 0, payload.length);
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
