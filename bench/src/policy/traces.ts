/** What the policies are compared on. None of it is tuned on: see tuning.ts for the days and the seed that are. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export interface BenchTrace {
  readonly name: string;
  readonly options: readonly string[];
  /** hosts are started and stopped here too */
  readonly scales: boolean;
}

const MADE = ['hot-key', 'random-hot-key', 'flash-crowd', 'growth', 'host-death', 'steady'];

interface OfData {
  readonly name: string;
  readonly trace: string;
  readonly keys?: string;
  readonly until?: string;
  readonly days?: string;
  readonly scales: boolean;
}

const OF_DATA: readonly OfData[] = [
  { name: 'tenants (M4 hourly)', trace: 'load/m4_hourly_train.csv', scales: true },
  { name: 'taxi', trace: 'load/nab_nyc_taxi.csv', scales: true },
  { name: 'World Cup', trace: 'load/wc98_requests_1min.csv', until: '60', scales: true },
  {
    name: 'ELB, keys of orm-busy',
    trace: 'load/nab_elb_request_count_8c0756.csv',
    keys: 'keys/orm-busy.i32be.gz',
    // so many keys make a minute expensive
    days: '1',
    scales: false,
  },
];

/** Traces that are there; what is absent is told, since a mean without it is another mean. */
export function benchTraces(
  data: string,
  only: readonly string[],
  absent: (file: string) => void,
): BenchTrace[] {
  const traces: BenchTrace[] = [
    { name: 'flights by origin', options: ['--trace', 'flights'], scales: true },
    { name: 'flights by route', options: ['--trace', 'flights-by-route'], scales: false },
    ...MADE.map((name) => ({ name, options: ['--trace', name], scales: name === 'growth' })),
  ];
  for (const { name, trace, keys, until, days, scales } of OF_DATA) {
    const missing = [trace, ...(keys === undefined ? [] : [keys])].filter(
      (file) => data === '' || !existsSync(join(data, file)),
    );
    if (missing.length > 0) {
      for (const file of missing) absent(file);
      continue;
    }
    const options = ['--trace', join(data, trace)];
    if (keys !== undefined) options.push('--keys', join(data, keys));
    if (until !== undefined) options.push('--until', until);
    if (days !== undefined) options.push('--days', days);
    traces.push({ name, options, scales });
  }
  return traces.filter(({ name }) => only.length === 0 || only.some((part) => name.includes(part)));
}

export interface KeyTrace {
  readonly name: string;
  readonly file: string;
  readonly windowOperations: number;
  readonly goal: string;
}

/** Windows in which noise alone, each operation on a host by chance, makes 1.08, 1.44 and 2.39. */
export const KEY_TRACES: readonly KeyTrace[] = [
  { name: 'orm-busy', file: 'keys/orm-busy.i32be.gz', windowOperations: 41_667, goal: '<= 1.30' },
  { name: 'web07', file: 'keys/web07.i32be.gz', windowOperations: 2_000, goal: '<= 1.50' },
  {
    name: 'cloudPhysics, extents of 1 MiB',
    file: 'keys/cloudPhysicsIO.csv.gz',
    windowOperations: 240,
    goal: '<= 2.3',
  },
];
