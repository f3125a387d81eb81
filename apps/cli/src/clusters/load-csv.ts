/** Load of a cluster of others: `time,partition,host,events_per_second[,bytes_per_second,bytes]`, in any order. */
import type { LoadRow } from '@foreshard/core/external';
import { badInput } from '../failure.ts';
import { parseTimestamp } from '@foreshard/core/kernel';
import { amountIn, type CsvRow, csvRows, LineFaults } from './csv-rows.ts';

const COLUMNS = {
  required: ['time', 'partition', 'host', 'events_per_second'],
  optional: ['bytes_per_second', 'bytes'],
};

/** @throws CommandFailure that names every line that cannot be understood */
export async function readLoadCsv(file: string): Promise<LoadRow[]> {
  const faults = new LineFaults(file);
  const rows: LoadRow[] = [];
  const lines = new Map<string, number>();
  for await (const row of csvRows(file, COLUMNS, faults)) {
    const made = loadRow(row, faults);
    if (made === undefined) continue;
    const key = `${made.timeMs} ${made.partition}`;
    const before = lines.get(key);
    if (before === undefined) {
      lines.set(key, row.line);
      rows.push(made);
    } else faults.add(row.line, `partition "${made.partition}" has this time already in line ${before}`);
  }
  faults.insistOnNone();
  if (rows.length === 0) throw badInput(`${file} has no line of load below its header`);
  return rows;
}

function loadRow(row: CsvRow, faults: LineFaults): LoadRow | undefined {
  const { line, cells } = row;
  const timeMs = parseTimestamp(cells.time!);
  const eventsPerSecond = amountIn(row, 'events_per_second', faults);
  if (timeMs === undefined)
    faults.add(line, `time: "${cells.time}" is no time such as 2026-11-21T04:00:00Z or seconds since 1970`);
  for (const column of ['partition', 'host', 'events_per_second'])
    if (cells[column] === '') faults.add(line, `${column} is empty`);
  const bytesPerSecond = amountIn(row, 'bytes_per_second', faults) ?? null;
  const bytes = amountIn(row, 'bytes', faults) ?? null;
  if (timeMs === undefined || eventsPerSecond === undefined) return undefined;
  const { partition = '', host = '' } = cells;
  return { timeMs: Math.round(timeMs), partition, host, eventsPerSecond, bytesPerSecond, bytes };
}
