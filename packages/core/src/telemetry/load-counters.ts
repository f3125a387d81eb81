/** Counts the load of each shardlet in memory until the next flush. */
import type { LoadFlush } from './load-flush.ts';

interface Count {
  events: number;
  bytes: number;
  refused: number;
}

export class LoadCounters {
  private counts = new Map<number, Count>();
  private duplicates = 0;

  stored(shardlet: number, events: number, bytes: number): void {
    const count = this.of(shardlet);
    count.events += events;
    count.bytes += bytes;
  }

  refused(shardlet: number, events: number): void {
    this.of(shardlet).refused += events;
  }

  duplicate(events: number): void {
    this.duplicates += events;
  }

  /** What was counted since the last flush, ordered by shardlet; undefined when there was nothing. */
  flush(edge: string, atMs: number): LoadFlush | undefined {
    if (this.counts.size === 0 && this.duplicates === 0) return undefined;
    const shardlets = [...this.counts]
      .sort(([a], [b]) => a - b)
      .map(([id, c]): LoadFlush['shardlets'][number] => [id, c.events, c.bytes, c.refused]);
    const flush = { edge, atMs, shardlets, duplicates: this.duplicates };
    this.counts = new Map();
    this.duplicates = 0;
    return flush;
  }

  private of(shardlet: number): Count {
    let count = this.counts.get(shardlet);
    if (count === undefined) this.counts.set(shardlet, (count = { events: 0, bytes: 0, refused: 0 }));
    return count;
  }
}
