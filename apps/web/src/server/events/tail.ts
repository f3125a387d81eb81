/**
 * The live tail: what is stored from now on, in batches of a second. More than a person can read is counted
 * instead of sent ("n skipped"), and a reader that cannot keep up with the stream goes on at its head and says so.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EdgeCalls } from '../edge/edge-client.ts';
import type { EventFilter } from './event-query.ts';
import { type EventRow, eventRow } from './event-rows.ts';
import { fits, type Gap, gapsOf, parsePage } from './placed-event.ts';
import { pathOf } from './read-events.ts';

const BATCH_MS = 1_000;
/** A page a second: below it everything is looked at. */
const PAGE = 5_000;
/** More lines a second cannot be followed by eye. */
export const TAIL_ROWS_PER_SECOND = 10;

export interface TailBatch {
  readonly rows: readonly EventRow[];
  /** fitted as well, and were not sent */
  readonly skipped: number;
  /** went by unseen: the stream is faster than the tail reads */
  readonly fellBehind: boolean;
  readonly gaps: readonly Gap[];
}

export async function* tail(
  edge: EdgeCalls,
  filter: EventFilter,
  signal: AbortSignal,
): AsyncGenerator<TailBatch> {
  const now: EventFilter = { ...filter, since: null, until: null, shardlet: null };
  let cursor = 'now';
  while (!signal.aborted) {
    const startedMs = performance.now();
    const page = parsePage(await edge.get(`${pathOf(now, cursor, PAGE)}&wait=${BATCH_MS}`, signal));
    const found = page.events.filter((event) => fits(event, filter));
    const rows = found.slice(-TAIL_ROWS_PER_SECOND).map(eventRow);
    const fellBehind = page.atHead === false && page.events.length >= PAGE;
    yield { rows, skipped: found.length - rows.length, fellBehind, gaps: gapsOf(page) };
    cursor = fellBehind || page.next === null ? 'now' : page.next;
    // an aborted wait is the ordinary end of a tail
    const leftMs = BATCH_MS - (performance.now() - startedMs);
    if (leftMs > 0) await sleep(leftMs, undefined, { signal }).catch(() => {});
  }
}
