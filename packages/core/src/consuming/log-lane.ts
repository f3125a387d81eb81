/**
 * One shardlet of a member that gets events in the order of the log: what was read ahead of it, and the time below which
 * nothing more can come of it. It stays between polls, so that a poll reads only what the one before has not.
 */
import type { ReplicaInfo, StoredRecord } from '../hosts/index.ts';
import type { Shardlet } from '../topology/index.ts';
import type { Batch } from './batches.ts';
import { finalSeqOf } from './lineage.ts';
import type { Checkpoint } from './model.ts';
import type { PromiseTables } from './reading-ports.ts';

export class LogLane {
  shardlet: Shardlet;
  checkpoint: Checkpoint;
  /** given out by this look, or held by the member */
  given: number;
  /** read up to here */
  reached: number;
  /** of the oldest replica that the queue was read from */
  epoch = Number.POSITIVE_INFINITY;
  /** a read is under way */
  isReading = false;
  /** changes when what is read is dropped: an answer to a question of before is void */
  run = 0;
  /** what was read begins behind this */
  private base: number;
  private lastTs = 0;
  private queue: StoredRecord[] = [];
  private at = 0;

  constructor(shardlet: Shardlet, checkpoint: Checkpoint, seq: number) {
    this.shardlet = shardlet;
    this.checkpoint = checkpoint;
    this.given = seq;
    this.base = seq;
    this.reached = seq;
  }

  /**
   * Goes on behind `seq`; what was read for another assignment is dropped. A loss gives every shardlet it touches a new
   * one, as it sets the checkpoint back or raises its epoch.
   */
  goOn(shardlet: Shardlet, checkpoint: Checkpoint, seq: number): void {
    const isSame =
      this.checkpoint.assignment === checkpoint.assignment && this.shardlet.epoch === shardlet.epoch;
    this.shardlet = shardlet;
    this.checkpoint = checkpoint;
    this.at = 0;
    this.given = seq;
    if (!isSame || seq < this.base || seq > this.reached) this.drop(seq);
    this.base = seq;
    this.queue = this.queue.filter((record) => record.seq > seq);
    if (seq === this.reached) this.epoch = Number.POSITIVE_INFINITY;
  }

  private drop(seq: number): void {
    this.run++;
    this.queue = [];
    this.base = seq;
    this.reached = seq;
    this.lastTs = 0;
    this.epoch = Number.POSITIVE_INFINITY;
    this.isReading = false;
  }

  take({ records, through, epoch }: Batch): void {
    for (const record of records) this.queue.push(record);
    this.reached = through;
    this.lastTs = records.at(-1)?.ts ?? this.lastTs;
    this.epoch = Math.min(this.epoch, epoch);
  }

  get head(): StoredRecord | undefined {
    return this.queue[this.at];
  }

  /** REQUIRES a head. */
  shift(): StoredRecord {
    const record = this.queue[this.at++]!;
    this.given = record.seq;
    return record;
  }

  /** It is closed, and read to its end: what follows is of its children, and later. */
  get isAtFinalSeq(): boolean {
    const finalSeq = finalSeqOf(this.shardlet);
    return finalSeq !== undefined && this.reached >= finalSeq;
  }

  /**
   * Nothing that is not read has this time or an earlier one. A promise counts where the answer that made it shows the
   * shardlet open and read to its end. What is closed and not let go of holds at its end, as its children come after it.
   */
  bound(tables: PromiseTables): number {
    const { id, owner, state } = this.shardlet;
    if (this.isAtFinalSeq && 'finalTs' in state) return Math.max(this.lastTs, state.finalTs);
    const replica = tables.replica(owner, id);
    const isAtEnd = this.isTrusted(replica) && replica!.lastSeq === this.reached;
    return isAtEnd ? Math.max(this.lastTs, tables.hostLast(owner) ?? 0) : this.lastTs;
  }

  /** Its host has shown more than was read. */
  hasMore(tables: PromiseTables): boolean {
    const replica = tables.replica(this.shardlet.owner, this.shardlet.id);
    return this.isTrusted(replica) && replica!.lastSeq > this.reached;
  }

  private isTrusted(replica: ReplicaInfo | undefined): boolean {
    return replica?.mode === 'open' && replica.epoch === this.shardlet.epoch;
  }
}
