/** The read side of the edge: events of a shardlet, of a key, and of the whole log. */

import type { Clock } from '@foreshard/core/kernel';
import { ForeshardError } from '@foreshard/core/kernel';
import type { Stream } from '@foreshard/core/topology';
import { type Context, Hono } from 'hono';
import { PROBLEM_MEDIA_TYPE, problemDocument } from '../http/problem.ts';
import { MAIN_STREAM } from '../http/server.ts';
import type { EdgeMap } from '../map/edge-map.ts';
import { KeyEvents } from './key-events.ts';
import { decodeCursor, encodeCursor, type LogCursor } from './log/cursor.ts';
import { type EventHosts, Frontiers } from './log/frontiers.ts';
import { LogService } from './log/log-service.ts';
import type { SessionPage } from './log/log-session.ts';
import type { Trimmed } from './log/merge-terms.ts';
import { pageBody } from './page-body.ts';
import { atMicrosOf, fromSeqOf, limitOf, skippedHostsOf, waitMsOf, wholeNumber } from './parameters.ts';
import { ShardletEvents, type ShardletRequest } from './shardlet-events.ts';

export interface ReadingParts {
  readonly map: EdgeMap;
  readonly hosts: EventHosts;
  readonly clock: Clock;
}

/** One per process: readers share what they know of the hosts. `close` ends all waiting for news. */
export function readingRoutes({ map, hosts, clock }: ReadingParts): { routes: Hono; close(): void } {
  const closing = new AbortController();
  const parts = { map, hosts, frontiers: new Frontiers(hosts, map), closing: closing.signal };
  const log = new LogService(parts, clock);
  const keys = new KeyEvents(parts, clock);
  const shardlets = new ShardletEvents(map, hosts);
  const routes = new Hono();
  routes.onError((error, c) => {
    // the client has gone: nobody reads this
    if (c.req.raw.signal.aborted) return new Response(null, { status: CLIENT_CLOSED_REQUEST });
    throw error;
  });

  routes.get('/v1/shardlets/:id/events', (c) => shardletEvents(c, map, shardlets));
  for (const prefix of ['/v1', '/v1/streams/:stream']) {
    routes.get(`${prefix}/keys/:key/events`, (c) => keyEvents(c, streamOf(c, map), map, keys));
    routes.get(`${prefix}/log`, (c) => logEvents(c, streamOf(c, map), map, log));
  }
  const close = (): void => {
    closing.abort();
    log.close();
  };
  return { routes, close };
}

/** The status that proxies use for it. */
const CLIENT_CLOSED_REQUEST = 499;

function streamOf(c: Context, map: EdgeMap): Stream {
  const name = c.req.param('stream') ?? MAIN_STREAM;
  const stream = map.topology.streamNamed(name);
  if (stream === undefined) throw new ForeshardError('unknown_stream', `there is no stream "${name}"`);
  return stream;
}

async function shardletEvents(c: Context, map: EdgeMap, shardlets: ShardletEvents): Promise<Response> {
  const query = c.req.query();
  const id = wholeNumber('shardlet', c.req.param('id'), 1)!;
  const page = await shardlets.page({ shardlet: id, from: startOf(query), limit: limitOf(query) });
  if (page.kind === 'pastRetention') return pastRetention(id, page);
  const { shardlet, records, nextSeq, successors } = page;
  const placed = records.map((r) => ({ ...r, shard: shardlet.shard, shardlet: id }));
  const rest = {
    next: nextSeq === undefined ? null : String(nextSeq),
    ...(nextSeq === undefined ? { successors } : {}),
  };
  return json(pageBody(map.topology.stream(shardlet.stream)?.name ?? '', placed, 0, rest));
}

function startOf(query: Record<string, string>): ShardletRequest['from'] {
  const [seq, micros] = [fromSeqOf(query), atMicrosOf(query)];
  if (seq !== undefined && micros !== undefined)
    throw new ForeshardError('invalid_parameter', 'give either "from" or "at", not both');
  return seq !== undefined ? { kind: 'seq', seq } : { kind: 'time', micros: micros ?? 0 };
}

/** A problem document with the two places where a reader can go on. */
function pastRetention(id: number, at: { firstSeq: number; successors: readonly number[] }): Response {
  const { firstSeq, successors } = at;
  const detail = `shardlet ${id} begins at ${firstSeq}: what was before is past its retention`;
  const body = { ...problemDocument('past_retention', detail), firstSeq, successors };
  return Response.json(body, { status: body.status, headers: { 'content-type': PROBLEM_MEDIA_TYPE } });
}

async function keyEvents(c: Context, stream: Stream, map: EdgeMap, keys: KeyEvents): Promise<Response> {
  const query = c.req.query();
  const key = c.req.param('key') ?? '';
  const { from } = query;
  const [limit, waitMs] = [limitOf(query), waitMsOf(query)];
  const page = await keys.page({ stream, key, from, limit, waitMs, signal: c.req.raw.signal });
  const { next, atHead, waitingFor, trimmed } = page;
  const rest = { next, atHead, ...remarks(map, waitingFor, trimmed) };
  return json(pageBody(stream.name, page.records, 0, rest));
}

async function logEvents(c: Context, stream: Stream, map: EdgeMap, log: LogService): Promise<Response> {
  const query = c.req.query();
  const page = await log.page({
    stream,
    from: fromOf(query.from, stream),
    limit: limitOf(query),
    waitMs: waitMsOf(query),
    skip: knownHosts(skippedHostsOf(query), map),
    signal: c.req.raw.signal,
  });
  return json(pageBody(stream.name, page.records, page.late, logRest(page, map)));
}

function logRest({ cursor, atHead, waitingFor, trimmed }: SessionPage, map: EdgeMap) {
  const skipped = cursor.skipped.map(({ host, from }) => ({ ...named(map, host), sinceTs: from.ts }));
  return {
    next: encodeCursor(cursor),
    atHead,
    ...remarks(map, waitingFor, trimmed),
    ...(skipped.length > 0 ? { skipped } : {}),
  };
}

/** What a reader should know beside the events; left out where there is nothing to say. */
function remarks(map: EdgeMap, waitingFor: readonly number[], trimmed: readonly Trimmed[]) {
  return {
    ...(waitingFor.length > 0 ? { waitingFor: waitingFor.map((host) => named(map, host)) } : {}),
    ...(trimmed.length > 0 ? { trimmed } : {}),
  };
}

function named(map: EdgeMap, host: number) {
  const name = map.topology.host(host)?.name;
  return name === undefined ? { host } : { host, name };
}

function fromOf(from: string | undefined, stream: Stream): LogCursor | 'oldest' | 'now' {
  if (from === undefined || from === 'oldest') return 'oldest';
  if (from === 'now') return 'now';
  const cursor = decodeCursor(from);
  if (cursor.stream !== stream.id)
    throw new ForeshardError('invalid_cursor', `the cursor is not of stream "${stream.name}"`);
  return cursor;
}

function knownHosts(hosts: ReadonlySet<number>, map: EdgeMap): ReadonlySet<number> {
  for (const id of hosts)
    if (map.topology.host(id) === undefined)
      throw new ForeshardError('invalid_parameter', `skip=${id}: there is no such host`, {
        pointer: '?skip',
      });
  return hosts;
}

function json(body: Buffer<ArrayBuffer>): Response {
  return new Response(body, { headers: { 'content-type': 'application/json' } });
}
