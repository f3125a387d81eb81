/**
 * EventHost on one standalone Redis >= 7.0 or Valkey primary. Every operation is one function that runs
 * inside the server (lua/), hence atomic; with `appendfsync always`, on which the connection insists, its
 * effects are on disk before the reply leaves. What is done here is only packing and unpacking.
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
import { invariant } from '../../kernel/index.ts';
import { decodeAppend, encodeAppend, insistOnWellFormed } from './append-codec.ts';
import { encodeRuns } from './log-runs.ts';
import { type Answer, OUT_OF_MEMORY, RedisConnection, type RedisHostOptions } from './redis-connection.ts';
import * as replies from './replies.ts';
import { numberAt, type Reply } from './replies.ts';
import { parseInfo } from './server-facts.ts';
import type { Argument } from './wire-command.ts';

const FULL: Full = Object.freeze({ kind: 'full' });

/**
 * @throws HostUnreachable when no server answers or it is another incarnation, and UnsuitableServer when it
 * must not be a host
 */
export async function connectRedisHost(options: RedisHostOptions): Promise<EventHost> {
  return new RedisHost(await RedisConnection.open(options));
}

class RedisHost implements EventHost {
  private readonly connection: RedisConnection;

  constructor(connection: RedisConnection) {
    this.connection = connection;
  }

  async identify(): Promise<HostIdentity> {
    const { reply, progress } = await this.answer('identity');
    const [hostId, clockMicros, mark, markPromise] = reply as Reply;
    const { runId, engine, version } = this.connection.facts;
    return {
      hostId: hostId === null ? undefined : Number(hostId),
      incarnation: runId,
      progress,
      mark: String(mark),
      markPromise: markPromise as number,
      clockMicros: clockMicros as number,
      engine,
      version,
    };
  }

  async adopt(hostId: number): Promise<boolean> {
    return (await this.answer('adopt', hostId)).reply === 1;
  }

  async mark(expected: string, next: string, upToTs: number, since: number): Promise<MarkReply> {
    const answer = await this.answer('mark', expected, next, upToTs, since);
    const reply = answer.reply as Reply;
    if (replies.kindOf(reply) === 'otherMark') return { kind: 'otherMark', mark: replies.textAt(reply, 1) };
    return { kind: 'marked', progress: answer.progress, ...replies.frontierFrom(reply, 1) };
  }

  async admit(generation: number, promise: number): Promise<AdmitReply> {
    const reply = await this.call('admit', generation, promise);
    if (replies.kindOf(reply) === 'behind') return { kind: 'behind', byMicros: numberAt(reply, 1) };
    return { kind: 'admitted' };
  }

  async createShadow(shardlet: number, epoch: number, spec: ReplicaSpec): Promise<CreateReply> {
    const reply = await this.callOrFull('create_shadow', [shardlet, epoch, ...specArguments(spec)]);
    return reply === FULL ? FULL : created(reply as Reply);
  }

  async createOpen(
    shardlet: number,
    epoch: number,
    spec: ReplicaSpec,
    parents: readonly ParentRef[],
  ): Promise<CreateReply> {
    const refs = parents.flatMap((parent) => [parent.shardlet, parent.epoch]);
    return created(await this.call('create_open', shardlet, epoch, ...specArguments(spec), ...refs));
  }

  async append(groups: readonly AppendGroup[]): Promise<AppendReply[]> {
    insistOnWellFormed(groups);
    if (groups.length === 0) return [];
    const reply = await this.callOrFull('append', encodeAppend(groups));
    return reply === FULL ? groups.map(() => FULL) : decodeAppend(reply as number[], groups.length);
  }

  async seal(shardlet: number, epoch: number): Promise<EpochReply> {
    return done(await this.call('seal', shardlet, epoch));
  }

  async ingest(
    shardlet: number,
    epoch: number,
    records: readonly StoredRecord[],
    toCome = 0,
  ): Promise<IngestReply> {
    const reply = await this.callOrFull('ingest', [shardlet, epoch, toCome, ...encodeRuns(records)]);
    if (reply === FULL) return FULL;
    return replies.asStale(reply as Reply) ?? ingested(reply as Reply);
  }

  async ingestIds(
    shardlet: number,
    epoch: number,
    set: IdSetInfo,
    ids: readonly KnownId[],
    complete: boolean,
  ): Promise<{ readonly kind: 'ingested' } | Stale | Full> {
    const pairs = ids.flatMap(({ field, seq }) => [field, seq]);
    const header = [shardlet, epoch, set.name, set.timeLeftMicros, complete ? 1 : 0];
    const reply = await this.callOrFull('ingest_ids', [...header, ...pairs]);
    return reply === FULL ? FULL : (replies.asStale(reply as Reply) ?? { kind: 'ingested' });
  }

  async truncate(shardlet: number, epoch: number, seq: number): Promise<EpochReply> {
    return done(await this.call('truncate', shardlet, epoch, seq));
  }

  async digest(shardlet: number, epoch: number, from: number, to: number) {
    const reply = await this.call('digest', shardlet, epoch, from, to);
    const [count, sum1, sum2] = [numberAt(reply, 1), numberAt(reply, 2), numberAt(reply, 3)];
    return replies.asStale(reply) ?? { kind: 'digest' as const, digest: { count, sum1, sum2 } };
  }

  async trim(shardlet: number, epoch: number, upTo: number) {
    const reply = await this.call('trim', shardlet, epoch, upTo);
    return replies.asStale(reply) ?? { kind: 'trimmed' as const, firstSeq: numberAt(reply, 1) };
  }

  async ready(
    shardlet: number,
    epoch: number,
    expect: Parameters<EventHost['ready']>[2],
  ): Promise<ReadyReply> {
    const { firstSeq, finalSeq, digest, idSets, last } = expect;
    const sums = [digest.count, digest.sum1, digest.sum2];
    const reply = await this.call('ready', shardlet, epoch, firstSeq, finalSeq, ...sums, last, ...idSets);
    return replies.asStale(reply) ?? readiness(reply);
  }

  async open(shardlet: number, epoch: number): Promise<EpochReply> {
    return done(await this.call('open', shardlet, epoch));
  }

  async raise(shardlet: number, epoch: number): Promise<EpochReply> {
    return done(await this.call('raise', shardlet, epoch));
  }

  async drop(shardlet: number, epoch: number): Promise<{ readonly kind: 'dropped' } | Stale> {
    return replies.asStale(await this.call('drop', shardlet, epoch)) ?? { kind: 'dropped' };
  }

  async read(shardlet: number, from: number, minEpoch: number, options: ReadOptions): Promise<ReadReply> {
    const { maxRecords, maxBytes, keyHash } = options;
    const reply = await this.call('read', shardlet, from, minEpoch, maxRecords, maxBytes, keyHash ?? '');
    return replies.asStale(reply) ?? replies.readReply(reply, options);
  }

  async seek(shardlet: number, ts: number) {
    const reply = await this.call('seek', shardlet, ts);
    return replies.asStale(reply) ?? { kind: 'seq' as const, seq: numberAt(reply, 1) };
  }

  async bytesIn(shardlet: number, from: number, to: number): Promise<BytesReply> {
    const reply = await this.call('bytes_in', shardlet, from, to);
    if (replies.kindOf(reply) === 'gone') return { kind: 'gone', firstSeq: numberAt(reply, 1) };
    return replies.asStale(reply) ?? { kind: 'bytes', bytes: numberAt(reply, 1) };
  }

  async frontier(upToTs: number, since: number): Promise<FrontierReply> {
    return replies.frontierFrom(await this.call('frontier', upToTs, since), 0);
  }

  /** As durable before its reply as a frontier, since what it tells was promised. */
  news(since: number): Promise<FrontierReply> {
    return this.frontier(0, since);
  }

  /** A promise holds nothing up here, so each question makes one. */
  async promise(since: number): Promise<PromiseReply> {
    return { ...(await this.frontier(Number.MAX_SAFE_INTEGER, since)), restMicros: 0 };
  }

  async createFloor(floor: number): Promise<void> {
    await this.call('create_floor', floor);
  }

  async describe(shardlet: number): Promise<ReplicaDetails | Stale> {
    const reply = await this.call('describe', shardlet);
    return replies.asStale(reply) ?? replies.detailsOf(reply);
  }

  async list(after: number, limit: number): Promise<readonly ReplicaInfo[]> {
    return replies.infosFrom(await this.call('list', after, limit), 0);
  }

  async readIds(shardlet: number, set: string, cursor: number) {
    return replies.idsOf(await this.call('read_ids', shardlet, set, cursor));
  }

  async forgetIds(limit: number): Promise<number> {
    return (await this.answer('forget_ids', limit)).reply as number;
  }

  async usage(): Promise<HostUsage> {
    const info = parseInfo(await this.connection.info('memory'));
    const limit = Number(info.get('maxmemory'));
    return { usedBytes: Number(info.get('used_memory')), limitBytes: limit > 0 ? limit : undefined };
  }

  async close(): Promise<void> {
    this.connection.close();
  }

  private async call(name: string, ...args: Argument[]): Promise<Reply> {
    return (await this.answer(name, ...args)).reply as Reply;
  }

  private async answer(name: string, ...args: Argument[]): Promise<Answer> {
    const answer = await this.connection.fcall(name, args);
    invariant(answer !== OUT_OF_MEMORY, `${name} must run without memory left`);
    return answer;
  }

  private async callOrFull(name: string, args: readonly Argument[]): Promise<unknown> {
    const answer = await this.connection.fcall(name, args);
    return answer === OUT_OF_MEMORY ? FULL : answer.reply;
  }
}

function specArguments({ stream, range, dedup }: ReplicaSpec): number[] {
  const { from, to } = range;
  return [stream, from.hi, from.lo, to.hi, to.lo, dedup.windowMicros, dedup.leadMicros];
}

function created(reply: Reply): CreateReply {
  if (replies.kindOf(reply) === 'belowFloor') return { kind: 'belowFloor', createFloor: numberAt(reply, 1) };
  return replies.asStale(reply) ?? { kind: 'created' };
}

function done(reply: Reply): EpochReply {
  return replies.asStale(reply) ?? { kind: 'done', lastSeq: numberAt(reply, 1) };
}

function ingested(reply: Reply): IngestReply {
  const value = numberAt(reply, 1);
  switch (replies.kindOf(reply)) {
    case 'gap':
      return { kind: 'gap', lastSeq: value };
    case 'conflict':
      return { kind: 'conflict', seq: value };
    default:
      return { kind: 'ingested', lastSeq: value };
  }
}

function readiness(reply: Reply): ReadyReply {
  if (replies.kindOf(reply) === 'ready') return { kind: 'ready' };
  return { kind: 'refused', because: replies.textAt(reply, 1) as 'lastSeq' };
}
