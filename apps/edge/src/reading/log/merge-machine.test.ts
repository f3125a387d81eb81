import { HostTables } from '@foreshard/core/heads';
import { EMPTY_TOPOLOGY, TopologyMap } from '@foreshard/core/topology';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparePlaces, type LogPosition, OLDEST } from './log-position.ts';
import { MergeMachine } from './merge-machine.ts';
import type { HostRequest } from './merge-terms.ts';
import { MergeWorld, type TruthRecord } from './merge-world.fixture.ts';

const MAX_TS = Number.MAX_SAFE_INTEGER;

/** Stands for the driver: answers come late and in any order, as the seed has it. */
class SlowReader {
  readonly emitted: TruthRecord[] = [];
  machine: MergeMachine;
  unreachable = new Set<number>();
  private readonly world: MergeWorld;
  private readonly topology = new TopologyMap(EMPTY_TOPOLOGY);
  private readonly tables = new HostTables();
  private readonly answers: (() => void)[] = [];
  private readonly asked = new Set<number>();

  constructor(world: MergeWorld, after: LogPosition, version: number) {
    this.world = world;
    for (const change of world.changes.slice(0, version)) this.topology.apply(change);
    this.machine = new MergeMachine(this.topology, this.tables, {
      stream: 1,
      after,
      version,
      recordsAheadMax: 64,
    });
  }

  learn(): void {
    const change = this.world.changes[this.topology.version];
    if (change === undefined) return;
    this.topology.apply(change);
    this.machine.topologyChanged(change.shardlets);
  }

  async ask(host: number, raise: boolean): Promise<void> {
    if (this.asked.has(host) || this.unreachable.has(host)) return;
    this.asked.add(host);
    const answer = await this.world.hosts.get(host)!.frontier(raise ? MAX_TS : 0, this.tables.since(host));
    this.answers.push(() => {
      this.asked.delete(host);
      this.tables.apply(host, answer);
      this.machine.frontier(host, answer.hostLast, answer.changed);
    });
  }

  async request(): Promise<void> {
    for (const request of this.machine.requests())
      this.answers.push(await this.fulfil(this.machine, request));
  }

  deliver(): void {
    if (this.answers.length > 0) this.answers.splice(this.world.below(this.answers.length), 1)[0]!();
  }

  take(limit: number): void {
    for (const { ts, shardlet, seq } of this.machine.take({ limit }))
      this.emitted.push({ ts, shardlet, seq });
  }

  /** As another edge would with this reader's cursor. */
  resume(): SlowReader {
    const next = new SlowReader(this.world, this.machine.after, this.topology.version);
    next.emitted.push(...this.emitted);
    next.unreachable = this.unreachable;
    return next;
  }

  private async fulfil(machine: MergeMachine, request: HostRequest): Promise<() => void> {
    const { shardlet } = request;
    const host = this.world.hosts.get(request.host)!;
    if (this.unreachable.has(request.host)) return () => machine.failed(shardlet);
    if (request.kind === 'seek') {
      const reply = await host.seek(shardlet, request.ts);
      return () => (reply.kind === 'seq' ? machine.found(shardlet, reply.seq) : machine.failed(shardlet));
    }
    const maxRecords = Math.min(request.maxRecords, 5);
    const reply = await host.read(shardlet, request.fromSeq, 0, { maxRecords, maxBytes: 1e6 });
    return () => {
      if (reply.kind === 'records') machine.read(shardlet, reply);
      else machine.failed(shardlet);
    };
  }
}

async function act(world: MergeWorld, reader: SlowReader): Promise<void> {
  const dice = world.below(20);
  if (dice < 5) await world.append();
  else if (dice < 7) world.tick();
  else if (dice === 7) world.startChange();
  else if (dice < 10) await world.step();
  else if (dice < 12) reader.learn();
  else if (dice < 14) await reader.ask(world.pick([...world.hosts.keys()]), world.below(3) > 0);
  else if (dice < 16) await reader.request();
  else if (dice < 18) reader.deliver();
  else reader.take(1 + world.below(8));
}

/** Lets everything come to rest, and reads until all is out. */
async function drain(world: MergeWorld, reader: SlowReader): Promise<void> {
  while (await world.step());
  world.tickAll(5_000_000);
  for (let round = 0; round < 3_000 && reader.emitted.length < world.stored.length; round++) {
    reader.learn();
    for (const host of world.hosts.keys()) await reader.ask(host, true);
    await reader.request();
    for (let i = 0; i < 20; i++) reader.deliver();
    reader.take(50);
  }
}

function inOrder(records: readonly TruthRecord[]): TruthRecord[] {
  return [...records].sort(comparePlaces);
}

/** A reader that has read one open shardlet up to seq 9, and the means to change what the topology store says of it. */
async function oneShardlet() {
  const world = await MergeWorld.start(1, 1, 1);
  const topology = new TopologyMap(EMPTY_TOPOLOGY);
  for (const change of world.changes) topology.apply(change);
  const tables = new HostTables();
  const machine = new MergeMachine(topology, tables, { stream: 1, after: OLDEST, version: 0 });
  const [shardlet] = [...topology.leaves(1)];
  const info = {
    shardlet: shardlet!.id,
    epoch: shardlet!.epoch,
    mode: 'open',
    firstSeq: 1,
    lastSeq: 9,
  } as const;
  tables.apply(1, { hostLast: 50, changed: [info], since: 1 });
  machine.frontier(1, 50, [info]);
  machine.requests();
  const frame = new Uint8Array(32);
  machine.read(shardlet!.id, { records: [{ seq: 9, ts: 40, frame }], nextSeq: 10 });
  const decide = (state: Partial<typeof shardlet>): void => {
    const shardlets = [{ ...shardlet!, ...state }];
    const change = {
      ...world.changes.at(-1)!,
      version: topology.version + 1,
      hosts: [],
      streams: [],
      shardlets,
    };
    topology.apply(change);
    machine.topologyChanged(shardlets);
  };
  return { machine, topology, shardlet: shardlet!, decide };
}

describe('a reader', () => {
  it('is told of what retention took from it', async () => {
    const { machine, shardlet, decide } = await oneShardlet();
    decide({ state: { kind: 'gone', successors: [], finalSeq: 20, finalTs: 90 } });
    expect(machine.takeTrimmed()).toEqual([{ shardlet: shardlet.id, firstSeq: 21 }]);
    expect(machine.take({ limit: 10 }).map((r) => r.seq)).toEqual([9]);
  });

  it('gives out nothing above the promise of a host, and asks nothing of an idle shardlet', async () => {
    const { machine } = await oneShardlet();
    expect(machine.take({ limit: 10 }).map((r) => r.ts)).toEqual([40]);
    expect(machine.requests()).toEqual([]);
    expect(machine.bound).toBe(50);
    expect(machine.isPast({ ts: 50, shardlet: 1, seq: 1 })).toBe(true);
    expect(machine.isPast({ ts: 51, shardlet: 1, seq: 1 })).toBe(false);
  });
});

describe('the merged log', () => {
  it('gives every record once and in order, whatever happens to shardlets, hosts and answers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const world = await MergeWorld.start(seed, 1 + (Math.abs(seed) % 3) + 1, 4);
        let reader = new SlowReader(world, OLDEST, world.below(3));
        for (let i = 0; i < 400; i++) {
          await act(world, reader);
          if (world.below(60) === 0) reader = reader.resume();
        }
        await drain(world, reader);
        expect(reader.emitted).toEqual(inOrder(world.stored));
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  it('waits for a host that does not answer, and goes on when it does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const world = await MergeWorld.start(seed, 3, 6);
        const reader = new SlowReader(world, OLDEST, 2);
        reader.unreachable = new Set([2]);
        for (let i = 0; i < 300; i++) await act(world, reader);
        const early = reader.emitted.length;
        reader.unreachable.clear();
        await drain(world, reader);
        expect(reader.emitted.length).toBeGreaterThanOrEqual(early);
        expect(reader.emitted).toEqual(inOrder(world.stored));
      }),
      { numRuns: 50 },
    );
  }, 60_000);
});
