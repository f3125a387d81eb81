/** What members are given: runs of records, each with what to commit. */
import type { StoredRecord } from '../hosts/index.ts';
import type { Shardlet } from '../topology/index.ts';

export interface Batch {
  readonly shardlet: Shardlet;
  readonly assignment: number;
  /** of the replica that was read: to be handed back with the commit */
  readonly epoch: number;
  /** none when everything up to `through` is past its retention */
  readonly records: readonly StoredRecord[];
  /** what to commit when all of it is processed */
  readonly through: number;
  /** events before the first record that are past their retention and were never given to the group */
  readonly skipped: number;
}

/** Up to `seq`, given to the member in this assignment; in another one the shardlet begins at its checkpoint. */
export interface Held {
  readonly seq: number;
  readonly assignment: number;
}

/** What goes on behind the first part of it, read in the same round. */
export function joined(first: Batch, next: Batch): Batch {
  return {
    ...first,
    // a loss of a later epoch sets back what was read at either
    epoch: Math.min(first.epoch, next.epoch),
    records: [...first.records, ...next.records],
    through: next.through,
    skipped: first.skipped + next.skipped,
  };
}

/** The first `limit` of it. */
export function cut(batch: Batch, limit: number): Batch {
  if (batch.records.length <= limit) return batch;
  const records = batch.records.slice(0, limit);
  return { ...batch, records, through: records.at(-1)!.seq };
}
