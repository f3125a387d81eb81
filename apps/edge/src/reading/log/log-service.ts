/**
 * Pages of the global log. A place near the head is served from the stream's tail, which all followers
 * share; an older one by a reader of its own, which is kept for a while under the cursor it gave out, so
 * that the next page goes on where this one ended instead of looking for its place in every shardlet.
 */
import type { Shardlet, Stream } from '@foreshard/core/topology';
import { encodeCursor, type LogCursor } from './cursor.ts';
import { endOf, OLDEST } from './log-position.ts';
import type { ReaderParts } from './log-reader.ts';
import { LogSession, type SessionPage } from './log-session.ts';
import { StreamTail } from './stream-tail.ts';
import { whereNowIs } from './where-now-is.ts';

export interface LogRequest {
  readonly stream: Stream;
  readonly from: LogCursor | 'oldest' | 'now';
  readonly limit: number;
  readonly waitMs: number;
  /** hosts to go on without */
  readonly skip: ReadonlySet<number>;
  readonly signal?: AbortSignal;
  /** less than a page may have */
  readonly bytesMax?: number;
}

/** Each holds some 65,000 records ready, about 30 MB. */
const SESSIONS_MAX = 8;
const SESSION_IDLE_MS = 60_000;
/** A tail that was not asked for a while would have to catch up first: a new one is sooner at the head. */
const TAIL_IDLE_MS = 5_000;
const SWEEP_MS = 1_000;
/** A page of large events ends here, whatever its limit. */
const PAGE_BYTES_MAX = 16_000_000;

interface Kept<T> {
  readonly value: T;
  usedAtMs: number;
}

/** What a page told beside its records. */
type Notices = Pick<SessionPage, 'lost' | 'trimmed'>;

interface KeptSession extends Kept<LogSession> {
  /** of the last page, where the cursor after it is the one before it: who asks again may not have got that page */
  readonly unsure: Notices | undefined;
}

export class LogService {
  private readonly sessions = new Map<string, KeptSession>();
  private readonly tails = new Map<number, Kept<StreamTail>>();
  /** by stream: the epoch of the last loss; who comes from before is told by a reader of its own */
  private readonly lastLosses = new Map<number, number>();
  private readonly parts: ReaderParts;
  private readonly sweeper: NodeJS.Timeout;
  private readonly stopFollowing: () => void;

  constructor(parts: ReaderParts) {
    this.parts = parts;
    this.sweeper = setInterval(() => this.sweep(), SWEEP_MS).unref();
    for (const shardlet of parts.map.topology.shardlets()) this.noteLoss(shardlet);
    this.stopFollowing = parts.map.onChange(({ shardlets }) => {
      for (const shardlet of shardlets) if (this.noteLoss(shardlet)) this.dropTail(shardlet.stream);
    });
  }

  async page(request: LogRequest): Promise<SessionPage> {
    const cursor = await this.cursorOf(request);
    // read through an edge whose map was newer: it may know of a loss that this one does not
    if (cursor.version > this.parts.map.topology.version) await this.parts.map.refresh();
    const isPlain = request.skip.size === 0 && cursor.skipped.length === 0;
    const tail = isPlain ? this.tailFor(cursor) : undefined;
    return tail === undefined ? this.sessionPage(cursor, request) : this.tailPage(tail, cursor, request);
  }

  /** Pages that are under way are finished, without waiting for news. */
  close(): void {
    clearInterval(this.sweeper);
    this.stopFollowing();
    for (const key of [...this.sessions.keys()]) this.dropSession(key);
  }

  private async cursorOf({ stream: { id }, from }: LogRequest): Promise<LogCursor> {
    if (typeof from !== 'string') return from;
    const { version } = this.parts.map.topology;
    const after = from === 'oldest' ? OLDEST : endOf(await whereNowIs(this.parts, id));
    return { stream: id, version, after, skipped: [] };
  }

  private async sessionPage(cursor: LogCursor, request: LogRequest): Promise<SessionPage> {
    const kept = this.takeSession(cursor, request.skip);
    const session = kept?.value ?? new LogSession(this.parts, cursor, request.skip);
    const { limit, waitMs, signal, bytesMax = PAGE_BYTES_MAX } = request;
    try {
      const page = withRepeated(await session.page({ limit, waitMs, signal, bytesMax }), kept?.unsure);
      this.keep(session, page, cursor, request.skip);
      return page;
    } catch (error) {
      // what it has given out is lost to the reader: only a new one goes on from the cursor
      session.close();
      throw error;
    }
  }

  private async tailPage(tail: StreamTail, cursor: LogCursor, request: LogRequest): Promise<SessionPage> {
    const startedMs = performance.now();
    const { topology } = this.parts.map;
    const { limit, waitMs, signal, bytesMax = PAGE_BYTES_MAX } = request;
    for (let look: Awaited<ReturnType<StreamTail['next']>> | undefined; ; ) {
      signal?.throwIfAborted();
      // the ring went on without this reader
      if (!tail.covers(cursor.after)) return this.sessionPage(cursor, request);
      const { records, after, trimmed } = tail.after(cursor.after, limit, bytesMax);
      const remainingMs = this.parts.closing.aborted ? 0 : startedMs + waitMs - performance.now();
      const isFresh = look !== undefined && look.startedMs >= startedMs && look.atHead;
      const isFull = records.length >= limit || bytesOf(records) >= bytesMax;
      const hasNews = records.length > 0 || trimmed.length > 0;
      if (isFull || (isFresh && (hasNews || remainingMs <= 0)))
        return {
          records,
          late: 0,
          // all losses up to the map's version are older than the tail
          cursor: { ...cursor, version: topology.version, after },
          lost: [],
          atHead: !isFull,
          isStuck: look?.isStuck ?? false,
          waitingFor: look?.waitingFor ?? [],
          trimmed,
        };
      look = await tail.next(hasNews ? 0 : remainingMs);
    }
  }

  private keep(session: LogSession, page: SessionPage, before: LogCursor, skip: ReadonlySet<number>): void {
    const { stream } = page.cursor;
    const key = keyOf(page.cursor, skip);
    const hasNotices = page.lost.length + page.trimmed.length > 0;
    const unsure = hasNotices && key === keyOf(before, skip) ? page : undefined;
    const isCurrent = session.isPlain && unsure === undefined && this.knowsAllLosses(page.cursor);
    const tail = isCurrent ? this.tails.get(stream)?.value : undefined;
    if (tail?.covers(page.cursor.after) === true) {
      session.close();
      return;
    }
    if (isCurrent && page.atHead && !this.tails.has(stream)) {
      this.tails.set(stream, { value: new StreamTail(session), usedAtMs: performance.now() });
      return;
    }
    this.sessions.get(key)?.value.close();
    this.sessions.set(key, { value: session, usedAtMs: performance.now(), unsure });
    const [oldest] = this.sessions.keys();
    if (this.sessions.size > SESSIONS_MAX && oldest !== undefined) this.dropSession(oldest);
  }

  private takeSession(cursor: LogCursor, skip: ReadonlySet<number>): KeptSession | undefined {
    const key = keyOf(cursor, skip);
    const kept = this.sessions.get(key);
    this.sessions.delete(key);
    return kept;
  }

  private tailFor(cursor: LogCursor): StreamTail | undefined {
    const kept = this.tails.get(cursor.stream);
    if (kept === undefined || !this.knowsAllLosses(cursor) || !kept.value.covers(cursor.after))
      return undefined;
    kept.usedAtMs = performance.now();
    return kept.value;
  }

  /** As this edge does: one with an older map may hold records that the reader knows to be lost. */
  private knowsAllLosses({ stream, version }: LogCursor): boolean {
    return version >= (this.lastLosses.get(stream) ?? 0) && version <= this.parts.map.topology.version;
  }

  /** True for one that is news. */
  private noteLoss({ stream, lost }: Shardlet): boolean {
    const epoch = lost.at(-1)?.epoch ?? 0;
    if (epoch <= (this.lastLosses.get(stream) ?? 0)) return false;
    this.lastLosses.set(stream, epoch);
    return true;
  }

  /** It holds records that a host has lost. */
  private dropTail(stream: number): void {
    this.tails.get(stream)?.value.close();
    this.tails.delete(stream);
  }

  private dropSession(key: string): void {
    this.sessions.get(key)?.value.close();
    this.sessions.delete(key);
  }

  private sweep(): void {
    const nowMs = performance.now();
    for (const [key, { usedAtMs }] of this.sessions)
      if (nowMs - usedAtMs > SESSION_IDLE_MS) this.dropSession(key);
    for (const [stream, { value, usedAtMs }] of this.tails) {
      const isIdle = nowMs - usedAtMs > TAIL_IDLE_MS && !value.isLooking;
      if (!isIdle && !value.isClosed) continue;
      value.close();
      this.tails.delete(stream);
    }
  }
}

function withRepeated(page: SessionPage, unsure: Notices | undefined): SessionPage {
  if (unsure === undefined) return page;
  const isNews = ({ shardlet, epoch }: SessionPage['lost'][number]) =>
    !page.lost.some((loss) => loss.shardlet === shardlet && loss.epoch >= epoch);
  return {
    ...page,
    lost: [...unsure.lost.filter(isNews), ...page.lost],
    trimmed: [...unsure.trimmed, ...page.trimmed],
  };
}

function bytesOf(records: SessionPage['records']): number {
  return records.reduce((bytes, { frame }) => bytes + frame.length, 0);
}

function keyOf(cursor: LogCursor, skip: ReadonlySet<number>): string {
  return [encodeCursor(cursor), ...[...skip].sort((a, b) => a - b)].join(' ');
}
