/** What a merge is given, asks for and gives out. */
import type { Shardlet } from '@foreshard/core/topology';
import type { LogPosition } from './log-position.ts';

export interface MergedRecord {
  readonly shardlet: number;
  readonly shard: number;
  readonly seq: number;
  readonly ts: number;
  readonly frame: Uint8Array;
}

/** What the machine asks its driver for; each is answered by one of found, read, trimmed or failed. */
export type HostRequest =
  | { readonly kind: 'seek'; readonly shardlet: number; readonly host: number; readonly ts: number }
  | {
      readonly kind: 'read';
      readonly shardlet: number;
      readonly host: number;
      readonly fromSeq: number;
      readonly maxRecords: number;
      /** only the host itself can answer it */
      readonly ofHost?: true;
    };

/** How much to give out at once. */
export interface Portion {
  readonly limit: number;
  readonly bytesMax?: number;
  /** the last place that may be given out */
  readonly until?: LogPosition | undefined;
}

/** Records that were removed by retention before this reader came to them. */
export interface Trimmed {
  readonly shardlet: number;
  readonly firstSeq: number;
}

/**
 * A host went back to an older state: what it held of the shardlet above `seq` may be gone, and those numbers
 * may be given to other events.
 */
export interface Lost {
  readonly shardlet: number;
  readonly seq: number;
  /** of the decision that accepted the loss */
  readonly epoch: number;
}

export interface MergeOptions {
  readonly stream: number;
  readonly after: LogPosition;
  /** of the map that the reader's place was read with: losses of later epochs are news to it */
  readonly version: number;
  /** the number in `after` may be another record's by now */
  readonly byTime?: boolean;
  /** which shardlets take part; all, unless given. REQUIRES that a child takes part when a parent does. */
  readonly includes?: (shardlet: Shardlet) => boolean;
  /**
   * all that can take part as the topology store is now, where the caller knows better than to look through the
   * stream
   */
  readonly candidates?: Iterable<Shardlet>;
  /** the time from which on hosts keep everything, whatever the retention; never, unless given */
  readonly keptFrom?: () => number;
  /** hosts to go on without */
  readonly skippedHosts?: ReadonlySet<number>;
  /** records to hold ready over all shardlets: enough to keep every host busy, little enough for memory */
  readonly recordsAheadMax?: number;
  /** of one read; more where the host gives only some of what it looks at */
  readonly readRecordsMax?: number;
}
