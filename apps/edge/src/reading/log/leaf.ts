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

export class Leaf {
  readonly id: number;
  readonly shard: number;
  /** the host that T names */
  owner: number;
  /** of T */
  epoch: number;
  /** set once T says that the shardlet is closed */
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
  inHeap = false;
  place: Place = NONE;
  /** whether records below nextSeq could be missed by trimming: not before the first read from the oldest */
  missesTrimmed: boolean;
  private queue: readonly StoredRecord[] = [];
  private queueAt = 0;

  constructor(
    id: number,
    shard: number,
    start: { nextSeq: number | undefined; bound: number; missesTrimmed: boolean },
  ) {
    this.id = id;
    this.shard = shard;
    this.owner = 0;
    this.epoch = 0;
    this.nextSeq = start.nextSeq;
    this.lastTs = start.bound;
    this.safe = start.bound;
    this.missesTrimmed = start.missesTrimmed;
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
    return (
      this.sighting?.isOpen === true && this.nextSeq !== undefined && this.nextSeq > this.sighting.lastSeq
    );
  }

  /** Where this leaf is read: the newest replica known, of T or of a frontier answer. */
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
