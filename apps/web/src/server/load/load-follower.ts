/**
 * Reads the load stream for all browsers together: one blocking read per process, whatever the number of
 * open tabs. After a lost connection it goes on where it was; what the capped stream dropped meanwhile is
 * a gap in the picture, and `contactAgeMs` says how old the picture is.
 */
import { LOAD_FLUSH_FIELD, LOAD_STREAM_KEY, type LoadFlush, unpackFlush } from '@foreshard/core/telemetry';
import type { Redis } from 'ioredis';
import { LoadWindow, lastSettledSecond } from './load-window.ts';

const READ_COUNT = 500;
/** Also how often the age of the picture is confirmed while no edge has anything to tell. */
const BLOCK_MS = 500;
const RETRY_MS = 1_000;

export class LoadFollower {
  readonly window = new LoadWindow();
  private readonly redis: Redis;
  private lastId = '0-0';
  private lastContactMs: number | undefined;
  private stopped = false;

  /** `redis` becomes this follower's own connection: a blocking read holds up everything behind it. */
  constructor(redis: Redis) {
    this.redis = redis;
    // Without a listener ioredis prints every lost connection; the age of the picture tells it to people.
    redis.on('error', () => {});
  }

  start(): void {
    void this.follow();
  }

  /** How long ago the stream was last seen to its end; undefined before the first time. */
  contactAgeMs(nowMs: number): number | undefined {
    return this.lastContactMs === undefined ? undefined : Math.max(0, nowMs - this.lastContactMs);
  }

  /**
   * The newest second that is known. Seconds after the last contact are unknown, not empty: the picture
   * ends there, and goes on when the stream has been read.
   */
  settledSecond(nowMs: number): number {
    return lastSettledSecond(Math.min(nowMs, this.lastContactMs ?? nowMs));
  }

  close(): void {
    this.stopped = true;
    this.redis.disconnect();
  }

  private async follow(): Promise<void> {
    while (!this.stopped) {
      try {
        await this.readOnce();
        this.lastContactMs = Date.now();
        this.window.prune(Date.now());
      } catch {
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  private async readOnce(): Promise<void> {
    const reply = await this.redis.xreadBuffer(
      'COUNT',
      READ_COUNT,
      'BLOCK',
      BLOCK_MS,
      'STREAMS',
      LOAD_STREAM_KEY,
      this.lastId,
    );
    for (const [id, fields] of (reply?.[0]?.[1] ?? []) as [Buffer, Buffer[]][]) {
      this.lastId = id.toString();
      const flush = parseFlush(fields);
      if (flush !== undefined) this.window.add(flush);
    }
  }
}

/** An entry that cannot be read (another version of the edge) is skipped: one point of a picture. */
function parseFlush(fields: readonly Buffer[]): LoadFlush | undefined {
  const at = fields.findIndex((field) => field.toString() === LOAD_FLUSH_FIELD);
  const bytes = at < 0 ? undefined : fields[at + 1];
  try {
    return bytes && unpackFlush(bytes);
  } catch {
    return undefined;
  }
}
