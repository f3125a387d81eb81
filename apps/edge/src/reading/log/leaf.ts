/**
 * One shardlet as a merged reader sees it: what is read and waits to be given out, and the time below
 * which nothing more can come from it.
 */
import type { StoredRecord } from '@foreshard/core/hosts';

/** The replica that a frontier answer showed last, by epoch: where the shardlet takes, or last took, appends. */
export interface Sighting {
  readonly host: number;
  readonly epoch: number;
  readonly isOpen: boolean;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

/** What holds a leaf in the merge; `none` when it holds nothing back. */
export type Place =
  | { readonly kind: 'queued' }
  /** nothing queued, read to the end of an open replica: nothing comes at or below that host's promise */
  | { readonly kind: 'idle'; readonly host: number }
  /** nothing queued, and not known to be at an end: nothing comes at or below its own bound */
  | { readonly kind: 'stuck' }
  | { readonly kind: 'none' };

export const QUEUED: Place = { kind: 'queued' };
export const STUCK: Place = { kind: 'stuck' };
export const NONE: Place = { kind: 'none' };

export interface LeafStart {
  /** undefined: has to be found by time */
  readonly nextSeq: number | undefined;
  /** nothing of it is at or below this */
  readonly bound: number;
  /** to be found after this time; the bound, unless given */
  readonly seekTs?: number;
  readonly lostAbove?: number;
  readonly missesTrimmed: boolean;
}

export class Leaf {
  readonly id: number;
  readonly shard: number;
  /** the host that the topology store names */
  owner: number;
  /** of the topology store */
  epoch: number;
  /** set once the topology store says that the shardlet is closed */
  finalSeq: number | undefined;
  successors: readonly number[] = [];
  /** undefined until a seek has found it */
  nextSeq: number | undefined;
  /** no record from nextSeq on has this timestamp or a lower one: seq and ts rise together */
  lastTs: number;
  /** the promise of the last answer that showed it open and read to its end; frozen while it is not */
  safe: number;
  sighting: Sighting | undefined;
  /** a read or a seek is under way */
  busy = false;
  /** the reader goes on without its host */
  skipped = false;
  /** this reader knows more than its host: up to here it has read, and the host has to have it */
  reached = 0;
  /** its host showed less than before: where it has as much again, that may be other records */
  isInDoubt = false;
  /** The topology store says that its owner has it open at `epoch`, or at a later one */
  isSettled = false;
  /** The host has just said by time where it begins: what is read there shows whether retention took what was before */
  isSought = false;
  /** its host refused the last read or seek: it does not have what the topology store says */
  isRefused = false;
  /** the host lost what was above this seq, and the reader comes from before */
  readonly lostAbove: number | undefined;
  readonly seekTs: number;
  inHeap = false;
  place: Place = NONE;
  /** whether records below nextSeq could be missed by trimming: not before the first read from the oldest */
  missesTrimmed: boolean;
  private queue: readonly StoredRecord[] = [];
  private queueAt = 0;

  constructor(id: number, shard: number, start: LeafStart) {
    this.id = id;
    this.shard = shard;
    this.owner = 0;
    this.epoch = 0;
    this.nextSeq = start.nextSeq;
    this.lastTs = start.bound;
    this.safe = start.bound;
    this.seekTs = start.seekTs ?? start.bound;
    this.lostAbove = start.lostAbove;
    this.missesTrimmed = start.missesTrimmed;
    this.reached = (start.nextSeq ?? 1) - 1;
  }

  get queued(): number {
    return this.queue.length - this.queueAt;
  }

  /** REQUIRES a queued record. */
  get head(): StoredRecord {
    return this.queue[this.queueAt]!;
  }

  get headTs(): number {
    return this.head.ts;
  }

  /** Nothing unread has this timestamp or a lower one. */
  get bound(): number {
    return Math.max(this.lastTs, this.safe);
  }

  get isFinished(): boolean {
    return this.finalSeq !== undefined && this.nextSeq !== undefined && this.nextSeq > this.finalSeq;
  }

  /** Read to the end of a replica that its host's last answer shows open: the host's promise holds for it. */
  get isAtEndOfOpen(): boolean {
    const { sighting, nextSeq } = this;
    return sighting?.isOpen === true && this.isTrusted && nextSeq !== undefined && nextSeq > sighting.lastSeq;
  }

  /** The replica that was seen is not older than what the topology store says, or than what was read of it. */
  private get isTrusted(): boolean {
    const { sighting } = this;
    if (sighting === undefined || sighting.lastSeq < this.reached) return false;
    return !this.isSettled || sighting.epoch >= this.epoch;
  }

  /**
   * Its host does not have what the topology store says: it came back empty or older, or the map is old. REQUIRES an
   * answer of it.
   */
  get isMisfit(): boolean {
    return this.isRefused || (this.isSettled && !this.busy && !this.isTrusted);
  }

  /**
   * Numbers from here on may be other records' than those that were read ahead. A replica of a later epoch holds all
   * that was there before, unless a host went back in between.
   */
  isRenumberedIn({ epoch, lastSeq }: Pick<Sighting, 'epoch' | 'lastSeq'>): boolean {
    if (this.isInDoubt && lastSeq >= this.reached) return true;
    return this.sighting !== undefined && epoch > this.sighting.epoch && lastSeq < this.sighting.lastSeq;
  }

  /** Where this leaf is read: the newest replica known, of the topology store or of a frontier answer. */
  get host(): number {
    return this.sighting !== undefined && this.sighting.epoch > this.epoch ? this.sighting.host : this.owner;
  }

  /** The last record that is known to be there. */
  get endSeq(): number {
    return this.finalSeq ?? this.sighting?.lastSeq ?? 0;
  }

  enqueue(records: readonly StoredRecord[]): void {
    if (records.length === 0) return;
    this.lastTs = Math.max(this.lastTs, records.at(-1)!.ts);
    this.queue = this.queued === 0 ? records : this.queue.slice(this.queueAt).concat(records);
    this.queueAt = 0;
  }

  /** REQUIRES a queued record. */
  dequeue(): StoredRecord {
    return this.queue[this.queueAt++]!;
  }

  clear(): void {
    this.queue = [];
    this.queueAt = 0;
  }
}
