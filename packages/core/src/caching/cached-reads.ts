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
import { type EventHost, frameIsIntact, type ReadOptions, type ReadReply } from '../hosts/index.ts';
import { ForeshardError } from '../kernel/index.ts';
import type { Shardlet, TopologyMap } from '../topology/index.ts';
import { segmentOf } from './segment.ts';
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
}

export interface CacheStats extends CacheContents {
  /** reads that were answered without the host */
  readonly hits: number;
  /** reads that the host answered */
  readonly misses: number;
  /** bytes of events that were given out without the host */
  readonly hitBytes: number;
}

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
    if (this.parts.bytesMax === 0) return this.ask(read);
    if (read.ofHost === true) return read.options.keyHash === undefined ? this.fill(read) : this.ask(read);
    const order = ++this.order;
    const hit = this.find(read);
    if (hit !== undefined) return hit;
    // few records of a key are worth no segment, and the others would be missing in it
    if (read.options.keyHash !== undefined) return this.ask(read);
    const key = `${read.host}/${read.shardlet}/${segmentOf(read.from)}`;
    for (;;) {
      const flight = this.flights.get(key);
      if (flight === undefined) return this.fly(key, read);
      if (flight.order > order && isSame(flight, read)) return flight.reply;
      await flight.reply;
      const found = this.find(read);
      if (found !== undefined) return found;
      // another question than mine is under way already: one more does no harm
      if (this.flights.has(key) && !isSame(this.flights.get(key)!, read)) return this.fly(key, read);
    }
  }

  private find({ host, shardlet, from, minEpoch, options }: ReplicaRead): Records | undefined {
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
    this.hits++;
    this.hitBytes += bytes;
    const lastSeq = Math.max(replica.lastSeq, nextSeq - 1);
    const last = Math.max(tables.hostLast(host) ?? 0, records.at(-1)?.ts ?? 0);
    return { kind: 'records', epoch, mode, records, nextSeq, lastSeq, last, atEnd: false };
  }

  private fly(key: string, read: ReplicaRead): Promise<ReadReply> {
    const flight: Flight = { ...read, order: ++this.order, reply: this.fill(read) };
    this.flights.set(key, flight);
    const land = () => {
      if (this.flights.get(key) === flight) this.flights.delete(key);
    };
    flight.reply.then(land, land);
    return flight.reply;
  }

  private async fill(read: ReplicaRead): Promise<ReadReply> {
    const { host, shardlet } = read;
    const { run } = this;
    const reply = await this.ask(read);
    if (run !== this.run) return reply;
    if (reply.kind === 'records' && reply.records.length > 0) this.cache.put(shardlet, reply, host);
    if (reply.kind === 'gone') this.cache.trimmed(shardlet, reply.firstSeq);
    return reply;
  }

  /** Looks at every checksum: what is given out is what an edge took in. */
  private async ask({ host, shardlet, from, minEpoch, options }: ReplicaRead): Promise<ReadReply> {
    const { frontiers } = this.parts;
    const { run } = this;
    const shown = frontiers.tables.shown(host, shardlet);
    this.misses++;
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
