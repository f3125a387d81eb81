/**
 * All matches as a stream: a page is read only when the browser has taken the last one, so an export of any size
 * takes the memory of one page. What breaks it off after its beginning breaks the connection, so that a cut
 * file is never taken for a whole one.
 */
import { csvLine } from '../../formatting/csv.ts';
import type { EdgeCalls } from '../edge/edge-client.ts';
import type { EventFilter } from './event-query.ts';
import { keyOf, type PlacedEvent, storedAtMs } from './placed-event.ts';
import { steps } from './read-events.ts';

export const FORMATS = ['ndjson', 'csv'] as const;
export type ExportFormat = (typeof FORMATS)[number];

const PAGE = 1_000;
const CSV_HEAD = csvLine([
  'time',
  'stream',
  'shard',
  'shardlet',
  'seq',
  'ts',
  'id',
  'type',
  'source',
  'key',
  'event',
]);

export function exportOf(
  edge: EdgeCalls,
  filter: EventFilter,
  format: ExportFormat,
  signal: AbortSignal,
): Response {
  const pages = steps(edge, filter, null, PAGE, signal);
  const encoder = new TextEncoder();
  let head = format === 'csv' ? CSV_HEAD : '';
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        // a chunk without bytes would be taken for nothing, so pages without a match are gone through here
        for (;;) {
          const { value, done } = await pages.next();
          const lines = head + (value?.events ?? []).map(format === 'csv' ? csvOf : ndjsonOf).join('');
          head = '';
          if (lines !== '') controller.enqueue(encoder.encode(lines));
          if (done) return controller.close();
          if (lines !== '') return;
        }
      },
      async cancel() {
        await pages.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
  const name = `${filter.stream}-events.${format}`;
  return new Response(body, {
    headers: {
      'content-type': format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson',
      'content-disposition': `attachment; filename="${name}"`,
      'cache-control': 'no-store',
    },
  });
}

function ndjsonOf(placed: PlacedEvent): string {
  return `${JSON.stringify(placed)}\n`;
}

function csvOf(placed: PlacedEvent): string {
  const { stream, shard, shardlet, seq, ts, event } = placed;
  const time = new Date(storedAtMs(placed)).toISOString();
  const { id, type, source } = event;
  return csvLine([
    time,
    stream,
    shard,
    shardlet,
    seq,
    ts,
    id,
    type,
    source,
    keyOf(placed),
    JSON.stringify(event),
  ]);
}
