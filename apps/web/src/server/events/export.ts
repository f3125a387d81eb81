/**
 * All matches as a stream: a page is read only when the browser has taken the last one, so an export of any size
 * takes the memory of one page. What breaks it off after its beginning breaks the connection, so that a cut
 * file is never taken for a whole one; where a host does not answer its last line says so before.
 */
import { csvLine } from '../../formatting/csv.ts';
import type { EdgeCalls } from '../edge/edge-client.ts';
import type { EventFilter } from './event-query.ts';
import { keyOf, type PlacedEvent, storedAtMs } from './placed-event.ts';
import { type Step, steps } from './read-events.ts';

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
  let last: Step | undefined;
  let missing: string | undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        // a chunk without bytes would be taken for nothing, so pages without a match are gone through here
        for (;;) {
          // a chunk that nobody has taken yet would be lost with the error, so it comes one turn later
          if (missing !== undefined) throw new Error(`the export is not whole: ${missing}`);
          const { value, done } = await pages.next();
          if (done) missing = missingAfter(last);
          last = value ?? last;
          const events = (value?.events ?? []).map(format === 'csv' ? csvOf : ndjsonOf).join('');
          const lines = head + events + (missing === undefined ? '' : remarkOf(missing, format));
          head = '';
          if (lines !== '') controller.enqueue(encoder.encode(lines));
          if (done && missing === undefined) return controller.close();
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

/** Undefined: everything that is stored was gone through. */
function missingAfter(last: Step | undefined): string | undefined {
  if (last === undefined || (last.waitingFor.length === 0 && (last.atHead || last.next === null)))
    return undefined;
  const place = last.next === null ? '' : ` from cursor ${last.next} on`;
  if (last.waitingFor.length === 0) return `events${place}, as the edge gave none in many tries`;
  return `events${place}, as host ${last.waitingFor.join(', ')} does not answer`;
}

function remarkOf(missing: string, format: ExportFormat): string {
  return format === 'csv' ? csvLine([`NOT WHOLE: ${missing}`]) : `${JSON.stringify({ notWhole: missing })}\n`;
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
