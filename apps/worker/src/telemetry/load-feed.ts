/** The stream of flushes in the control Redis, read by position: what was read stays there until it is capped. */
import {
  HOST_SAMPLES_FIELD,
  type HostSamples,
  hostSamplesSchema,
  LOAD_FLUSH_FIELD,
  LOAD_STREAM_KEY,
  type LoadFlush,
  unpackFlush,
} from '@foreshard/core/telemetry';
import type { Redis } from 'ioredis';

/** Some megabytes at a time, so that a worker that comes late stays small. */
const ENTRIES_PER_READ = 60;

export interface FeedEntry {
  readonly id: string;
  readonly flush?: LoadFlush;
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
    for (let position = after; ; ) {
      const rows = (await this.redis.xrangeBuffer(
        LOAD_STREAM_KEY,
        `(${position}`,
        `(${beforeMs}-0`,
        'COUNT',
        ENTRIES_PER_READ,
      )) as [Buffer, Buffer[]][];
      for (const [id, fields] of rows) {
        position = id.toString();
        yield { id: position, ...contentOf(fields) };
      }
      if (rows.length < ENTRIES_PER_READ) return;
    }
  }
}

/** Nothing when it cannot be read: of another version, or damaged. */
function contentOf(fields: readonly Buffer[]): Pick<FeedEntry, 'flush' | 'hosts'> {
  const [field, value] = [fields[0]?.toString(), fields[1]];
  try {
    if (field === LOAD_FLUSH_FIELD && value !== undefined) return { flush: unpackFlush(value) };
    if (field === HOST_SAMPLES_FIELD && value !== undefined)
      return { hosts: hostSamplesSchema.parse(JSON.parse(value.toString())) };
  } catch {
    // counted as unreadable by whoever takes the entry
  }
  return {};
}
