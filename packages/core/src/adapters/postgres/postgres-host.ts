/**
 * An EventHost on one PostgreSQL database. Each operation is one call of one function in sql/, so it is one
 * transaction: atomic, and durable when its reply arrives.
 */
import type {
  AdmitReply,
  AppendGroup,
  AppendReply,
  BytesReply,
  CreateReply,
  EpochReply,
  EventHost,
  FrontierReply,
  Full,
  HostIdentity,
  HostUsage,
  IdSetInfo,
  IngestReply,
  KnownId,
  MarkReply,
  ParentRef,
  PromiseReply,
  ReadOptions,
  ReadReply,
  ReadyReply,
  ReplicaDetails,
  ReplicaInfo,
  ReplicaSpec,
  Stale,
  StoredRecord,
} from '../../hosts/index.ts';
import { FRONTIER_LAG_MICROS, HostUnreachable, IDS_PER_SET_MAX } from '../../hosts/index.ts';
import { invariant } from '../../kernel/index.ts';
import { type AppendAnswer, AppendCall } from './append-call.ts';
import { byteaArray, int7ByteArray, int8Array } from './binary-array.ts';
import { type Answer, NO_ROOM, PostgresConnection, type PostgresHostOptions } from './postgres-connection.ts';

/** Ids of one `readIds` reply: small enough to copy in one message. */
const IDS_PER_CHUNK = 5_000;
const FULL: Full = Object.freeze({ kind: 'full' });

type Identified = Pick<HostIdentity, 'mark' | 'markPromise' | 'clockMicros'> & { hostId: number | null };

/** @throws HostUnreachable */
export async function connectPostgresHost(options: PostgresHostOptions): Promise<EventHost> {
  const connection = await PostgresConnection.open(options);
  return new PostgresHost(connection, options.idsPerSetMax ?? IDS_PER_SET_MAX);
}

class PostgresHost implements EventHost {
  private readonly connection: PostgresConnection;
  private readonly idsPerSetMax: number;
  /** Was the last append stored as a whole? The short way there is tried only while that goes on. */
  private expectPlain = true;
  /** how far the host had come when it was asked for news last */
  private heard: { readonly since: number; readonly count: number } | undefined;

  constructor(connection: PostgresConnection, idsPerSetMax: number) {
    this.connection = connection;
    this.idsPerSetMax = idsPerSetMax;
  }

  async identify(): Promise<HostIdentity> {
    const { incarnation, version } = this.connection;
    const { progress, reply } = await this.answer<Identified>('identify', []);
    const engine = { incarnation, engine: 'postgres', version };
    return { ...reply, ...engine, hostId: reply.hostId ?? undefined, progress };
  }

  adopt(hostId: number): Promise<boolean> {
    return this.call('adopt', [hostId]);
  }

  async mark(expected: string, next: string, upToTs: number, since: number): Promise<MarkReply> {
    const args = [expected, next, upToTs, since, FRONTIER_LAG_MICROS];
    const { progress, reply } = await this.answer<MarkReply>('mark', args);
    return reply.kind === 'otherMark' ? reply : { ...reply, progress };
  }

  admit(generation: number, promise: number): Promise<AdmitReply> {
    return this.call('admit', [generation, promise]);
  }

  createShadow(shardlet: number, epoch: number, spec: ReplicaSpec): Promise<CreateReply> {
    return this.callOrFull('create_shadow', [shardlet, epoch, flat(spec)]);
  }

  createOpen(
    shardlet: number,
    epoch: number,
    spec: ReplicaSpec,
    parents: readonly ParentRef[],
  ): Promise<CreateReply> {
    const shardlets = int8Array(parents.map((parent) => parent.shardlet));
    const epochs = int8Array(parents.map((parent) => parent.epoch));
    return this.call('create_open', [shardlet, epoch, flat(spec), shardlets, epochs]);
  }

  async append(groups: readonly AppendGroup[]): Promise<AppendReply[]> {
    if (groups.length === 0) return [];
    const append = new AppendCall(groups);
    const args = append.args(this.idsPerSetMax, this.expectPlain);
    const answer = await this.connection.call<AppendAnswer>('append', args);
    if (answer === NO_ROOM) return groups.map(() => FULL);
    this.expectPlain = answer.reply.plain;
    return append.replies(answer.reply);
  }

  seal(shardlet: number, epoch: number): Promise<EpochReply> {
    return this.call('seal', [shardlet, epoch]);
  }

  ingest(shardlet: number, epoch: number, records: readonly StoredRecord[]): Promise<IngestReply> {
    const first = records[0]?.seq ?? 1;
    records.forEach((record, i) => {
      invariant(record.seq === first + i, 'the records of an ingest follow one another');
    });
    const times = int8Array(records.map((record) => record.ts));
    const frames = byteaArray(records.map((record) => record.frame));
    return this.callOrFull('ingest', [shardlet, epoch, first, times, frames]);
  }

  ingestIds(
    shardlet: number,
    epoch: number,
    set: IdSetInfo,
    ids: readonly KnownId[],
    complete: boolean,
  ): Promise<{ kind: 'ingested' } | Stale | Full> {
    const fields = int7ByteArray(
      ids.map((id) => id.field),
      0,
    );
    const seqs = int8Array(ids.map((id) => id.seq));
    const { name, origin, timeLeftMicros } = set;
    const args = [shardlet, epoch, name, origin, timeLeftMicros, fields, seqs, complete];
    return this.callOrFull('ingest_ids', args);
  }

  truncate(shardlet: number, epoch: number, seq: number): Promise<EpochReply> {
    return this.call('truncate', [shardlet, epoch, seq]);
  }

  digest(shardlet: number, epoch: number, from: number, to: number): ReturnType<EventHost['digest']> {
    return this.call('digest', [shardlet, epoch, from, to]);
  }

  trim(shardlet: number, epoch: number, upTo: number): ReturnType<EventHost['trim']> {
    return this.call('trim', [shardlet, epoch, upTo]);
  }

  ready(shardlet: number, epoch: number, expect: Parameters<EventHost['ready']>[2]): Promise<ReadyReply> {
    const { firstSeq, finalSeq, digest, idSets, last } = expect;
    const { count, sum1, sum2 } = digest;
    const args = [shardlet, epoch, firstSeq, finalSeq, { count, sum1, sum2 }, [...idSets], last];
    return this.call('ready', args);
  }

  open(shardlet: number, epoch: number): Promise<EpochReply> {
    return this.call('open', [shardlet, epoch]);
  }

  raise(shardlet: number, epoch: number): Promise<EpochReply> {
    return this.call('raise', [shardlet, epoch]);
  }

  drop(shardlet: number, epoch: number): Promise<{ kind: 'dropped' } | Stale> {
    return this.call('drop', [shardlet, epoch]);
  }

  async read(shardlet: number, from: number, minEpoch: number, options: ReadOptions): Promise<ReadReply> {
    const { maxRecords, maxBytes, keyHash } = options;
    const args = [
      shardlet,
      from,
      minEpoch,
      maxRecords,
      maxBytes,
      keyHash === undefined ? null : u32(keyHash),
    ];
    const rows = await this.connection.rows('read', args);
    const answer = JSON.parse(rows.pop()![3] as string) as ReadReply;
    if (answer.kind !== 'records') return answer;
    const records = rows.map(([seq, ts, frame]) => ({ seq, ts, frame }) as StoredRecord);
    return { ...answer, records };
  }

  seek(shardlet: number, ts: number): Promise<{ kind: 'seq'; seq: number } | Stale> {
    return this.call('seek', [shardlet, ts]);
  }

  bytesIn(shardlet: number, from: number, to: number): Promise<BytesReply> {
    return this.call('bytes_in', [shardlet, from, to]);
  }

  frontier(upToTs: number, since: number): Promise<FrontierReply> {
    return this.call('frontier', [upToTs, since, FRONTIER_LAG_MICROS]);
  }

  async news(since: number): Promise<FrontierReply> {
    const countThen = this.heard?.since === since ? this.heard.count : null;
    const { count, ...reply } = await this.call<FrontierReply & { count: number }>('news', [
      since,
      countThen,
    ]);
    this.heard = { since: reply.since, count };
    return reply;
  }

  /**
   * Two calls: what appends wait for is the promise alone, and the list of what changed is read when they go on. A state in
   * which the promise is committed shows all that lies below it.
   */
  async promise(since: number, ageMicros: number): Promise<PromiseReply> {
    const restMicros = Number(await this.call('promise', [FRONTIER_LAG_MICROS, ageMicros]));
    return { ...(await this.news(since)), restMicros };
  }

  async createFloor(floor: number): Promise<void> {
    await this.call('create_floor', [floor]);
  }

  describe(shardlet: number): Promise<ReplicaDetails | Stale> {
    return this.call('describe', [shardlet]);
  }

  list(after: number, limit: number): Promise<ReplicaInfo[]> {
    return this.call('list', [after, limit]);
  }

  async readIds(shardlet: number, set: string, cursor: number): ReturnType<EventHost['readIds']> {
    const rows = await this.connection.rows('read_ids', [shardlet, set, cursor, IDS_PER_CHUNK]);
    const ids = rows.filter(([field]) => field !== null).map(([field, seq]) => ({ field, seq }) as KnownId);
    return { ids, next: (rows[0]?.[2] as number | null | undefined) ?? undefined };
  }

  async forgetIds(limit: number): Promise<number> {
    return Number(await this.call('forget_ids', [limit]));
  }

  async usage(): Promise<HostUsage> {
    return { usedBytes: Number(await this.call('usage', [])), limitBytes: undefined };
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  private async call<R>(name: string, args: readonly unknown[]): Promise<R> {
    return (await this.answer<R>(name, args)).reply;
  }

  private async answer<R>(name: string, args: readonly unknown[]): Promise<Answer<R>> {
    const answer = await this.connection.call<R>(name, args);
    if (answer === NO_ROOM) throw new HostUnreachable('connection', 'the disk of the host is full');
    return answer;
  }

  private async callOrFull<R>(name: string, args: readonly unknown[]): Promise<R | Full> {
    const answer = await this.connection.call<R>(name, args);
    return answer === NO_ROOM ? FULL : answer.reply;
  }
}

function flat(spec: ReplicaSpec) {
  const { from, to } = spec.range;
  return {
    stream: spec.stream,
    fromHi: from.hi,
    fromLo: from.lo,
    toHi: to.hi,
    toLo: to.lo,
    windowMicros: spec.dedup.windowMicros,
    leadMicros: spec.dedup.leadMicros,
  };
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
