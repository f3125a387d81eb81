/**
 * An EventHost in memory: the executable reference of the protocol, for tests and the simulator. Every
 * operation runs to its end before the next begins, so each is atomic; nothing survives the process.
 */
import type {
  AppendGroup,
  AppendReply,
  EventHost,
  Full,
  HostIdentity,
  HostUsage,
  IdSetInfo,
  KnownId,
  MarkReply,
  ParentRef,
  Progress,
  ReadOptions,
  ReplicaSpec,
  StoredRecord,
} from '../../hosts/index.ts';
import { IDS_PER_SET_MAX } from '../../hosts/index.ts';
import { type Clock, invariant } from '../../kernel/index.ts';
import { appendGroup } from './appending.ts';
import * as copying from './copying.ts';
import { emptyHostState, type HostState } from './host-state.ts';
import { forgetIds } from './id-sets.ts';
import * as owning from './owning.ts';
import * as reading from './reading.ts';

export interface MemoryHostOptions {
  readonly limitBytes?: number;
  readonly idsPerSetMax?: number;
}

/** Bytes that an id costs in a set, about. */
const BYTES_PER_ID = 64;
const FULL: Full = Object.freeze({ kind: 'full' });

export class MemoryHost implements EventHost {
  /** May be changed while the host runs, as an engine's limit can; undefined: none. */
  limitBytes: number | undefined;
  private readonly clock: Clock;
  private readonly idsPerSetMax: number;
  private readonly state: HostState = emptyHostState();

  constructor(clock: Clock, options: MemoryHostOptions = {}) {
    this.clock = clock;
    this.limitBytes = options.limitBytes;
    this.idsPerSetMax = options.idsPerSetMax ?? IDS_PER_SET_MAX;
  }

  async identify(): Promise<HostIdentity> {
    const { hostId, mark, markPromise } = this.state;
    const engine = { incarnation: 'memory', engine: 'memory', version: '1' };
    return { hostId, ...engine, progress: this.progressOf(), mark, markPromise, clockMicros: this.now() };
  }

  /** What goes with the answer of the call that ran last: there is no connection here to carry it. */
  progressOf(): Progress {
    const { generation, count } = this.state;
    return { generation, count };
  }

  async adopt(hostId: number) {
    return this.change(() => owning.adopt(this.state, hostId));
  }

  async mark(expected: string, next: string, upToTs: number, since: number): Promise<MarkReply> {
    const reply = this.change(() => reading.mark(this.state, expected, next, upToTs, since, this.now()));
    return reply.kind === 'otherMark' ? reply : { ...reply, progress: this.progressOf() };
  }

  async admit(generation: number, promise: number) {
    return this.change(() => reading.admit(this.state, generation, promise, this.now()));
  }

  async createShadow(shardlet: number, epoch: number, spec: ReplicaSpec) {
    if (this.isFull()) return FULL;
    return this.change(() => owning.createShadow(this.state, shardlet, epoch, spec, this.now()));
  }

  async createOpen(shardlet: number, epoch: number, spec: ReplicaSpec, parents: readonly ParentRef[]) {
    return this.change(() => owning.createOpen(this.state, shardlet, epoch, spec, parents, this.now()));
  }

  async append(groups: readonly AppendGroup[]): Promise<AppendReply[]> {
    const shardlets = new Set(groups.map((group) => group.shardlet));
    invariant(shardlets.size === groups.length, 'an append names each shardlet once');
    if (this.isFull()) return groups.map(() => FULL);
    const now = this.now();
    return this.change(() => groups.map((group) => appendGroup(this.state, group, now, this.idsPerSetMax)));
  }

  async seal(shardlet: number, epoch: number) {
    return this.change(() => owning.seal(this.state, shardlet, epoch, this.now()));
  }

  async ingest(shardlet: number, epoch: number, records: readonly StoredRecord[]) {
    if (this.isFull()) return FULL;
    return this.change(() => copying.ingest(this.state, shardlet, epoch, records, this.now()));
  }

  async ingestIds(
    shardlet: number,
    epoch: number,
    set: IdSetInfo,
    ids: readonly KnownId[],
    complete: boolean,
  ) {
    if (this.isFull()) return FULL;
    return this.change(() => copying.ingestIds(this.state, shardlet, epoch, set, ids, complete, this.now()));
  }

  async truncate(shardlet: number, epoch: number, seq: number) {
    return this.change(() => copying.truncate(this.state, shardlet, epoch, seq));
  }

  async digest(shardlet: number, epoch: number, from: number, to: number) {
    return copying.digest(this.state, shardlet, epoch, from, to);
  }

  async trim(shardlet: number, epoch: number, upTo: number) {
    return this.change(() => copying.trim(this.state, shardlet, epoch, upTo, this.now()));
  }

  async ready(shardlet: number, epoch: number, expect: Parameters<EventHost['ready']>[2]) {
    return this.change(() => copying.ready(this.state, shardlet, epoch, expect, this.now()));
  }

  async open(shardlet: number, epoch: number) {
    return this.change(() => owning.open(this.state, shardlet, epoch));
  }

  async raise(shardlet: number, epoch: number) {
    return this.change(() => owning.raise(this.state, shardlet, epoch, this.now()));
  }

  async drop(shardlet: number, epoch: number) {
    return this.change(() => owning.drop(this.state, shardlet, epoch));
  }

  async read(shardlet: number, from: number, minEpoch: number, options: ReadOptions) {
    return reading.read(this.state, shardlet, from, minEpoch, options);
  }

  async seek(shardlet: number, ts: number) {
    return reading.seek(this.state, shardlet, ts);
  }

  async bytesIn(shardlet: number, from: number, to: number) {
    return reading.bytesIn(this.state, shardlet, from, to);
  }

  async frontier(upToTs: number, since: number) {
    return this.change(() => reading.frontier(this.state, upToTs, since, this.now()));
  }

  async news(since: number) {
    return reading.news(this.state, since);
  }

  async promise(since: number, ageMicros: number) {
    return this.change(() => reading.promised(this.state, since, ageMicros, this.now()));
  }

  async createFloor(floor: number) {
    this.change(() => owning.raiseCreateFloor(this.state, floor));
  }

  async describe(shardlet: number) {
    return reading.describe(this.state, shardlet, this.now());
  }

  async list(after: number, limit: number) {
    return reading.list(this.state, after, limit);
  }

  async readIds(shardlet: number, set: string, cursor: number) {
    return reading.readIds(this.state, shardlet, set, cursor, this.now());
  }

  async forgetIds(limit: number) {
    return forgetIds(this.state, this.now(), limit);
  }

  async usage(): Promise<HostUsage> {
    return { usedBytes: this.usedBytes(), limitBytes: this.limitBytes };
  }

  async close() {}

  /** A call that changes something counts as one, however much it changes. */
  private change<R>(call: () => R): R {
    this.state.isChanged = false;
    const reply = call();
    if (this.state.isChanged) this.state.count++;
    return reply;
  }

  private now(): number {
    return this.clock.nowMicros();
  }

  /** As an engine at its memory limit, which refuses a whole call before it looks at it. */
  private isFull(): boolean {
    return this.limitBytes !== undefined && this.usedBytes() >= this.limitBytes;
  }

  private usedBytes(): number {
    let bytes = 0;
    for (const entry of this.state.replicas.values()) if (entry.mode !== 'dropped') bytes += entry.bytes;
    for (const set of this.state.idSets.values()) bytes += set.count * BYTES_PER_ID;
    return bytes;
  }
}
