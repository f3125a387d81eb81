/** All shardlets that fit, as a file that begins to arrive at once: a hundred thousand rows are never one text in memory. */
import type { TopologyMap } from '@foreshard/core/topology';
import { csvLine } from '../../formatting/csv.ts';
import type { Load } from '../load/load-window.ts';
import type { ShardletQuery } from './shardlet-query.ts';
import { type ShardletRow, shardletRows } from './shardlet-rows.ts';

export const FORMATS = ['csv', 'json'] as const;
type Format = (typeof FORMATS)[number];

const COLUMNS = [
  ...['id', 'stream', 'shard', 'state', 'note', 'owner', 'epoch', 'from', 'to'],
  ...['eventsPerSecond', 'bytesPerSecond', 'refusedPerSecond'],
] as const satisfies readonly (keyof ShardletRow)[];
/** Rows in one chunk: some hundred kilobytes. */
const CHUNK = 2_000;

export function shardletExport(
  map: TopologyMap,
  rates: ReadonlyMap<number, Load>,
  query: ShardletQuery,
  format: Format,
): Response {
  const chunks = format === 'csv' ? csvChunks(map, rates, query) : jsonChunks(map, rates, query);
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const { value, done } = chunks.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, {
    headers: {
      'content-type': format === 'csv' ? 'text/csv; charset=utf-8' : 'application/json',
      'content-disposition': `attachment; filename="shardlets.${format}"`,
      'cache-control': 'no-store',
    },
  });
}

function* csvChunks(...from: Parameters<typeof shardletRows>): Generator<string> {
  let chunk = csvLine(COLUMNS);
  let rows = 0;
  for (const row of shardletRows(...from)) {
    chunk += csvLine(COLUMNS.map((column) => row[column]));
    if (++rows % CHUNK !== 0) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}

function* jsonChunks(...from: Parameters<typeof shardletRows>): Generator<string> {
  let chunk = '[';
  let rows = 0;
  for (const row of shardletRows(...from)) {
    chunk += `${rows === 0 ? '\n' : ',\n'}${JSON.stringify(row, COLUMNS as unknown as string[])}`;
    if (++rows % CHUNK !== 0) continue;
    yield chunk;
    chunk = '';
  }
  yield `${chunk}\n]\n`;
}
