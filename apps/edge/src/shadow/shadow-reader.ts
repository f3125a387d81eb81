/**
 * Shadow reads: a share of the pages that are read from a shardlet that moves is compared with the copy at
 * its destination, as far as the copy goes. The copy answers with a digest, since a shadow is not read. A
 * difference is reported; it stops the move before its cutover.
 */
import {
  addToDigest,
  type Digest,
  EMPTY_DIGEST,
  type EventHost,
  type ReadReply,
  sameDigest,
} from '@foreshard/core/hosts';
import type { Moving } from './shadow-writer.ts';

/** One page in so many. */
const SAMPLED_ONE_IN = 4;
/** Comparisons at once: reads beyond are not compared. */
const AT_ONCE_MAX = 2;

export interface ShadowReaderParts {
  readonly host: (id: number) => Promise<EventHost>;
  readonly random: () => number;
  readonly differs: (moving: Moving, detail: string) => void;
  readonly observe: (outcome: 'equal' | 'different' | 'unanswered') => void;
}

type Page = Extract<ReadReply, { kind: 'records' }>;

export class ShadowReader {
  private readonly parts: ShadowReaderParts;
  private running = 0;

  constructor(parts: ShadowReaderParts) {
    this.parts = parts;
  }

  /** A page of whole records, none left out, was read from the source. Never throws, never waits. */
  offer(moving: Moving, page: Page): void {
    if (page.records.length === 0 || this.running >= AT_ONCE_MAX) return;
    if (this.parts.random() * SAMPLED_ONE_IN >= 1) return;
    this.running++;
    void this.compare(moving, page)
      .catch(() => this.parts.observe('unanswered'))
      .finally(() => {
        this.running--;
      });
  }

  private async compare(moving: Moving, { records }: Page): Promise<void> {
    const { shardlet, dest, nextEpoch } = moving;
    const first = records[0]!.seq;
    const last = records.at(-1)!.seq;
    const host = await this.parts.host(dest);
    const reply = await host.digest(shardlet, nextEpoch, first, last);
    if (reply.kind === 'stale') return this.parts.observe('unanswered');
    // the copy is a prefix: it holds the first so many of these, or none of them
    const here = digestOf(records.slice(0, reply.digest.count));
    if (sameDigest(here, reply.digest)) return this.parts.observe('equal');
    // a trim takes away from the other end
    const rest = digestOf(records.slice(records.length - reply.digest.count));
    if (sameDigest(rest, reply.digest)) return this.parts.observe('equal');
    this.parts.observe('different');
    this.parts.differs(moving, `a read of seq ${first} to ${last} differs from the copy`);
  }
}

function digestOf(records: Page['records']): Digest {
  return records.reduce((sum, { seq, ts, frame }) => addToDigest(sum, seq, ts, frame), EMPTY_DIGEST);
}
