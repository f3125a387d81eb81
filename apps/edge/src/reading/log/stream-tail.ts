/**
 * The head of a stream's log, shared by all who follow it: one reader, and a bounded ring of what it gave
 * out last. It reads only while somebody asks; those who ask at the same time share one look.
 */
import { comparePlaces, type LogPosition } from './log-position.ts';
import type { LogSession, SessionPage } from './log-session.ts';
import type { MergedRecord } from './merge-terms.ts';

/** What a follower may lag behind before it has to read from the hosts again: seconds at high rates. */
const RING_RECORDS_MAX = 50_000;
const RING_BYTES_MAX = 32_000_000;
/** One look takes at most so much; a follower that needs more looks again. */
const LOOK_RECORDS_MAX = 10_000;
const LOOK_BYTES_MAX = 8_000_000;
/** A look waits so long for a first record: who joins a look that is under way may have to wait for the next. */
const LOOK_WAIT_MS = 200;

interface Look {
  readonly done: Promise<SessionPage>;
  readonly startedMs: number;
}

export class StreamTail {
  private readonly session: LogSession;
  private readonly ring: MergedRecord[] = [];
  private ringBytes = 0;
  private begin: LogPosition;
  private look: Look | undefined;
  private closed = false;

  /** REQUIRES a plain session; it belongs to the tail from now on. */
  constructor(session: LogSession) {
    this.session = session;
    this.begin = session.cursor.after;
  }

  /** Whether everything after this place that was given out so far is in the ring. */
  covers(place: LogPosition): boolean {
    return !this.closed && comparePlaces(place, this.begin) >= 0;
  }

  get isClosed(): boolean {
    return this.closed;
  }

  get isLooking(): boolean {
    return this.look !== undefined;
  }

  /** At most `limit` records, none after the one that passes `bytesMax`. REQUIRES that the place is covered. */
  after(place: LogPosition, limit: number, bytesMax: number): readonly MergedRecord[] {
    const first = firstAfter(this.ring, place);
    let end = first;
    for (let bytes = 0; end < this.ring.length && end - first < limit && bytes < bytesMax; end++)
      bytes += this.ring[end]!.frame.length;
    return this.ring.slice(first, end);
  }

  /** Looks for more; whoever asks while a look is under way that may still find what they need shares it. */
  async next(waitMs: number): Promise<SessionPage & { readonly startedMs: number }> {
    this.look ??= this.begins(Math.min(waitMs, LOOK_WAIT_MS));
    const { done, startedMs } = this.look;
    return { ...(await done), startedMs };
  }

  close(): void {
    this.closed = true;
    this.session.close();
  }

  private begins(waitMs: number): Look {
    const startedMs = performance.now();
    const done = this.session
      .page({ limit: LOOK_RECORDS_MAX, bytesMax: LOOK_BYTES_MAX, waitMs })
      .then((page) => this.keep(page))
      .catch((error: unknown) => {
        this.close();
        throw error;
      })
      .finally(() => {
        this.look = undefined;
      });
    return { done, startedMs };
  }

  private keep(page: SessionPage): SessionPage {
    for (const record of page.records) {
      this.ring.push(record);
      this.ringBytes += record.frame.length;
    }
    let drop = Math.max(0, this.ring.length - RING_RECORDS_MAX);
    for (let i = 0; i < this.ring.length && (i < drop || this.ringBytes > RING_BYTES_MAX); i++) {
      this.ringBytes -= this.ring[i]!.frame.length;
      drop = i + 1;
    }
    const last = this.ring[drop - 1];
    if (last !== undefined) this.begin = { ts: last.ts, shardlet: last.shardlet, seq: last.seq };
    this.ring.splice(0, drop);
    return page;
  }
}

function firstAfter(records: readonly MergedRecord[], place: LogPosition): number {
  let [low, high] = [0, records.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (comparePlaces(records[middle]!, place) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
