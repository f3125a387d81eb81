/** Reads what follows a place in a shardlet, for members: past what retention took, and never of an older map's epoch. */
import { HostUnreachable } from '../hosts/index.ts';
import type { Shardlet } from '../topology/index.ts';
import type { Batch } from './batches.ts';
import { HostLanes } from './host-lanes.ts';
import type { Checkpoint } from './model.ts';
import type { ShardletHeads, ShardletReads } from './reading-ports.ts';
import type { ServiceTime } from './waiting.ts';

export interface RecordReaderParts extends ServiceTime {
  readonly heads: Pick<ShardletHeads, 'lastSeq'>;
  readonly reads: ShardletReads;
  refresh(): Promise<unknown>;
}

/** One read to be sent. */
export interface Want {
  readonly shardlet: Shardlet;
  readonly checkpoint: Checkpoint;
  /** after this */
  readonly seq: number;
  readonly events: number;
}

export type Found = Batch | 'nothing' | 'stale' | 'away';

export class RecordReader {
  readonly lanes: HostLanes;
  private readonly parts: RecordReaderParts;
  /** by shardlet: the highest last seq that a host has told */
  private readonly ends = new Map<number, number>();

  constructor(parts: RecordReaderParts) {
    this.parts = parts;
    this.lanes = new HostLanes(parts.nowMs);
  }

  /** The highest seq that is known to have been there; undefined when nothing is known. */
  endOf(shardlet: number): number | undefined {
    const read = this.ends.get(shardlet);
    const head = this.parts.heads.lastSeq(shardlet);
    return read === undefined || head === undefined ? (read ?? head) : Math.max(read, head);
  }

  /** The same, as reads have told. */
  readEndOf(shardlet: number): number {
    return this.ends.get(shardlet) ?? 0;
  }

  find(want: Want, maxBytes: number): Promise<Found> {
    return this.lanes
      .ask(want.shardlet.owner, () => this.readFrom(want, maxBytes))
      .catch((error: unknown) => {
        if (error instanceof HostUnreachable) return 'away' as const;
        throw error;
      });
  }

  private async readFrom({ shardlet, checkpoint, seq, events }: Want, maxBytes: number): Promise<Found> {
    const { assignment } = checkpoint;
    for (let from = seq + 1; ; ) {
      // an older copy is a correct prefix, but one of before a loss is not
      const options = { maxRecords: events, maxBytes };
      const reply = await this.parts.reads.read(shardlet, from, checkpoint.epoch, options);
      // of a later epoch than the map's: a loss before it may have to set the checkpoint back first
      if (reply.kind === 'stale' || (reply.kind === 'records' && reply.epoch > shardlet.epoch)) {
        // a topology store that is away is asked again with the next read
        await this.parts.refresh().catch(() => {});
        return 'stale';
      }
      if (reply.kind === 'gone') from = reply.firstSeq;
      else {
        const { epoch, records, lastSeq } = reply;
        if ((this.ends.get(shardlet.id) ?? 0) < lastSeq) this.ends.set(shardlet.id, lastSeq);
        const through = records.at(-1)?.seq ?? from - 1;
        if (through <= seq) return 'nothing';
        return { shardlet, assignment, epoch, records, through, skipped: from - seq - 1 };
      }
    }
  }
}
