/** The stream of flushes in the control Redis, read by position: what was read stays there until it is capped. */
import {
  HOST_SAMPLES_FIELD,
  type HostSamples,
  hostSamplesSchema,
  LOAD_FLUSH_FIELD,
  LOAD_STREAM_KEY,
  openFlush,
  type PackedFlush,
} from '@foreshard/core/telemetry';
import type { Redis } from 'ioredis';

/** Read at a time: a worker that comes late stays small, whatever the size of a flush. */
const BYTES_PER_READ = 4_000_000;
const ENTRIES_PER_READ_MAX = 60;
/** Before their size is known; the largest are some megabytes each. */
const ENTRIES_AT_FIRST = 4;
/** Samples of hosts that stand between two flushes when edges are silent. */
const NEWEST_READ = 4;

export interface FeedEntry {
  readonly id: string;
  readonly flush?: PackedFlush;
  readonly hosts?: HostSamples;
}

export class LoadFeed {
  private readonly redis: Redis;

  constructor(redis: Redis) {
    this.redis = redis;
  }

  /** The clock that gives entries their ids, ms since the epoch. */
  async nowMs(): Promise<number> {
    const [seconds] = await this.redis.time();
    return Number(seconds) * 1_000;
  }

  /** Entries after a position that were added before a time, in order; empty at the end. */
  async *entries(after: string, beforeMs: number): AsyncGenerator<FeedEntry> {
    let count = ENTRIES_AT_FIRST;
    for (let position = after; ; ) {
      const rows = (await this.redis.xrangeBuffer(
        LOAD_STREAM_KEY,
        `(${position}`,
        `(${beforeMs}-0`,
        'COUNT',
        count,
      )) as [Buffer, Buffer[]][];
      for (const [id, fields] of rows) {
        position = id.toString();
        yield { id: position, ...contentOf(fields) };
      }
      if (rows.length < count) return;
      count = entriesPerRead(rows);
    }
  }

  /** When an edge told about load last, if that was after the time. */
  async newestFlushMs(sinceMs: number): Promise<number | undefined> {
    for (let before = '+'; ; ) {
      const rows = (await this.redis.xrevrangeBuffer(
        LOAD_STREAM_KEY,
        before,
        `${sinceMs}-0`,
        'COUNT',
        NEWEST_READ,
      )) as [Buffer, Buffer[]][];
      for (const [id, fields] of rows) {
        before = `(${id}`;
        const { flush } = contentOf(fields);
        if (flush !== undefined) return flush.atMs;
      }
      if (rows.length < NEWEST_READ) return undefined;
    }
  }
}

function entriesPerRead(rows: readonly [Buffer, Buffer[]][]): number {
  const bytes = rows.reduce((sum, [, fields]) => sum + (fields[1]?.length ?? 0), 0);
  const fitting = Math.floor((BYTES_PER_READ * rows.length) / Math.max(1, bytes));
  return Math.min(ENTRIES_PER_READ_MAX, Math.max(1, fitting));
}

/** Nothing when it cannot be read: of another version, or damaged. */
function contentOf(fields: readonly Buffer[]): Pick<FeedEntry, 'flush' | 'hosts'> {
  const [field, value] = [fields[0]?.toString(), fields[1]];
  try {
    if (field === LOAD_FLUSH_FIELD && value !== undefined) return { flush: openFlush(value) };
    if (field === HOST_SAMPLES_FIELD && value !== undefined)
      return { hosts: hostSamplesSchema.parse(JSON.parse(value.toString())) };
  } catch {
    // counted as unreadable by whoever takes the entry
  }
  return {};
}
