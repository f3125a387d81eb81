/** The public traces of the forecast bench. They are not shipped: a folder with them is named by --data. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { detectSeasons, type Series } from '@foreshard/core/forecast-models';

export interface LoadTrace {
  readonly name: string;
  readonly series: Series;
}

interface Source {
  readonly name: string;
  readonly file: string;
  readonly column: number;
  /** rows summed to one step */
  readonly rows: number;
  readonly stepSeconds: number;
}

const SOURCES: readonly Source[] = [
  { name: 'nyc_taxi', file: 'nab_nyc_taxi.csv', column: 1, rows: 1, stepSeconds: 1_800 },
  { name: 'nasa', file: 'nasa_http_requests_1min.csv', column: 1, rows: 60, stepSeconds: 3_600 },
  { name: 'world_cup', file: 'wc98_requests_1min.csv', column: 1, rows: 60, stepSeconds: 3_600 },
  { name: 'elb', file: 'nab_elb_request_count_8c0756.csv', column: 1, rows: 1, stepSeconds: 300 },
  { name: 'aapl', file: 'nab_Twitter_volume_AAPL.csv', column: 1, rows: 1, stepSeconds: 300 },
  { name: 'etth1', file: 'ETTh1.csv', column: 7, rows: 1, stepSeconds: 3_600 },
];

export function* traces(data: string): Generator<LoadTrace> {
  for (const source of SOURCES) {
    const path = join(data, source.file);
    if (!existsSync(path)) {
      process.stderr.write(`bench forecast: ${source.file} is not in ${data}, left out\n`);
      continue;
    }
    const values = summed(columnOf(path, source.column), source.rows);
    const seasons = detectSeasons(
      values.subarray(0, Math.floor(values.length * 0.6)),
      source.stepSeconds,
    ).map((season) => season.steps);
    yield { name: source.name, series: { values, stepSeconds: source.stepSeconds, seasons } };
  }
}

/** Empty cells are missing. */
export function columnOf(path: string, column: number): Float64Array {
  const lines = readFileSync(path, 'utf8').trim().split('\n').slice(1);
  return Float64Array.from(lines, (line) => {
    const cell = line.split(',')[column]?.trim() ?? '';
    return cell === '' ? Number.NaN : Number(cell);
  });
}

/** A step with a missing row is missing. */
function summed(values: Float64Array, rows: number): Float64Array {
  return Float64Array.from({ length: Math.floor(values.length / rows) }, (_, step) =>
    values.subarray(step * rows, (step + 1) * rows).reduce((sum, value) => sum + value, 0),
  );
}
