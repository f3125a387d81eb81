/** Load of a cluster of others: `time,partition,host,events_per_second[,bytes_per_second,bytes]`, in any order. */
import { parseTimestamp } from '../kernel/index.ts';
import { amountIn, type CsvReply, type CsvRow, eachCsvRow, LineFaults, quoted, wholly } from './csv-rows.ts';
import type { LoadRow } from './load-rows.ts';

const COLUMNS = {
  required: ['time', 'partition', 'host', 'events_per_second'],
  optional: ['bytes_per_second', 'bytes'],
};

/** Every line, or what is wrong with each that cannot be understood. */
export function readLoadCsv(content: string | Uint8Array): CsvReply<LoadRow> {
  const faults = new LineFaults();
  const rows: LoadRow[] = [];
  const lines = new Map<string, number>();
  const fault = eachCsvRow(content, COLUMNS, faults, (row) => {
    const made = loadRow(row, faults);
    if (made === undefined) return;
    const key = `${made.timeMs} ${made.partition}`;
    const before = lines.get(key);
    if (before === undefined) {
      lines.set(key, row.line);
      rows.push(made);
    } else
      faults.add(row.line, `partition ${quoted(made.partition)} has this time already in line ${before}`);
  });
  if (fault !== undefined) return fault;
  const reply = faults.replyWith(rows);
  return reply.kind === 'read' && rows.length === 0
    ? wholly('it has no line of load below its header')
    : reply;
}

function loadRow(row: CsvRow, faults: LineFaults): LoadRow | undefined {
  const { line, cells } = row;
  const timeMs = parseTimestamp(cells.time!);
  const eventsPerSecond = amountIn(row, 'events_per_second', faults);
  if (timeMs === undefined)
    faults.add(
      line,
      `time: ${quoted(cells.time!)} is no time such as 2026-11-21T04:00:00Z or seconds since 1970`,
    );
  for (const column of ['partition', 'host', 'events_per_second'])
    if (cells[column] === '') faults.add(line, `${column} is empty`);
  const bytesPerSecond = amountIn(row, 'bytes_per_second', faults) ?? null;
  const bytes = amountIn(row, 'bytes', faults) ?? null;
  if (timeMs === undefined || eventsPerSecond === undefined) return undefined;
  const { partition = '', host = '' } = cells;
  return { timeMs: Math.round(timeMs), partition, host, eventsPerSecond, bytesPerSecond, bytes };
}
