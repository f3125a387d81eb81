/** What the hosts of a cluster of others can take: `host,events_per_second[,bytes_per_second,memory_bytes,zone]`. */
import type { HostCapacity } from '@foreshard/core/external';
import { amountIn, csvRows, LineFaults } from './csv-rows.ts';

const COLUMNS = {
  required: ['host', 'events_per_second'],
  optional: ['bytes_per_second', 'memory_bytes', 'zone'],
};

/** @throws CommandFailure that names every line that cannot be understood */
export async function readHostsCsv(file: string): Promise<HostCapacity[]> {
  const faults = new LineFaults(file);
  const hosts = new Map<string, HostCapacity>();
  for await (const row of csvRows(file, COLUMNS, faults)) {
    const { line, cells } = row;
    const name = cells.host!;
    const above = { isPositive: true };
    if (name === '') faults.add(line, 'host is empty');
    else if (hosts.has(name)) faults.add(line, `host "${name}" is there twice`);
    hosts.set(name, {
      name,
      zone: cells.zone || 'default',
      eventsPerSecond: amountIn(row, 'events_per_second', faults, above) ?? null,
      bytesPerSecond: amountIn(row, 'bytes_per_second', faults, above) ?? null,
      memoryBytes: amountIn(row, 'memory_bytes', faults, above) ?? null,
    });
  }
  faults.insistOnNone();
  return [...hosts.values()];
}
