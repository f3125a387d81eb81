/** The traces of the checkpoint bench, as arrivals by the minute. They are not shipped: --data names their folder. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { columnOf } from '../forecast/traces.ts';

export interface ArrivalTrace {
  readonly name: string;
  /** NaN where the log is missing */
  readonly perMinute: Float64Array;
  /** of the forecasts */
  readonly stepMinutes: number;
}

interface Source {
  readonly name: string;
  readonly file: string;
  /** minutes a row stands for: within it arrivals are taken as even */
  readonly rowMinutes: number;
  /** the service's own five minutes, or a row where that is longer */
  readonly stepMinutes: number;
}

const SOURCES: readonly Source[] = [
  { name: 'taxi', file: 'nab_nyc_taxi.csv', rowMinutes: 30, stepMinutes: 30 },
  { name: 'nasa', file: 'nasa_http_requests_1min.csv', rowMinutes: 1, stepMinutes: 5 },
  { name: 'world_cup', file: 'wc98_requests_1min.csv', rowMinutes: 1, stepMinutes: 5 },
  { name: 'aapl', file: 'nab_Twitter_volume_AAPL.csv', rowMinutes: 5, stepMinutes: 5 },
  { name: 'elb', file: 'nab_elb_request_count_8c0756.csv', rowMinutes: 5, stepMinutes: 5 },
];
export const TRACE_NAMES: readonly string[] = SOURCES.map(({ name }) => name);

/** `data`: the folder of the files, or the one with `load/` in it. */
export function* arrivalTraces(data: string, only: readonly string[]): Generator<ArrivalTrace> {
  const folder = existsSync(join(data, 'load')) ? join(data, 'load') : data;
  for (const { name, file, rowMinutes, stepMinutes } of SOURCES) {
    if (only.length > 0 && !only.includes(name)) continue;
    const path = join(folder, file);
    if (!existsSync(path)) {
      process.stderr.write(`bench checkpoint: ${file} is not in ${folder}, left out\n`);
      continue;
    }
    yield { name, perMinute: byTheMinute(columnOf(path, 1), rowMinutes), stepMinutes };
  }
}

export function byTheMinute(rows: Float64Array, rowMinutes: number): Float64Array {
  return Float64Array.from(
    { length: rows.length * rowMinutes },
    (_, minute) => rows[Math.floor(minute / rowMinutes)]! / rowMinutes,
  );
}
