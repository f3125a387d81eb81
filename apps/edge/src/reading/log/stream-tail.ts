/**
 * The head of a stream's log, shared by all who follow it: one reader, and a bounded ring of what it gave
 * out last. It reads only while somebody asks; those who ask at the same time share one look.
 *
 * A notice of its reader (retention took records before it came to them) is kept at the place where the
 * look began that found it. Whoever goes past that place is given it, so every follower gets it once.
 */
import { comparePlaces, type LogPosition } from './log-position.ts';
import type { LogSession, SessionPage } from './log-session.ts';
import type { MergedRecord, Trimmed } from './merge-terms.ts';

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

/** Told to whoever goes on from `at`, or from before. */
interface Notice {
  readonly at: LogPosition;
  readonly trimmed: readonly Trimmed[];
}

/** What a follower gets of the ring. */
export interface TailPart {
  readonly records: readonly MergedRecord[];
  /** where the follower is then */
  readonly after: LogPosition;
  readonly trimmed: readonly Trimmed[];
}

export class StreamTail {
  private readonly session: LogSession;
  private readonly ring: MergedRecord[] = [];
  private ringBytes = 0;
  private start: LogPosition;
  /** everything up to here was given out */
  private end: LogPosition;
  private notices: Notice[] = [];
  private look: Look | undefined;
  private closed = false;

  /** REQUIRES a plain session; it belongs to the tail from now on. */
  constructor(session: LogSession) {
    this.session = session;
    this.start = this.end = session.cursor.after;
  }

  /** Whether everything after this place that was given out so far is in the ring. */
  covers(place: LogPosition): boolean {
    return !this.closed && comparePlaces(place, this.start) >= 0;
  }

  get isClosed(): boolean {
    return this.closed;
  }

  get isLooking(): boolean {
    return this.look !== undefined;
  }

  /** At most `limit` records, none after the one that passes `bytesMax`. REQUIRES that the place is covered. */
  after(place: LogPosition, limit: number, bytesMax: number): TailPart {
    const first = firstAfter(this.ring, place);
    let end = first;
    for (let bytes = 0; end < this.ring.length && end - first < limit && bytes < bytesMax; end++)
      bytes += this.ring[end]!.frame.length;
    const records = this.ring.slice(first, end);
    const after = end < this.ring.length ? placeOf(records.at(-1) ?? place) : later(place, this.end);
    return { records, after, trimmed: this.trimmedBetween(place, after) };
  }

  /** Looks for more; whoever asks while a look is under way that may still find what they need shares it. */
  async next(waitMs: number): Promise<SessionPage & { readonly startedMs: number }> {
    this.look ??= this.startLook(Math.min(waitMs, LOOK_WAIT_MS));
    const { done, startedMs } = this.look;
    return { ...(await done), startedMs };
  }

  close(): void {
    this.closed = true;
    this.session.close();
  }

  private trimmedBetween(from: LogPosition, to: LogPosition): readonly Trimmed[] {
    return this.notices
      .filter(({ at }) => comparePlaces(from, at) <= 0 && comparePlaces(at, to) < 0)
      .flatMap(({ trimmed }) => trimmed);
  }

  private startLook(waitMs: number): Look {
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
    if (page.trimmed.length > 0) this.notices.push({ at: this.end, trimmed: page.trimmed });
    this.end = page.cursor.after;
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
    if (last !== undefined) this.start = placeOf(last);
    this.ring.splice(0, drop);
    this.notices = this.notices.filter(({ at }) => this.covers(at));
    return page;
  }
}

function placeOf({ ts, shardlet, seq }: LogPosition): LogPosition {
  return { ts, shardlet, seq };
}

function later(a: LogPosition, b: LogPosition): LogPosition {
  return comparePlaces(a, b) < 0 ? b : a;
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
