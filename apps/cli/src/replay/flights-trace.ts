/**
 * The sample: 3,000,000 departures of flights in the United States in the first half of 2001, in the order
 * they took off (vega-datasets, after the Bureau of Transportation Statistics). The file is read by row
 * groups, so one eleventh of it is in memory at a time.
 */
import { fileURLToPath } from 'node:url';
import { zstdDecompressSync } from 'node:zlib';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { CommandFailure } from '../failure.ts';
import type { Trace, TraceRow } from './trace.ts';

const FILE = '../data/flights-3m.parquet';
/** Rows that are handed on at once: the event loop gets a turn in between. */
const CHUNK_ROWS = 5_000;
const compressors = { ZSTD: (input: Uint8Array) => zstdDecompressSync(input) };

interface Departure {
  readonly date: Date;
  readonly delay: bigint;
  readonly distance: bigint;
  readonly origin: string;
  readonly destination: string;
}

export async function openFlights(): Promise<Trace> {
  const path = fileURLToPath(new URL(FILE, import.meta.resolve('vega-datasets')));
  const file = await asyncBufferFromFile(path).catch((cause: unknown) => {
    throw new CommandFailure(`the sample is missing: ${path}; install the packages anew`, 1, { cause });
  });
  const metadata = await parquetMetadataAsync(file);
  return {
    name: 'flights',
    rowCount: Number(metadata.num_rows),
    badRows: [],
    async *rows(firstRow) {
      let rowStart = 0;
      for (const group of metadata.row_groups) {
        const rowEnd = rowStart + Number(group.num_rows);
        const from = Math.max(rowStart, firstRow - 1);
        rowStart = rowEnd;
        if (from >= rowEnd) continue;
        const rows = await parquetReadObjects({ file, metadata, compressors, rowStart: from, rowEnd });
        yield* chunks(rows as unknown as Departure[], from);
      }
    },
  };
}

function* chunks(departures: readonly Departure[], rowsBefore: number): Generator<TraceRow[]> {
  for (let at = 0; at < departures.length; at += CHUNK_ROWS)
    yield departures.slice(at, at + CHUNK_ROWS).map((d, i) => rowOf(d, rowsBefore + at + i + 1));
}

function rowOf({ date, delay, distance, origin, destination }: Departure, row: number): TraceRow {
  return {
    row,
    timeMs: date.getTime(),
    key: origin,
    event: {
      type: 'com.foreshard.flight.departed',
      subject: origin,
      time: date.toISOString(),
      data: { destination, delay: Number(delay), distance: Number(distance) },
    },
  };
}
