/**
 * One shardlet on two hosts that append, trim, move, lose and go back, a map that follows late, and answers that
 * come late: everything a cache of it can be wrong about. It remembers what each host has held since its last
 * frontier answer, so that a reply can be judged.
 */
import type { FrontierListener } from '../heads/index.ts';
import { sampleFrame } from '../hosts/contract/sample-events.ts';
import { type EventHost, HostUnreachable, type ReadReply, type ReplicaInfo } from '../hosts/index.ts';
import { WHOLE } from '../keyspace/index.ts';
import {
  type Change,
  changeSetSchema,
  EMPTY_TOPOLOGY,
  type Shardlet,
  TopologyMap,
} from '../topology/index.ts';

interface Replica {
  epoch: number;
  mode: 'open' | 'sealed';
  firstSeq: number;
  /** what the event of each seq says; index 0 is seq 1 */
  log: number[];
}

interface Seen {
  readonly replica: ReplicaInfo | undefined;
  readonly atMs: number;
}

export const SHARDLET = 7;
const HOSTS = [1, 2] as const;

export class HostsWorld {
  readonly map: TopologyMap;
  nowMs = 10_000;
  /** the seq of a record that arrives damaged */
  damage = 0;
  /** what hosts answered: any other reply is the cache's own */
  readonly answers = new WeakSet<ReadReply>();
  /** times that a host's log became shorter */
  shrunk = 0;
  private readonly replicas = new Map<number, Replica>();
  private readonly seen = new Map<number, Seen>();
  /** by host and seq: what it has held there at some time since its last frontier answer */
  private readonly held = new Map<number, Map<number, Set<number>>>();
  private readonly wentBack = new Set<number>();
  /** it was seen, and nobody uses it before somebody decides */
  private readonly suspended = new Set<number>();
  /** up to here what it had has never been gone */
  private readonly certain = new Map<number, number>();
  /** the decision that accepted its last loss */
  private readonly generations = new Map<number, number>();
  private isClosed = false;
  /** decisions that the map has not taken yet */
  private readonly pending: Change[] = [];
  private readonly listeners = new Set<FrontierListener>();
  /** answers that were given and have not arrived */
  readonly late: (() => void)[] = [];
  private shardlet: Shardlet;
  private version = 1;
  private events = 0;

  constructor() {
    const fixed = { stream: 1, shard: 0, range: WHOLE, parents: [], lost: [] };
    this.shardlet = { ...fixed, id: SHARDLET, owner: 1, epoch: 1, state: { kind: 'open' } };
    const settings = { splitKeys: false, dedupWindowMs: 900_000, retentionMs: null, retentionBytes: null };
    this.map = new TopologyMap({
      ...EMPTY_TOPOLOGY,
      version: 1,
      streams: [{ id: 1, name: 's', shardCount: 1, ...settings }],
      shardlets: [this.shardlet],
    });
    this.replicas.set(1, { epoch: 1, mode: 'open', firstSeq: 1, log: [] });
  }

  readonly frontiers = {
    tables: {
      replica: (host: number) => this.seen.get(host)?.replica,
      shown: (host: number) => this.seen.get(host)?.replica,
      noteRead: () => {},
      hostLast: () => 0,
    },
    answeredWithin: (host: number, ms: number) => this.nowMs - (this.seen.get(host)?.atMs ?? -1e9) <= ms,
    wentBack: (host: number) => {
      this.seen.delete(host);
      this.tell('hostWentBack', host);
    },
    listen: (listener: FrontierListener) => {
      this.listeners.add(listener);
      return () => this.listeners.delete(listener);
    },
  };

  get owner(): number {
    return this.shardlet.owner;
  }

  get lastSeq(): number {
    return this.replicas.get(this.owner)!.log.length;
  }

  get firstSeq(): number {
    return this.replicas.get(this.owner)!.firstSeq;
  }

  get isMapBehind(): boolean {
    return this.pending.length > 0;
  }

  /** Whether the host was, since its last frontier answer, in a state in which `seq` held this event. */
  couldGive(host: number, seq: number, event: number): boolean {
    return this.held.get(host)?.get(seq)?.has(event) === true;
  }

  host = async (id: number): Promise<EventHost> =>
    ({
      read: (_shardlet: number, from: number, minEpoch: number, options: { maxRecords: number }) => {
        const reply = this.answer(id, from, minEpoch, options.maxRecords);
        return new Promise<ReadReply>((resolve, reject) => {
          if (reply !== undefined) this.answers.add(reply);
          this.late.push(() => (reply === undefined ? reject(unreachable()) : resolve(reply)));
        });
      },
    }) as unknown as EventHost;

  append(count: number): void {
    if (this.isClosed) return;
    const { log } = this.replicas.get(this.owner)!;
    for (let i = 0; i < count; i++) log.push(++this.events);
    this.note();
  }

  trim(upTo: number): void {
    const replica = this.replicas.get(this.owner)!;
    replica.firstSeq = Math.max(replica.firstSeq, Math.min(upTo, replica.log.length + 1));
  }

  /** The old copy stays for a while. A host that went back is found out before a move from it is decided. */
  move(): void {
    if (this.wentBack.has(this.owner) || this.suspended.has(this.owner)) return;
    const [from, to] = [this.owner, 3 - this.owner];
    const source = this.replicas.get(from)!;
    const epoch = this.decide({ owner: to });
    source.mode = 'sealed';
    this.replicas.set(to, { epoch, mode: 'open', firstSeq: source.firstSeq, log: [...source.log] });
    this.note();
  }

  /** A person accepted that the owner lost what is above `seq`. `raised`: it takes appends again, in a new epoch; else it is closed, in the epoch it has. */
  lose(seq: number, raised: boolean): void {
    const replica = this.replicas.get(this.owner)!;
    const certain = this.certain.get(this.owner) ?? replica.log.length;
    const kept = Math.max(replica.firstSeq - 1, Math.min(seq, replica.log.length, certain));
    replica.log.length = kept;
    this.shrunk++;
    const other = this.replicas.get(3 - this.owner);
    if (other !== undefined && other.log.length > kept) this.replicas.delete(3 - this.owner);
    const epoch = this.version + 1;
    const lost = [...this.shardlet.lost, { epoch, seq: kept }];
    this.decide(raised ? { lost } : { lost, epoch: this.shardlet.epoch });
    if (raised) replica.epoch = epoch;
    this.isClosed ||= !raised;
    this.generations.set(this.owner, epoch);
    this.wentBack.delete(this.owner);
    this.suspended.delete(this.owner);
    this.certain.delete(this.owner);
  }

  /** The owner goes back to an older state, and nobody knows. */
  setBack(seq: number): void {
    const replica = this.replicas.get(this.owner)!;
    replica.log.length = Math.max(replica.firstSeq - 1, Math.min(seq, replica.log.length));
    const certain = this.certain.get(this.owner) ?? replica.log.length;
    this.certain.set(this.owner, Math.min(certain, replica.log.length));
    this.wentBack.add(this.owner);
    this.shrunk++;
    this.note();
  }

  catchUp(): void {
    const change = this.pending.shift();
    if (change === undefined) return;
    const before = this.map.shardlet(SHARDLET)!.lost.length;
    this.map.apply(change);
    const now = this.map.shardlet(SHARDLET)!;
    if (now.lost.length > before) this.seen.delete(now.owner);
  }

  frontier(host: number): void {
    if (this.isRefused(host)) return;
    if (this.wentBack.delete(host)) {
      this.seen.delete(host);
      this.suspended.add(host);
      for (const listener of this.listeners) listener.hostWentBack(host);
      return;
    }
    const replica = this.replicas.get(host);
    const info = replica && {
      shardlet: SHARDLET,
      ...{
        epoch: replica.epoch,
        mode: replica.mode,
        firstSeq: replica.firstSeq,
        lastSeq: replica.log.length,
      },
    };
    this.seen.set(host, { replica: info, atMs: this.nowMs });
    this.held.set(host, new Map());
    this.note();
  }

  tell(what: 'hostWentBack' | 'readAnew', host: number): void {
    for (const listener of this.listeners)
      if (what === 'readAnew') listener.readAnew();
      else listener.hostWentBack(host);
  }

  /** What went back was used again without anybody naming what it lost. */
  readAnew(): void {
    if (this.suspended.size === 0) return;
    for (const host of this.suspended) this.seen.delete(host);
    this.suspended.clear();
    this.certain.clear();
    for (const listener of this.listeners) listener.readAnew();
  }

  /** It was seen to go back, or the map does not know its generation yet. */
  private isRefused(host: number): boolean {
    return this.suspended.has(host) || this.map.version < (this.generations.get(host) ?? 0);
  }

  private answer(host: number, from: number, minEpoch: number, maxRecords: number): ReadReply | undefined {
    if (this.isRefused(host)) return undefined;
    const replica = this.replicas.get(host);
    if (replica === undefined || replica.epoch < minEpoch)
      return { kind: 'stale', epoch: replica?.epoch ?? 0, mode: replica?.mode ?? 'absent' };
    const { firstSeq, log, epoch, mode } = replica;
    if (from < firstSeq) return { kind: 'gone', firstSeq };
    const records = log
      .slice(from - 1, from - 1 + maxRecords)
      .map((event, i) => ({ seq: from + i, ts: event, frame: this.frameOf(event, from + i) }));
    const nextSeq = from + records.length;
    const lastSeq = log.length;
    return { kind: 'records', epoch, mode, records, nextSeq, lastSeq, last: 0, atEnd: nextSeq > lastSeq };
  }

  private frameOf(event: number, seq: number): Uint8Array {
    const frame = sampleFrame(event);
    if (seq === this.damage) frame[33]! ^= 1;
    return frame;
  }

  decide(put: Partial<Shardlet>): number {
    const version = ++this.version;
    this.shardlet = { ...this.shardlet, epoch: version, ...put };
    const about = { version, at: 0, decision: 'test', actor: 'test' };
    this.pending.push({ ...changeSetSchema.parse({}), ...about, shardlets: [this.shardlet] });
    return version;
  }

  private note(): void {
    for (const host of HOSTS) {
      const held = this.held.get(host) ?? new Map<number, Set<number>>();
      this.held.set(host, held);
      const replica = this.replicas.get(host);
      replica?.log.forEach((event, i) => {
        if (i + 1 < replica.firstSeq) return;
        const events = held.get(i + 1) ?? new Set();
        held.set(i + 1, events.add(event));
      });
    }
  }
}

function unreachable(): HostUnreachable {
  return new HostUnreachable('incarnation', 'of another generation');
}
