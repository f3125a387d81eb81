/**
 * The port to a host: a passive store that owns replicas of shardlets. It holds every host operation of
 * docs/architecture/protocol.md and nothing else. Each operation is atomic on its host and durable before
 * its reply, refusals included. A request whose epoch does not fit the replica is answered `stale`; a
 * repeated request that is already done is answered like the first time and changes nothing.
 *
 * A reply is a value, also a refusal. The only exceptions are HostUnreachable (the outcome is unknown: the
 * request may have been carried out) and InvariantViolation (a fault of the caller).
 *
 * Sequence numbers of a replica begin at 1. An empty replica has firstSeq = 1 and lastSeq = 0; in general
 * firstSeq <= lastSeq + 1. All times are microseconds of the host's clock.
 */
import type { Range } from '../keyspace/index.ts';
import type { Digest } from './digest.ts';
import type { Progress } from './progress.ts';

export const REPLICA_MODES = ['open', 'sealed', 'shadow', 'ready', 'dropped'] as const;
export type ReplicaMode = (typeof REPLICA_MODES)[number];

/** What an operation found instead of what it needed; `absent`: no replica and no tombstone, epoch 0. */
export interface Stale {
  readonly kind: 'stale';
  readonly epoch: number;
  readonly mode: ReplicaMode | 'absent';
}

/**
 * The host has no memory left for an operation that needs some (append, ingest, ingestIds, create shadow).
 * It refuses such a call as a whole and before looking at it: also a repeat, also a stale one.
 */
export interface Full {
  readonly kind: 'full';
}

/**
 * `incarnation`: the host answers, but it is not the one the topology store knows (it restarted, or lost
 * something, and waits for readmission). `regressed`: it answered less than it had answered before.
 */
export type UnreachableReason = 'connection' | 'timeout' | 'incarnation' | 'regressed';

/** Why no answer came: the outcome of the request is unknown, a repeat is safe. */
export class HostUnreachable extends Error {
  override readonly name = 'HostUnreachable';
  readonly reason: UnreachableReason;

  constructor(reason: UnreachableReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** Deduplication of a stream, as the host applies it. */
export interface DedupPolicy {
  /** w: an id is known for one to two windows */
  readonly windowMicros: number;
  /** d: above the clock difference between hosts plus the lead a producer's clock may have */
  readonly leadMicros: number;
}

export interface ReplicaSpec {
  readonly stream: number;
  readonly range: Range;
  readonly dedup: DedupPolicy;
}

export interface ParentRef {
  readonly shardlet: number;
  readonly epoch: number;
}

/** One shardlet's share of an append. All events of a group share one edge time. */
export interface AppendGroup {
  readonly shardlet: number;
  readonly epoch: number;
  /** the edge's clock, or later where a client's token asks for it; the host clamps it to its own +- 1 s */
  readonly edgeTs: number;
  /** highest `ts` token handed back by the clients of these events, 0 if none: every ts given is above it */
  readonly tokenTs: number;
  readonly dedup: DedupPolicy;
  /** concatenated frames (record.ts) */
  readonly frames: Uint8Array;
  readonly count: number;
  /** time inside each id (UUIDv7, ULID), 0 where there is none; left out when no id is timed; the same for the same id */
  readonly idTimes?: readonly number[];
}

export interface DuplicateOutcome {
  readonly index: number;
  /** the shardlet that holds the event: this one or an ancestor */
  readonly shardlet: number;
  /** undefined when this host knows that the event was trimmed meanwhile */
  readonly seq: number | undefined;
  /** undefined when this host does not have the record: it was trimmed, or an ancestor elsewhere holds it */
  readonly ts: number | undefined;
}

/**
 * What became of a group. In `appended`, the events that are neither duplicate nor expired were stored in
 * order: the k-th of them has seq = firstSeq + k and ts = firstTs + k (the next ones, where none was stored).
 */
export type AppendReply =
  | {
      readonly kind: 'appended';
      readonly firstSeq: number;
      readonly firstTs: number;
      readonly stored: number;
      readonly duplicates: readonly DuplicateOutcome[];
      /** indices of events whose id is not known and whose id time is older than window - lead: refused */
      readonly expired: readonly number[];
    }
  | Stale
  | Full
  /** tokenTs is more than a second ahead of the host's clock: nothing was stored, wait `aheadMicros` */
  | { readonly kind: 'ahead'; readonly aheadMicros: number }
  /** the cap of ids is reached: nothing was stored, none is forgotten */
  | { readonly kind: 'tooManyIds' }
  /** an event's position is outside the replica's range: nothing was stored (a fault of the edge) */
  | { readonly kind: 'outside'; readonly index: number };

/** A stored event: its frame with its place in the log. */
export interface StoredRecord {
  readonly seq: number;
  readonly ts: number;
  readonly frame: Uint8Array;
}

/** A closed id set, as others refer to it. Its name is unique for ever: "<shardlet>.<epoch>.<generation>". */
export interface IdSetInfo {
  readonly name: string;
  /** the shardlet whose events it names */
  readonly origin: number;
  readonly count: number;
  /** until it is forgotten; Infinity for a set that is still open */
  readonly timeLeftMicros: number;
}

/** An id as sets keep it: 7 bytes of the identity, and the seq its event has in the set's origin. */
export interface KnownId {
  /** frame bytes [12, 19): see ID_FIELD */
  readonly field: Uint8Array;
  readonly seq: number;
}

export interface ReplicaInfo {
  readonly shardlet: number;
  readonly epoch: number;
  readonly mode: ReplicaMode;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

export interface ReplicaDetails extends ReplicaInfo {
  readonly stream: number;
  readonly range: Range;
  /** highest timestamp given or promised */
  readonly last: number;
  /** complete closed sets of ancestors, not yet forgotten, in the order of look-up (own ids travel with their records) */
  readonly inheritedIdSets: readonly IdSetInfo[];
  /** payload and frame bytes held */
  readonly bytes: number;
}

export interface HostIdentity {
  /** the id this store was given when it joined; undefined on an empty store */
  readonly hostId: number | undefined;
  /** changes with every start of the engine: Redis run_id; PostgreSQL system identifier, timeline and start */
  readonly incarnation: string;
  readonly progress: Progress;
  /** the last mark it was given; '' before the first */
  readonly mark: string;
  /** hostLast in the moment of that mark: what has a ts at or below it is in every state that holds the mark */
  readonly markPromise: number;
  readonly clockMicros: number;
  readonly engine: string;
  readonly version: string;
}

export interface HostUsage {
  readonly usedBytes: number;
  /** undefined when the engine has no limit of its own */
  readonly limitBytes: number | undefined;
}

export interface ReadOptions {
  /** bounds the records looked at, matching or not */
  readonly maxRecords: number;
  /** a reply stops after the matching record with which its frames reach this */
  readonly maxBytes: number;
  /** only records of this key hash; the others are skipped but count as read */
  readonly keyHash?: number;
}

export type ReadReply =
  | {
      readonly kind: 'records';
      readonly epoch: number;
      readonly mode: ReplicaMode;
      readonly records: readonly StoredRecord[];
      /** where to go on reading: one past the last record looked at, matching or not */
      readonly nextSeq: number;
      readonly lastSeq: number;
      /** highest timestamp given or promised */
      readonly last: number;
      readonly atEnd: boolean;
    }
  | { readonly kind: 'gone'; readonly firstSeq: number }
  | Stale;

export type BytesReply =
  | { readonly kind: 'bytes'; readonly bytes: number }
  /** some of them were trimmed */
  | { readonly kind: 'gone'; readonly firstSeq: number }
  | Stale;

export type CreateReply =
  | { readonly kind: 'created' }
  | Stale
  | Full
  | { readonly kind: 'belowFloor'; readonly createFloor: number };

/** Nothing was taken where there is a gap or a `conflict`: the shadow holds other content at this seq. */
export type IngestReply =
  | { readonly kind: 'ingested'; readonly lastSeq: number }
  | { readonly kind: 'gap'; readonly lastSeq: number }
  | { readonly kind: 'conflict'; readonly seq: number }
  | Stale
  | Full;

export type ReadyReply =
  | { readonly kind: 'ready' }
  /** what does not fit yet: nothing changed */
  | { readonly kind: 'refused'; readonly because: 'lastSeq' | 'firstSeq' | 'digest' | 'idSets' }
  | Stale;

export interface FrontierReply {
  readonly hostLast: number;
  /** ordered by shardlet; also tombstones, with firstSeq 1 and lastSeq 0 */
  readonly changed: readonly ReplicaInfo[];
  /** opaque: to be handed to the next call of the same operation on this incarnation; 0 asks for everything */
  readonly since: number;
}

/** `restMicros`: whoever asks sooner gets the same promise. 0 where each question makes a new one. */
export interface PromiseReply extends FrontierReply {
  readonly restMicros: number;
}

/** `otherMark`: it holds neither mark of the request; nothing changed. */
export type MarkReply =
  | ({ readonly kind: 'marked'; readonly progress: Progress } & FrontierReply)
  | { readonly kind: 'otherMark'; readonly mark: string };

/** `behind`: the host's clock is below the promise by so much; nothing changed. */
export type AdmitReply =
  | { readonly kind: 'admitted' }
  | { readonly kind: 'behind'; readonly byMicros: number };

export type EpochReply = { readonly kind: 'done'; readonly lastSeq: number } | Stale;

export interface EventHost {
  /** Looks at the store itself, before any identity is trusted. */
  identify(): Promise<HostIdentity>;
  /** Gives an empty store its host id; `false` when it already has another one or holds replicas. */
  adopt(hostId: number): Promise<boolean>;

  /**
   * `expected` -> `next`, and a frontier, in one step; the promise is kept with the mark. A host that holds
   * `next` already answers like the first time.
   */
  mark(expected: string, next: string, upToTs: number, since: number): Promise<MarkReply>;
  /**
   * Begins a new generation, whose count goes on from where it is: no answer of an earlier one is taken for
   * this host any more. Promises `promise` as well, once the host's clock is past it. A repeat, and one of a
   * lower generation, change nothing.
   */
  admit(generation: number, promise: number): Promise<AdmitReply>;

  createShadow(shardlet: number, epoch: number, spec: ReplicaSpec): Promise<CreateReply>;
  /** REQUIRES every parent sealed at its epoch on this host, else `stale` with what the first failing one is. */
  createOpen(
    shardlet: number,
    epoch: number,
    spec: ReplicaSpec,
    parents: readonly ParentRef[],
  ): Promise<CreateReply>;
  /**
   * One atomic call for all groups; each group has its own outcome, in order. REQUIRES groups of different
   * shardlets.
   */
  append(groups: readonly AppendGroup[]): Promise<AppendReply[]>;
  /** open@epoch -> sealed@epoch */
  seal(shardlet: number, epoch: number): Promise<EpochReply>;
  /**
   * Continues a shadow without a gap; records it already has are skipped after comparing. REQUIRES records
   * that follow one another. `toCome`: about how many will follow, so that room for their ids is made once.
   */
  ingest(
    shardlet: number,
    epoch: number,
    records: readonly StoredRecord[],
    toCome?: number,
  ): Promise<IngestReply>;
  /** A chunk of a closed set of the source; `complete` with the last chunk. */
  ingestIds(
    shardlet: number,
    epoch: number,
    set: IdSetInfo,
    ids: readonly KnownId[],
    complete: boolean,
  ): Promise<{ readonly kind: 'ingested' } | Stale | Full>;
  /** Removes the records after `seq` from a shadow, never below firstSeq - 1. */
  truncate(shardlet: number, epoch: number, seq: number): Promise<EpochReply>;
  /** Over the records from..to that are there. Not of a shadow's absent ones: compare the counts. */
  digest(
    shardlet: number,
    epoch: number,
    from: number,
    to: number,
  ): Promise<{ readonly kind: 'digest'; readonly digest: Digest } | Stale>;
  /**
   * Forgets the records below `upTo`, at most to lastSeq + 1, sparing those younger than window + lead (a
   * shadow spares none and may go beyond its end: lastSeq = upTo - 1). Answers the firstSeq that results.
   */
  trim(
    shardlet: number,
    epoch: number,
    upTo: number,
  ): Promise<{ readonly kind: 'trimmed'; readonly firstSeq: number } | Stale>;
  /** shadow@epoch with exactly the given content -> trimmed to firstSeq, ready@epoch. */
  ready(
    shardlet: number,
    epoch: number,
    expect: {
      readonly firstSeq: number;
      readonly finalSeq: number;
      readonly digest: Digest;
      readonly idSets: readonly string[];
      readonly last: number;
    },
  ): Promise<ReadyReply>;
  /** ready@epoch -> open@epoch */
  open(shardlet: number, epoch: number): Promise<EpochReply>;
  /** open or sealed below epoch -> open@epoch, in place */
  raise(shardlet: number, epoch: number): Promise<EpochReply>;
  /** Removes whatever has an epoch <= epoch, in any mode; leaves a tombstone (unless below createFloor). */
  drop(shardlet: number, epoch: number): Promise<{ readonly kind: 'dropped' } | Stale>;

  /** From open, sealed or ready; a replica below `minEpoch` is stale. */
  read(shardlet: number, from: number, minEpoch: number, options: ReadOptions): Promise<ReadReply>;
  /** The first seq whose ts is higher than `ts` (lastSeq + 1 when there is none). */
  seek(shardlet: number, ts: number): Promise<{ readonly kind: 'seq'; readonly seq: number } | Stale>;
  /**
   * Bytes of the records from..to, of which those above lastSeq count nothing. Frames are counted, as in
   * `describe`, so all copies of a shardlet count alike on every engine; what an engine needs beside them does
   * not count. From open, sealed or ready.
   */
  bytesIn(shardlet: number, from: number, to: number): Promise<BytesReply>;
  /** Promises that no record will get a ts <= hostLast, and tells in the same step all that changed. */
  frontier(upToTs: number, since: number): Promise<FrontierReply>;
  /**
   * The same without a promise: it changes nothing, and neither waits for an append nor holds one up. All that is
   * committed is in it; what it named before may be named again.
   */
  news(since: number): Promise<FrontierReply>;
  /**
   * News, of a state with a promise that is at most `ageMicros` old: where it is older, the host promises up to its clock.
   * `since` is that of `news`. Where a promise holds appends up, one that is young enough is used again, without a lock.
   */
  promise(since: number, ageMicros: number): Promise<PromiseReply>;
  /** Raises the floor below which nothing may be created, and removes the tombstones below it. */
  createFloor(floor: number): Promise<void>;

  describe(shardlet: number): Promise<ReplicaDetails | Stale>;
  /** Every replica and tombstone, for readmission and `doctor`; ordered by shardlet, from `after` exclusive. */
  list(after: number, limit: number): Promise<readonly ReplicaInfo[]>;
  /** A chunk of a set that `shardlet` inherits, for copying; `next` is undefined at the end. */
  readIds(
    shardlet: number,
    set: string,
    cursor: number,
  ): Promise<{ readonly ids: readonly KnownId[]; readonly next: number | undefined }>;
  /**
   * Frees id sets whose time is over; at most `limit` ids. Answers how many were freed: 0 when nothing is
   * left to do (ids that an engine keeps with their records go with them and do not count).
   */
  forgetIds(limit: number): Promise<number>;
  usage(): Promise<HostUsage>;
  close(): Promise<void>;
}
