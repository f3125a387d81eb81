/**
 * A small world for testing the merge: memory hosts with clocks of their own, appends, splits, rolls, merges
 * and migrations carried out step by step, all in an order drawn from a seed. It keeps the truth (every
 * stored record); what a reader learns, and when, is up to the test.
 */
import { MemoryHost } from '@foreshard/core/adapters/memory';
import { EMPTY_DIGEST, type EventHost, writeFrame } from '@foreshard/core/hosts';
import { invariant, ManualClock, type Random, seededRandom } from '@foreshard/core/kernel';
import { overlaps, type Range, range, slices, WHOLE } from '@foreshard/core/keyspace';
import {
  type Change,
  changeSetSchema,
  EMPTY_TOPOLOGY,
  NO_FACTS,
  type Shardlet,
  type ShardletState,
  TopologyMap,
} from '@foreshard/core/topology';

export interface TruthRecord {
  readonly ts: number;
  readonly shardlet: number;
  readonly seq: number;
}

const DEDUP = { windowMicros: 900_000_000, leadMicros: 60_000_000 };
const STREAM = { id: 1, name: 'main', shardCount: 1, splitKeys: false, dedupWindowMs: 900_000 };
const START_MICROS = 1_000_000_000;
/** every step of time is small against the tolerance for edge clocks, so that clamping matters */
const TICK_MICROS = 3_000;

type Steps = AsyncGenerator<void, void, void>;

export class MergeWorld {
  readonly random: Random;
  readonly hosts = new Map<number, EventHost>();
  readonly changes: Change[] = [];
  readonly stored: TruthRecord[] = [];
  private readonly clocks: ManualClock[] = [];
  private readonly truth: TopologyMap;
  private readonly running: Steps[] = [];
  private readonly busy = new Set<number>();
  private nextId = 1;
  private events = 0;

  private constructor(seed: number) {
    this.random = seededRandom(seed);
    this.truth = new TopologyMap(EMPTY_TOPOLOGY);
  }

  static async start(seed: number, hostCount: number, shardletCount: number): Promise<MergeWorld> {
    const world = new MergeWorld(seed);
    const hosts = Array.from({ length: hostCount }, (_, i) => ({
      id: i + 1,
      name: `h${i + 1}`,
      engine: 'redis' as const,
      url: `redis://h${i + 1}`,
      incarnation: 'memory',
      generation: 0,
      durability: 'always' as const,
      state: 'active' as const,
      ...NO_FACTS,
    }));
    for (const { id } of hosts) {
      const clock = new ManualClock(START_MICROS + world.below(700_000));
      world.clocks.push(clock);
      world.hosts.set(id, new MemoryHost(clock));
    }
    const stream = { ...STREAM, retentionMs: null, retentionBytes: null };
    world.decide({ hosts, streams: [stream] });
    const version = world.truth.version + 1;
    const made = slices(WHOLE, shardletCount).map((r, i) =>
      world.make(r, 1 + (i % hostCount), version, [], { kind: 'open' }),
    );
    for (const s of made) await world.createOpen(s, []);
    world.decide({ shardlets: made });
    return world;
  }

  below(n: number): number {
    return Math.floor(this.random.next() * n);
  }

  pick<T>(items: readonly T[]): T {
    invariant(items.length > 0, 'nothing to pick from');
    return items[this.below(items.length)]!;
  }

  tick(): void {
    this.pick(this.clocks).advance(1 + this.below(TICK_MICROS));
  }

  tickAll(byMicros: number): void {
    for (const clock of this.clocks) clock.advance(byMicros);
  }

  /** Appends one to three events with an edge clock of its own; a shardlet that is not open refuses them. */
  async append(): Promise<void> {
    const shardlet = this.pick([...this.truth.leaves(1)]);
    const clock = this.clocks[shardlet.owner - 1]!;
    const edgeTs = clock.nowMicros() + this.below(3_000_000) - 1_500_000;
    const count = 1 + this.below(3);
    const frames = Buffer.concat(Array.from({ length: count }, () => this.frame(shardlet.range)));
    const group = {
      shardlet: shardlet.id,
      epoch: shardlet.epoch,
      edgeTs,
      tokenTs: 0,
      dedup: DEDUP,
      frames,
      count,
    };
    const [reply] = await this.host(shardlet.owner).append([group]);
    if (reply?.kind !== 'appended') return;
    for (let k = 0; k < reply.stored; k++)
      this.stored.push({ shardlet: shardlet.id, seq: reply.firstSeq + k, ts: reply.firstTs + k });
  }

  /** Begins a restructure or a migration of something that is at rest. */
  startChange(): void {
    const free = [...this.truth.leaves(1)].filter((s) => s.state.kind === 'open' && !this.busy.has(s.id));
    if (free.length === 0) return;
    const s = this.pick(free);
    const kind = this.below(4);
    if (kind === 0) this.run([s], this.restructure([s], [s.range]));
    else if (kind === 1) this.run([s], this.restructure([s], slices(s.range, 2)));
    else if (kind === 2) this.startMerge(s, free);
    else this.run([s], this.migrate(s, this.below(3) === 0));
  }

  /** One step of something that is under way; `false` when nothing is. */
  async step(): Promise<boolean> {
    if (this.running.length === 0) return false;
    const at = this.below(this.running.length);
    const { done } = await this.running[at]!.next();
    if (done === true) this.running.splice(at, 1);
    return true;
  }

  private startMerge(s: Shardlet, free: readonly Shardlet[]): void {
    const right = free.find((o) => o.owner === s.owner && o.range.from.hi === s.range.to.hi);
    if (right === undefined) return;
    this.run([s, right], this.restructure([s, right], [range(s.range.from, right.range.to)]));
  }

  private run(shardlets: readonly Shardlet[], steps: Steps): void {
    for (const s of shardlets) this.busy.add(s.id);
    this.running.push(steps);
  }

  private async *restructure(parents: readonly Shardlet[], ranges: readonly Range[]): Steps {
    const owner = parents[0]!.owner;
    const host = this.host(owner);
    const epoch = this.truth.version + 1;
    const refs = parents.map((p) => ({ shardlet: p.id, epoch: p.epoch }));
    const children = ranges.map((r) => {
      const own = parents.filter((p) => overlaps(p.range, r)).map((p) => p.id);
      return this.make(r, owner, epoch, own, { kind: 'opening', job: { kind: 'create', parents: refs } });
    });
    const successors = children.map((c) => c.id);
    this.decide({
      shardlets: [
        ...parents.map((p) => ({ ...p, state: { kind: 'closing' as const, successors } })),
        ...children,
      ],
    });
    const closed: Shardlet[] = [];
    for (const p of parents) {
      yield;
      const sealed = await host.seal(p.id, p.epoch);
      const details = await host.describe(p.id);
      invariant(sealed.kind === 'done' && 'last' in details, 'a parent cannot be sealed');
      closed.push({
        ...p,
        state: { kind: 'closed', successors, finalSeq: sealed.lastSeq, finalTs: details.last },
      });
    }
    for (const c of children) {
      yield;
      await this.createOpen(
        c,
        refs.filter((r) => c.parents.includes(r.shardlet)),
      );
    }
    yield;
    this.decide({
      shardlets: [...closed, ...children.map((c) => ({ ...c, state: { kind: 'open' as const } }))],
    });
  }

  private async *migrate(s: Shardlet, abort: boolean): Steps {
    const dest = this.pick([...this.hosts.keys()].filter((id) => id !== s.owner));
    const [from, to] = [this.host(s.owner), this.host(dest)];
    const n = this.truth.version + 1;
    this.decide({ shardlets: [{ ...s, state: { kind: 'moving', dest, nextEpoch: n } }] });
    yield;
    await to.createShadow(s.id, n, { stream: 1, range: s.range, dedup: DEDUP });
    yield;
    await this.copy(from, to, s.id, n);
    if (!abort || this.below(2) === 0) await from.seal(s.id, s.epoch);
    yield;
    if (abort) return yield* this.abort(s, n, to);
    await this.copy(from, to, s.id, n);
    const details = await from.describe(s.id);
    invariant('last' in details, 'the source is gone');
    const digested = await from.digest(s.id, s.epoch, details.firstSeq, details.lastSeq);
    const digest = digested.kind === 'digest' ? digested.digest : EMPTY_DIGEST;
    const { firstSeq, lastSeq: finalSeq, last } = details;
    // the ids are not copied here: this world never repeats an event
    const ready = await to.ready(s.id, n, { firstSeq, finalSeq, digest, idSets: [], last });
    invariant(ready.kind === 'ready', `not ready: ${JSON.stringify(ready)}`);
    yield;
    const job = { kind: 'migrate' as const, source: s.owner, sourceEpoch: s.epoch, finalSeq };
    const moved: Shardlet = { ...s, owner: dest, epoch: n, state: { kind: 'opening', job } };
    this.decide({ shardlets: [moved] });
    yield;
    await to.open(s.id, n);
    yield;
    this.settle(moved);
    yield;
    await from.drop(s.id, s.epoch);
  }

  private async *abort(s: Shardlet, n: number, to: EventHost): Steps {
    const epoch = this.truth.version + 1;
    const raised: Shardlet = { ...s, epoch, state: { kind: 'opening', job: { kind: 'raise' } } };
    this.decide({ shardlets: [raised] });
    yield;
    await this.host(s.owner).raise(s.id, epoch);
    yield;
    this.settle(raised);
    yield;
    await to.drop(s.id, n);
  }

  private settle(shardlet: Shardlet): void {
    this.busy.delete(shardlet.id);
    this.decide({ shardlets: [{ ...shardlet, state: { kind: 'open' } }] });
  }

  private async copy(from: EventHost, to: EventHost, id: number, epoch: number): Promise<void> {
    const at = await to.describe(id);
    invariant('lastSeq' in at, 'no shadow');
    const read = await from.read(id, at.lastSeq + 1, 0, { maxRecords: 10_000, maxBytes: 1e9 });
    if (read.kind === 'records' && read.records.length > 0) await to.ingest(id, epoch, read.records);
  }

  private async createOpen(
    s: Shardlet,
    parents: readonly { shardlet: number; epoch: number }[],
  ): Promise<void> {
    const spec = { stream: 1, range: s.range, dedup: DEDUP };
    const reply = await this.host(s.owner).createOpen(s.id, s.epoch, spec, parents);
    invariant(reply.kind === 'created', `shardlet ${s.id} was not created: ${JSON.stringify(reply)}`);
  }

  private host(id: number): EventHost {
    return this.hosts.get(id)!;
  }

  private make(r: Range, owner: number, epoch: number, parents: number[], state: ShardletState): Shardlet {
    return { id: this.nextId++, stream: 1, shard: 0, range: r, owner, epoch, state, parents, lost: [] };
  }

  private frame(r: Range): Uint8Array {
    const payload = new TextEncoder().encode(`{"id":"${++this.events}"}`);
    const frame = new Uint8Array(32 + payload.length);
    const identity = Uint32Array.from([this.events, this.events, 7, 7]);
    writeFrame(frame, 0, r.from.hi, identity, payload, 0, payload.length);
    return frame;
  }

  private decide(puts: Partial<Pick<Change, 'hosts' | 'streams' | 'shardlets'>>): void {
    const whole = { ...changeSetSchema.parse({}), ...puts };
    const change: Change = {
      ...whole,
      version: this.truth.version + 1,
      at: 0,
      decision: 'test',
      actor: 'test',
    };
    this.truth.apply(change);
    this.changes.push(change);
  }
}
