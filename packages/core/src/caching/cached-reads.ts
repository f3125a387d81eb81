/**
 * Reads of shardlets, first from the cache and then from the host, for all readers of a process together.
 *
 * What is held is given out only while the host may be believed: it has answered a frontier within 2 s, in the run
 * and the generation that the map knows. That answer says which replica it has, where that begins and where it
 * ends, so a reply from the cache is one that the host could have given in that moment. It never says that the end
 * was reached: only the host knows.
 *
 * Each segment is asked for once at a time. Who comes while an answer is under way waits for it and looks again,
 * but takes nothing else from it: the question was asked before, so the answer may lack what was written since.
 */
import type { FrontierListener, HostTables } from '../heads/index.ts';
import {
  type EventHost,
  frameIsIntact,
  type ReadOptions,
  type ReadReply,
  type StoredRecord,
} from '../hosts/index.ts';
import { ForeshardError } from '../kernel/index.ts';
import type { Shardlet, TopologyMap } from '../topology/index.ts';
import { SEGMENT_RECORDS, segmentOf } from './segment.ts';
import { type CacheContents, type Records, ShardCache } from './shard-cache.ts';

/** Longer than the pace at which hosts are asked for news; a host that went back is believed no longer than this. */
const BELIEVED_MS = 2_000;

export interface CacheParts {
  readonly map: TopologyMap;
  /** @throws HostUnreachable */
  readonly host: (id: number) => Promise<EventHost>;
  readonly frontiers: {
    readonly tables: Pick<HostTables, 'replica' | 'hostLast' | 'shown' | 'noteRead'>;
    answeredWithin(host: number, ms: number): boolean;
    listen(listener: FrontierListener): () => void;
    wentBack(host: number): void;
  };
  /** 0: nothing is kept */
  readonly bytesMax: number;
  /** is given every read of events that somebody asked for; has to be cheap */
  readonly onRead?: (read: ObservedRead) => void;
  /** REQUIRED where reads are observed */
  readonly monotonicMs?: () => number;
}

/** hit: from memory at once; wait: from memory, after a fetch that was under way; miss: a host was asked */
export const SERVED = ['hit', 'wait', 'miss'] as const;
export type Served = (typeof SERVED)[number];

/** A read of events that somebody asked for, and that passed some places of the shardlet. */
export interface ObservedRead {
  readonly shardlet: number;
  readonly from: number;
  /** one past the last record looked at */
  readonly nextSeq: number;
  readonly bytes: number;
  readonly isKeyed: boolean;
  readonly how: Served;
  readonly tookMs: number;
}

/** One replica of a shardlet, and what to read of it. */
export interface ReplicaRead {
  readonly host: number;
  readonly shardlet: number;
  readonly from: number;
  readonly minEpoch: number;
  readonly options: ReadOptions;
  /** The host has just said something else of the shardlet, and the reply has to fit that: the cache is passed by */
  readonly ofHost?: boolean;
  /** is called once the events are there */
  readonly served?: (how: Served) => void;
}

export interface CacheStats extends CacheContents {
  /** reads that were answered without the host */
  readonly hits: number;
  /** reads that the host answered */
  readonly misses: number;
  /** bytes of events that were given out without the host */
  readonly hitBytes: number;
}

/** What nobody asked for yet. */
export type AheadRead = Omit<ReplicaRead, 'options' | 'ofHost' | 'served'>;

export interface Fetched {
  /** the first that was not held */
  readonly from: number;
  /** one past the last record that was fetched */
  readonly nextSeq: number;
  readonly bytes: number;
  readonly tookMs: number;
}

type Filling = ReplicaRead & { readonly isAhead?: boolean };

/** One segment of events of 4 kB; of larger ones a part is fetched. */
const AHEAD_BYTES_MAX = 4_000_000;
const WHOLE = { maxBytes: Number.POSITIVE_INFINITY };

interface Flight {
  readonly from: number;
  readonly minEpoch: number;
  readonly options: ReadOptions;
  readonly reply: Promise<ReadReply>;
  /** counts the readers: those that came before it began may take its reply as it is */
  readonly order: number;
}

export class CachedReads {
  private readonly parts: CacheParts;
  private readonly cache: ShardCache;
  private readonly flights = new Map<string, Flight>();
  private readonly unlisten: () => void;
  /** changes when any host starts anew or goes back: answers to questions of before are not kept, whoever gives them */
  private run = 0;
  private order = 0;
  private hits = 0;
  private misses = 0;
  private hitBytes = 0;

  constructor(parts: CacheParts) {
    this.parts = parts;
    this.cache = new ShardCache(parts.map, parts.bytesMax);
    this.unlisten = parts.frontiers.listen({
      frontier: () => {},
      forgetHost: () => {
        this.run++;
      },
      hostWentBack: (host) => {
        this.run++;
        this.cache.dropOfHost(host);
      },
      readAnew: () => {
        this.run++;
        this.cache.readAnew();
      },
    });
  }

  get stats(): CacheStats {
    const { hits, misses, hitBytes } = this;
    return { ...this.cache.contents, hits, misses, hitBytes };
  }

  close(): void {
    this.unlisten();
    this.cache.close();
  }

  /**
   * From the owner.
   * @throws HostUnreachable; ForeshardError internal for a record that was damaged
   */
  read(
    { id: shardlet, owner: host }: Shardlet,
    from: number,
    minEpoch: number,
    options: ReadOptions,
  ): Promise<ReadReply> {
    return this.readReplica({ host, shardlet, from, minEpoch, options });
  }

  /** The same from another host: the newest replica may not be on the map yet. */
  async readReplica(read: ReplicaRead): Promise<ReadReply> {
    const startedMs = this.nowMs();
    const isPassedBy = read.ofHost === true || this.parts.bytesMax === 0;
    const hit = isPassedBy ? undefined : this.find(read);
    const [reply, how] = hit === undefined ? await this.missed(read) : ([hit, 'hit'] as const);
    if (reply.kind === 'records') this.observe(read, reply, how, startedMs);
    return reply;
  }

  /**
   * Fetches what is not held of the segment of `from`, from there on, before anybody asks; who asks meanwhile waits for it. Undefined:
   * it is held already, or is being fetched, or the host has nothing more.
   * @throws HostUnreachable; ForeshardError internal for a record that was damaged
   */
  async fetchAhead(read: AheadRead): Promise<Fetched | undefined> {
    const key = flightKey(read);
    if (this.parts.bytesMax === 0 || this.flights.has(key)) return undefined;
    const left = (seq: number) => SEGMENT_RECORDS - ((seq - 1) % SEGMENT_RECORDS);
    const held = this.look({ ...read, options: { ...WHOLE, maxRecords: left(read.from) } });
    const from = held?.reply.nextSeq ?? read.from;
    if (segmentOf(from) !== segmentOf(read.from)) return undefined;
    const maxRecords = left(from);
    const options = { maxRecords, maxBytes: AHEAD_BYTES_MAX };
    const startedMs = this.nowMs();
    const reply = await this.fly(key, { ...read, from, options, isAhead: true });
    if (reply.kind !== 'records' || reply.records.length === 0) return undefined;
    return { from, nextSeq: reply.nextSeq, bytes: bytesOf(reply.records), tookMs: this.nowMs() - startedMs };
  }

  private observe(read: ReplicaRead, reply: Records, how: Served, startedMs: number): void {
    const { shardlet, from, options, served } = read;
    if (reply.nextSeq <= from) return;
    served?.(how);
    this.parts.onRead?.({
      ...{ shardlet, from, nextSeq: reply.nextSeq, bytes: bytesOf(reply.records), how },
      ...{ isKeyed: options.keyHash !== undefined, tookMs: this.nowMs() - startedMs },
    });
  }

  private nowMs(): number {
    return this.parts.monotonicMs?.() ?? 0;
  }

  private async missed(read: ReplicaRead): Promise<readonly [ReadReply, Served]> {
    const isKeyed = read.options.keyHash !== undefined;
    if (this.parts.bytesMax === 0 || read.ofHost === true)
      return [await (isKeyed || this.parts.bytesMax === 0 ? this.ask(read) : this.fill(read)), 'miss'];
    const order = ++this.order;
    const key = flightKey(read);
    // few records of a key are worth no segment, and the others would be missing in it
    if (isKeyed) {
      const found = await this.foundAfterFlight(key, read);
      return found === undefined ? [await this.ask(read), 'miss'] : [found, 'wait'];
    }
    for (;;) {
      const flight = this.flights.get(key);
      if (flight === undefined) return [await this.fly(key, read), 'miss'];
      if (flight.order > order && isSame(flight, read)) return [await flight.reply, 'wait'];
      await flight.reply;
      const found = this.find(read);
      if (found !== undefined) return [found, 'wait'];
      // another question than mine is under way already: one more does no harm
      if (this.flights.has(key) && !isSame(this.flights.get(key)!, read))
        return [await this.fly(key, read), 'miss'];
    }
  }

  /** A reader of a key waits for the segment when it is on its way: a failure of that is not its own. */
  private async foundAfterFlight(key: string, read: ReplicaRead): Promise<Records | undefined> {
    const flight = this.flights.get(key);
    if (flight === undefined) return undefined;
    await flight.reply.catch(() => {});
    return this.find(read);
  }

  private find(read: ReplicaRead): Records | undefined {
    const found = this.look(read);
    if (found === undefined) return undefined;
    this.hits++;
    this.hitBytes += found.bytes;
    return found.reply;
  }

  private look({ host, shardlet, from, minEpoch, options }: Omit<ReplicaRead, 'served'>) {
    const { frontiers } = this.parts;
    if (!frontiers.answeredWithin(host, BELIEVED_MS)) return undefined;
    const { tables } = frontiers;
    const replica = tables.replica(host, shardlet);
    if (replica === undefined || replica.epoch < minEpoch || from < replica.firstSeq) return undefined;
    const { mode, epoch } = replica;
    if (mode !== 'open' && mode !== 'sealed' && mode !== 'ready') return undefined;
    const found = this.cache.find(replica, from, options);
    if (found === undefined) return undefined;
    const { records, nextSeq, bytes } = found;
    const lastSeq = Math.max(replica.lastSeq, nextSeq - 1);
    const last = Math.max(tables.hostLast(host) ?? 0, records.at(-1)?.ts ?? 0);
    const reply: Records = { kind: 'records', epoch, mode, records, nextSeq, lastSeq, last, atEnd: false };
    return { reply, bytes };
  }

  private fly(key: string, read: Filling): Promise<ReadReply> {
    const flight: Flight = { ...read, order: ++this.order, reply: this.fill(read) };
    this.flights.set(key, flight);
    const land = () => {
      if (this.flights.get(key) === flight) this.flights.delete(key);
    };
    flight.reply.then(land, land);
    return flight.reply;
  }

  private async fill(read: Filling): Promise<ReadReply> {
    const { host, shardlet } = read;
    const { run } = this;
    const reply = await this.ask(read);
    if (run !== this.run) return reply;
    if (reply.kind === 'records' && reply.records.length > 0)
      this.cache.put(shardlet, reply, host, read.isAhead);
    if (reply.kind === 'gone') this.cache.trimmed(shardlet, reply.firstSeq);
    return reply;
  }

  /** Looks at every checksum: what is given out is what an edge took in. */
  private async ask({ host, shardlet, from, minEpoch, options, isAhead }: Filling): Promise<ReadReply> {
    const { frontiers } = this.parts;
    const { run } = this;
    const shown = frontiers.tables.shown(host, shardlet);
    if (isAhead !== true) this.misses++;
    const reply = await (await this.parts.host(host)).read(shardlet, from, minEpoch, options);
    if (reply.kind !== 'records') return reply;
    // a replica never gets shorter
    if (reply.epoch === shown?.epoch && reply.lastSeq < shown.lastSeq) frontiers.wentBack(host);
    else if (run === this.run) frontiers.tables.noteRead(host, shardlet, reply);
    for (const { seq, frame } of reply.records)
      if (!frameIsIntact(frame))
        throw new ForeshardError(
          'internal',
          `the record ${seq} of shardlet ${shardlet} on host ${host} is damaged: its checksum does not fit`,
        );
    return reply;
  }
}

function flightKey({ host, shardlet, from }: AheadRead): string {
  return `${host}/${shardlet}/${segmentOf(from)}`;
}

function bytesOf(records: readonly StoredRecord[]): number {
  let bytes = 0;
  for (const { frame } of records) bytes += frame.length;
  return bytes;
}

function isSame(
  a: Omit<ReplicaRead, 'host' | 'shardlet'>,
  b: Omit<ReplicaRead, 'host' | 'shardlet'>,
): boolean {
  const { maxRecords, maxBytes } = a.options;
  return (
    a.from === b.from &&
    a.minEpoch === b.minEpoch &&
    maxRecords === b.options.maxRecords &&
    maxBytes === b.options.maxBytes
  );
}
