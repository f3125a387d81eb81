/**
 * Goes through the log, a key or a shardlet, page by page, and keeps what fits. The edge filters by stream, key,
 * shardlet and time; the rest is looked at here. A search that finds little ends after a bounded look, with
 * the place to go on from, so that a page is never waited for without end.
 */
import type { EdgeCalls } from '../edge/edge-client.ts';
import type { EventFilter, EventPageQuery } from './event-query.ts';
import {
  type EdgePage,
  fits,
  type Gap,
  gapsOf,
  isPast,
  type PlacedEvent,
  parsePage,
} from './placed-event.ts';

/** As many as the edge reads in some tens of milliseconds. */
const SCAN_PAGE = 1_000;
const SCAN_MAX = 20_000;
/** A page is empty where the edge still reads, or where a shardlet opens: that passes, or takes long. */
const EMPTY_MAX = 20;
const SCAN_MS_MAX = 4_000;

export interface FoundEvents {
  readonly events: readonly PlacedEvent[];
  /** null: nothing comes after it (a finished shardlet, or the end of the time) */
  readonly next: string | null;
  /** everything that is stored now was looked at */
  readonly atHead: boolean;
  readonly scanned: number;
  /** hosts that do not answer: what they hold is not here yet */
  readonly waitingFor: readonly string[];
  readonly gaps: readonly Gap[];
}

export interface Step {
  readonly events: readonly PlacedEvent[];
  readonly scanned: number;
  readonly next: string | null;
  readonly atHead: boolean;
  readonly waitingFor: readonly string[];
  readonly gaps: readonly Gap[];
}

export async function findEvents(
  edge: EdgeCalls,
  query: EventPageQuery,
  signal?: AbortSignal,
): Promise<FoundEvents> {
  const startedMs = performance.now();
  const events: PlacedEvent[] = [];
  const gaps: Gap[] = [];
  let scanned = 0;
  let last: Step | undefined;
  const size = isFiltered(query) ? SCAN_PAGE : query.limit;
  for await (const step of steps(edge, query, query.cursor, size, signal)) {
    events.push(...step.events);
    gaps.push(...step.gaps);
    scanned += step.scanned;
    const isOver = scanned >= SCAN_MAX || performance.now() - startedMs > SCAN_MS_MAX;
    if (events.length >= query.limit || step.atHead || step.next === null || isOver)
      return { ...step, events, scanned, gaps };
    last = step;
  }
  if (last === undefined) throw new Error('a search has a first step');
  return { ...last, events, scanned, gaps };
}

/** Every page up to the head, one after the other. */
export async function* steps(
  edge: EdgeCalls,
  filter: EventFilter,
  cursor: string | null,
  limit: number,
  signal?: AbortSignal,
): AsyncGenerator<Step> {
  let empty = 0;
  for (let next = cursor; ; ) {
    const page = parsePage(await edge.get(pathOf(filter, next, limit), signal));
    const step = stepOf(page, filter, limit);
    yield step;
    // what waits for a host, or for a shardlet that opens, would be asked for again and again
    empty = page.events.length === 0 ? empty + 1 : 0;
    if (step.next === null || step.atHead || step.waitingFor.length > 0 || empty >= EMPTY_MAX) return;
    next = step.next;
  }
}

function stepOf(page: EdgePage, filter: EventFilter, limit: number): Step {
  const end = page.events.findIndex((event) => isPast(event, filter));
  const looked = end === -1 ? page.events : page.events.slice(0, end);
  const isOver = end !== -1 || page.next === null;
  return {
    events: looked.filter((event) => fits(event, filter)),
    scanned: looked.length,
    next: isOver ? null : page.next,
    // a shardlet does not tell; a page that is not full is its last
    atHead: page.atHead ?? (!isOver && page.events.length < limit),
    waitingFor: (page.waitingFor ?? []).map(({ host, name }) => name ?? `#${host}`),
    gaps: gapsOf(page),
  };
}

/** The call of the edge's public API that a page begins with. */
export function pathOf(filter: EventFilter, cursor: string | null, limit: number): string {
  const { stream, key, shardlet, since } = filter;
  const params = new URLSearchParams();
  if (shardlet !== null) {
    if (cursor !== null) params.set('from', cursor);
    else if (since !== null) params.set('at', since);
    params.set('limit', String(limit));
    return `/v1/shardlets/${shardlet}/events?${params}`;
  }
  const from = cursor ?? since;
  if (from !== null) params.set('from', from);
  params.set('limit', String(limit));
  const base = `/v1/streams/${encodeURIComponent(stream)}`;
  return key === null ? `${base}/log?${params}` : `${base}/keys/${encodeURIComponent(key)}/events?${params}`;
}

function isFiltered({ type, source, low, high, shardlet, key }: EventFilter): boolean {
  return [type, source, low, high].some((f) => f !== null) || (shardlet !== null && key !== null);
}
