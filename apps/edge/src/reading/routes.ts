/** The read side of the edge: events of a shardlet, of a key, and of the whole log; as pages and followed. */

import type { EventHosts, Frontiers } from '@foreshard/core/heads';
import type { Clock } from '@foreshard/core/kernel';
import { ForeshardError, parseMicros } from '@foreshard/core/kernel';
import {
  type AnyOperation,
  EVENT_STREAM,
  type InputOf,
  reading as operations,
  requirePermission,
} from '@foreshard/core/operations';
import type { Stream } from '@foreshard/core/topology';
import type { Context } from 'hono';
import { type Api, type ContractCall, endedMeanwhile, whilePermitted } from '../api/index.ts';
import { type EdgeMap, MAIN_STREAM } from '../map/edge-map.ts';
import { EVENT_STREAM_HEADERS, eventStream, FOLLOWED_PAGE, type Following } from './event-stream.ts';
import { KeyEvents } from './key-events.ts';
import type { ReplicaReads } from './log/log-reader.ts';
import { LogService } from './log/log-service.ts';
import { pageBody } from './page-body.ts';
import { type OnRead, type Page, type PageRequest, Pages } from './pages.ts';
import { pageOf, skippedHosts } from './parameters.ts';
import { ShardletEvents, type ShardletRequest } from './shardlet-events.ts';

export interface ReadingParts {
  readonly map: EdgeMap;
  readonly hosts: EventHosts;
  /** readers share what the process knows of the hosts */
  readonly frontiers: Frontiers;
  readonly reads: ReplicaReads;
  readonly clock: Clock;
  /** told of all events that are handed out */
  readonly onRead: OnRead;
}

export interface Reading {
  /** A page of a stream, as JSON; `mayRead` is asked while it waits for events. */
  bodyOf(stream: string, request: Omit<PageRequest, 'stream'>, mayRead: () => boolean): Promise<Buffer>;
  mount(api: Api): void;
  /** Ends all waiting for news, and the streams at the end of what they have. */
  close(): void;
  readonly followers: () => number;
}

/** Each holds a connection and one small page. */
const FOLLOWERS_MAX = 2_000;

/** One per process. */
export function reading({ map, hosts, frontiers, reads, clock, onRead }: ReadingParts): Reading {
  const closing = new AbortController();
  const parts = { map, hosts, frontiers, reads, clock, closing: closing.signal };
  const log = new LogService(parts);
  const pages = new Pages(map, log, new KeyEvents(parts), onRead);
  const shardlets = new ShardletEvents(map, hosts, reads);
  const followers = new Followers(pages, closing.signal);
  return {
    bodyOf: (stream, request, mayRead) =>
      bodyOf(pages, { ...request, stream: streamNamed(map, stream, '/stream') }, mayRead),
    followers: () => followers.count,
    mount(api) {
      api.serve(operations.shardlet, (call) => shardletEvents(call, map, shardlets, onRead));
      const asPages = pagesOf(map, pages, followers);
      api.serve(
        operations.log,
        asPages(({ from, skip, ...asked }) => ({ from, skip: skippedHosts(skip), ...pageOf(asked) })),
      );
      api.serve(
        operations.key,
        asPages(({ key, from, ...asked }) => ({ key, from, ...pageOf(asked) })),
      );
    },
    close() {
      closing.abort();
      log.close();
    },
  };
}

type Asked = Omit<PageRequest, 'stream' | 'signal'>;

/** As pages, or followed, as the client wants. */
function pagesOf(map: EdgeMap, pages: Pages, followers: Followers) {
  return <O extends AnyOperation>(askedBy: (members: InputOf<O>) => Asked) =>
    async ({ c, mediaType, members, standing }: ContractCall<O>): Promise<Response> => {
      const { stream = MAIN_STREAM, key } = members as Partial<InputOf<typeof operations.key>>;
      const mayRead = () => standing.holds(operations.log.permission, { stream, key });
      const request = {
        ...askedBy(members as InputOf<O>),
        stream: streamNamed(map, stream, '{stream}'),
      };
      return mediaType === EVENT_STREAM
        ? followers.follow(c, request, mayRead)
        : page(c, pages, request, mayRead);
    };
}

/** The status that proxies use for it. */
const CLIENT_CLOSED_REQUEST = 499;

async function page(
  c: Context,
  pages: Pages,
  request: Omit<PageRequest, 'signal'>,
  mayRead: () => boolean,
): Promise<Response> {
  const { signal } = c.req.raw;
  try {
    return json(await bodyOf(pages, { ...request, signal }, mayRead));
  } catch (error) {
    // the client has gone: nobody reads this
    if (signal.aborted) return new Response(null, { status: CLIENT_CLOSED_REQUEST });
    throw error;
  }
}

/** @throws ForeshardError unauthorized when the right ended while the page waited for events */
async function bodyOf(
  pages: Pages,
  request: PageRequest,
  mayRead: () => boolean,
): Promise<Buffer<ArrayBuffer>> {
  if (request.waitMs === 0) return pages.bodyOf(await pages.read(request));
  const lost = new AbortController();
  const stopLooking = whilePermitted(mayRead, () => lost.abort());
  try {
    const signal =
      request.signal === undefined ? lost.signal : AbortSignal.any([request.signal, lost.signal]);
    const body = pages.bodyOf(await pages.read({ ...request, signal }));
    if (mayRead()) return body;
  } catch (error) {
    if (!lost.signal.aborted) throw error;
  } finally {
    stopLooking();
  }
  throw endedMeanwhile();
}

class Followers {
  count = 0;
  private readonly pages: Pages;
  private readonly closing: AbortSignal;

  constructor(pages: Pages, closing: AbortSignal) {
    this.pages = pages;
    this.closing = closing;
  }

  async follow(c: Context, request: Omit<PageRequest, 'signal'>, mayGoOn: () => boolean): Promise<Response> {
    refusePageParameters(c);
    if (c.req.method === 'HEAD') return new Response(null, { headers: EVENT_STREAM_HEADERS });
    if (this.count >= FOLLOWERS_MAX)
      throw new ForeshardError('overloaded', `${FOLLOWERS_MAX} readers follow this edge already`, {
        retryAfterSeconds: 1,
      });
    this.count++;
    const lastId = c.req.header('last-event-id');
    return eventStream({
      from: lastId || request.from,
      closing: this.closing,
      mayGoOn,
      onEnd: once(() => {
        this.count--;
      }),
      read: (from, waitMs, signal) => this.read({ ...request, ...FOLLOWED_PAGE, from, waitMs, signal }),
    }).catch((error: unknown) => {
      throw lastId ? ofHeader(error) : error;
    });
  }

  private async read(request: PageRequest): ReturnType<Following['read']> {
    const page: Page = await this.pages.read(request);
    const { records, late, next, atHead, cursorAfter, remarks } = page;
    return {
      stream: request.stream.name,
      records,
      late,
      next,
      atHead,
      remarks,
      idAfter: (record) => cursorAfter?.(record),
    };
  }
}

/** The cursor that cannot be read came in the header, not in the query. */
function ofHeader(error: unknown): unknown {
  if (!(error instanceof ForeshardError) || error.code !== 'invalid_cursor') return error;
  return new ForeshardError('invalid_cursor', error.message, { pointer: 'last-event-id:' });
}

function refusePageParameters(c: Context): void {
  for (const name of ['limit', 'wait'])
    if (c.req.query(name) !== undefined)
      throw new ForeshardError('invalid_parameter', `"${name}" is for pages, a stream has none`, {
        pointer: `?${name}`,
      });
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (!done) act();
    done = true;
  };
}

function streamNamed(map: EdgeMap, name: string, pointer: string): Stream {
  const stream = map.topology.streamNamed(name);
  if (stream !== undefined) return stream;
  throw new ForeshardError('unknown_stream', `There is no stream "${name}".`, { pointer });
}

async function shardletEvents(
  { c, members, standing }: ContractCall<typeof operations.shardlet>,
  map: EdgeMap,
  shardlets: ShardletEvents,
  onRead: OnRead,
): Promise<Response> {
  const { shardlet: id } = members;
  const { limit } = pageOf(members);
  await shardlets.learn(id);
  const known = map.topology.shardlet(id);
  requirePermission(standing.principal, operations.shardlet.permission, {
    stream: known && map.topology.stream(known.stream)?.name,
  });
  const page = await shardlets.page({ shardlet: id, from: startOf(members), limit });
  if (page.kind === 'pastRetention') throw pastRetention(id, page);
  const { shardlet, records, nextSeq, successors } = page;
  if (records.length > 0) onRead(id, records.length);
  const placed = records.map((r) => ({ ...r, shard: shardlet.shard, shardlet: id }));
  const rest = {
    next: nextSeq === undefined ? null : String(nextSeq),
    ...(nextSeq === undefined ? { successors } : {}),
  };
  return c.body(pageBody(map.topology.stream(shardlet.stream)?.name ?? '', placed, 0, rest), 200, JSON_TYPE);
}

function startOf({ from, at }: InputOf<typeof operations.shardlet>): ShardletRequest['from'] {
  if (from !== undefined && at !== undefined)
    throw new ForeshardError('invalid_parameter', 'give either "from" or "at", not both', {
      places: [
        { pointer: '?from', detail: 'not together with "at"' },
        { pointer: '?at', detail: 'not together with "from"' },
      ],
    });
  return from !== undefined
    ? { kind: 'seq', seq: from }
    : { kind: 'time', micros: at === undefined ? 0 : parseMicros(at) };
}

/** With the two places where a reader can go on. */
function pastRetention(id: number, at: { firstSeq: number; successors: readonly number[] }): ForeshardError {
  const { firstSeq, successors } = at;
  const detail = `shardlet ${id} begins at ${firstSeq}: what was before is past its retention`;
  return new ForeshardError('past_retention', detail, { more: { firstSeq, successors } });
}

const JSON_TYPE = { 'content-type': 'application/json' };

function json(body: Buffer<ArrayBuffer>): Response {
  return new Response(body, { headers: JSON_TYPE });
}
