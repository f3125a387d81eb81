/** What the hosts of a cluster of others can take: `host,events_per_second[,bytes_per_second,memory_bytes,zone]`. */
import { amountIn, type CsvReply, eachCsvRow, LineFaults, quoted } from './csv-rows.ts';
import type { HostCapacity } from './load-rows.ts';

const COLUMNS = {
  required: ['host', 'events_per_second'],
  optional: ['bytes_per_second', 'memory_bytes', 'zone'],
};

/** Every host, or what is wrong with each line that cannot be understood. */
export function readHostsCsv(content: string | Uint8Array): CsvReply<HostCapacity> {
  const faults = new LineFaults();
  const hosts = new Map<string, HostCapacity>();
  const fault = eachCsvRow(content, COLUMNS, faults, (row) => {
    const { line, cells } = row;
    const name = cells.host!;
    const above = { isPositive: true };
    if (name === '') faults.add(line, 'host is empty');
    else if (hosts.has(name)) faults.add(line, `host ${quoted(name)} is there twice`);
    hosts.set(name, {
      name,
      zone: cells.zone || 'default',
      eventsPerSecond: amountIn(row, 'events_per_second', faults, above) ?? null,
      bytesPerSecond: amountIn(row, 'bytes_per_second', faults, above) ?? null,
      memoryBytes: amountIn(row, 'memory_bytes', faults, above) ?? null,
    });
  });
  return fault ?? faults.replyWith([...hosts.values()]);
}
