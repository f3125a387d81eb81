/**
 * Many loads in one table: a row per tenant, its name and then a value for every hour, as the M4 competition publishes
 * its hourly series. Rows end where their series does, so the tenants' last common hours are taken: each keeps the phase
 * it has there.
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { badInput } from '../failure.ts';

/** fewer columns than two days of hours are another format */
const COLUMNS_MIN = 49;
const HEAD_BYTES = 65_536;
/** series that are shorter are left out */
const HOURS_MIN = 21 * 24;

export interface TenantLoads {
  /** [tenant][hour], each of mean 1 */
  readonly loads: readonly Float64Array[];
  readonly hours: number;
}

export function isTenantTable(file: string): boolean {
  if (!file.endsWith('.csv')) return false;
  const head = Buffer.alloc(HEAD_BYTES);
  const handle = openSync(file, 'r');
  const length = readSync(handle, head, 0, HEAD_BYTES, 0);
  closeSync(handle);
  const line = head.subarray(0, length).toString('utf8').split('\n', 1)[0]!;
  return line.split(',').length >= COLUMNS_MIN;
}

export function tenantLoads(file: string, bad: (line: number, reason: string) => void): TenantLoads {
  const series: number[][] = [];
  const records = parse(readFileSync(file), { relax_column_count: true, bom: true, skip_empty_lines: true });
  (records as string[][]).forEach((record, i) => {
    const cells = record.slice(1);
    const values = cells.slice(0, cells.findLastIndex((cell) => cell !== '') + 1).map(Number);
    if (values.every((value) => Number.isFinite(value) && value >= 0) && values.length >= HOURS_MIN)
      series.push(values);
    else if (i > 0) bad(i + 1, `needs a name and at least ${HOURS_MIN} values that are no less than 0`);
  });
  if (series.length === 0)
    throw badInput(
      `${file}: no row has a name and ${HOURS_MIN} hourly values, so there is nothing to replay`,
    );
  const hours = Math.min(...series.map(({ length }) => length));
  return { hours, loads: series.map((values) => ofMeanOne(values.slice(-hours))) };
}

function ofMeanOne(values: readonly number[]): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Float64Array.from(values, (value) => (mean > 0 ? value / mean : 0));
}
