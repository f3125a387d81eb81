/**
 * Pages of the log of a stream, or of one of its keys: the one way in for everything that reads (pages and
 * streams over HTTP, tRPC).
 */
import type { Served } from '@foreshard/core/caching';
import { ForeshardError } from '@foreshard/core/kernel';
import type { Stream } from '@foreshard/core/topology';
import type { EdgeMap } from '../map/edge-map.ts';
import type { KeyEvents } from './key-events.ts';
import { decodeCursor, encodeCursor, type LogCursor } from './log/cursor.ts';
import { type LogPosition, placeBefore } from './log/log-position.ts';
import type { LogService } from './log/log-service.ts';
import type { SessionPage } from './log/log-session.ts';
import type { MergedRecord } from './log/merge-terms.ts';
import { pageBody } from './page-body.ts';
import { timeOfFrom } from './parameters.ts';

export interface PageRequest {
  readonly stream: Stream;
  /** the whole log when left out */
  readonly key?: string;
  /** the oldest event when left out */
  readonly from?: string | undefined;
  readonly limit: number;
  readonly waitMs: number;
  /** hosts to go on without; of the whole log only */
  readonly skip?: ReadonlySet<number>;
  readonly signal?: AbortSignal;
  readonly bytesMax?: number;
}

export interface Page {
  readonly stream: string;
  readonly records: readonly MergedRecord[];
  readonly late: number;
  readonly next: string;
  readonly atHead: boolean;
  /** what a reader should know beside the events; empty where there is nothing to say */
  readonly remarks: Readonly<Record<string, unknown>>;
  /** of a key: where its events came from */
  readonly cache?: Served;
  /** undefined: the page has no cursors between its records, because some come late */
  readonly cursorAfter: ((place: LogPosition) => string) | undefined;
}

export type OnRead = (shardlet: number, events: number) => void;

export class Pages {
  private readonly map: EdgeMap;
  private readonly log: LogService;
  private readonly keys: KeyEvents;
  private readonly onRead: OnRead;

  constructor(map: EdgeMap, log: LogService, keys: KeyEvents, onRead: OnRead) {
    this.map = map;
    this.log = log;
    this.keys = keys;
    this.onRead = onRead;
  }

  /** @throws ForeshardError invalid_cursor, invalid_parameter, host_unreachable */
  async read(request: PageRequest): Promise<Page> {
    const { key } = request;
    const page = await (key === undefined ? this.ofLog(request) : this.ofKey({ ...request, key }));
    for (const { shardlet } of page.records) this.onRead(shardlet, 1);
    return page;
  }

  bodyOf({ stream, records, late, next, atHead, cache, remarks }: Page): Buffer<ArrayBuffer> {
    const rest = cache === undefined ? remarks : { cache, ...remarks };
    return pageBody(stream, records, late, { next, atHead, ...rest });
  }

  private async ofKey(request: PageRequest & { readonly key: string }): Promise<Page> {
    const page = await this.keys.page(request);
    const { records, next, cache, cursorAfter } = page;
    const stream = request.stream.name;
    const remarks = this.remarks(stream, page);
    return { stream, records, late: 0, next, atHead: isAll(page), cache, remarks, cursorAfter };
  }

  private async ofLog(request: PageRequest): Promise<Page> {
    const { stream, from } = request;
    const skip = this.knownHosts(request.skip ?? new Set());
    const start = cursorOf(from, stream, this.map.topology.version);
    const page = await this.log.page({ ...request, from: start, skip });
    const { records, late, cursor } = page;
    const isPlain = late === 0 && cursor.skipped.length === 0;
    return {
      stream: stream.name,
      records,
      late,
      next: encodeCursor(cursor),
      atHead: isAll(page),
      remarks: { ...this.remarks(stream.name, page), ...this.skipped(page) },
      cursorAfter: isPlain
        ? ({ ts, shardlet, seq }) => encodeCursor({ ...cursor, after: { ts, shardlet, seq } })
        : undefined,
    };
  }

  private remarks(stream: string, { waitingFor, trimmed, lost }: Noted) {
    const losses = lost.map(({ shardlet, seq }) => ({ stream, shardlet, seq }));
    return {
      ...(waitingFor.length > 0 ? { waitingFor: waitingFor.map((host) => this.named(host)) } : {}),
      ...(trimmed.length > 0 ? { trimmed } : {}),
      ...(losses.length > 0 ? { lost: losses } : {}),
    };
  }

  private skipped({ cursor }: SessionPage) {
    const skipped = cursor.skipped.map(({ host, from }) => ({ ...this.named(host), sinceTs: from.ts }));
    return skipped.length > 0 ? { skipped } : {};
  }

  private named(host: number) {
    const name = this.map.topology.host(host)?.name;
    return name === undefined ? { host } : { host, name };
  }

  private knownHosts(hosts: ReadonlySet<number>): ReadonlySet<number> {
    for (const id of hosts)
      if (this.map.topology.host(id) === undefined)
        throw new ForeshardError('invalid_parameter', `skip=${id}: there is no such host`, {
          pointer: '?skip',
        });
    return hosts;
  }
}

type Noted = Pick<SessionPage, 'waitingFor' | 'trimmed' | 'lost'>;

/** `version`: of the map now, for a reader that begins at a time. */
function cursorOf(from: string | undefined, stream: Stream, version: number): LogCursor | 'oldest' | 'now' {
  if (from === undefined || from === 'oldest') return 'oldest';
  if (from === 'now') return 'now';
  const micros = timeOfFrom(from);
  if (micros !== undefined) return { stream: stream.id, version, after: placeBefore(micros), skipped: [] };
  const cursor = decodeCursor(from);
  if (cursor.stream !== stream.id)
    throw new ForeshardError('invalid_cursor', `the cursor is not of stream "${stream.name}"`, {
      pointer: '?from',
    });
  return cursor;
}

/** Nobody should take a log for read to its end while a host or a shardlet may hold more of it. */
function isAll({
  atHead,
  isStuck,
  waitingFor,
}: Pick<SessionPage, 'atHead' | 'isStuck' | 'waitingFor'>): boolean {
  return atHead && !isStuck && waitingFor.length === 0;
}
