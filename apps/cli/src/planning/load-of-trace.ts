/**
 * A trace as a workload for policies. Accesses are counted as they are. Values of a load are events of many keys, drawn
 * for every minute (Poisson) from a skewed popularity, or taken from a trace of keys in its order, because a policy that
 * balances needs something to move. Every departure of the sample stands for the events of its passengers. What lies
 * before the replayed part is drawn by steps of ten minutes: it is only learned from.
 */
import { existsSync, statSync } from 'node:fs';
import { seededRandom } from '@foreshard/core/kernel';
import {
  CountedRows,
  MADE_WORKLOADS,
  madeWorkload,
  poisson,
  STEP_MINUTES,
  type Workload,
  workloadOf,
} from '@foreshard/core/simulation';
import { badInput } from '../failure.ts';
import { FLIGHTS } from '../replay/replay.ts';
import { type HistoryRow, openHistory } from '../telemetry/history-trace.ts';
import { blockAccesses, isBlockTrace } from './block-trace.ts';
import { flightDepartures } from './flight-departures.ts';
import { isTenantTable, tenantLoads } from './tenant-table.ts';

export interface LoadRequest {
  readonly trace: string;
  readonly seed: number;
  readonly testDays: number;
  /** the trace ends after so many days; undefined: where it ends */
  readonly untilDay: number | undefined;
  /** a trace of keys that a load is made of, in its order */
  readonly keys: string | undefined;
}

type Complain = (line: number, reason: string) => void;

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
/** keys without times are taken as one day */
const KEYS_OVER_MS = DAY_MINUTES * MINUTE_MS;
/** what is learned from at most; more than four weeks make a run long and forecasts no better */
const PAST_DAYS_MAX = 28;
/** of the sample, when no other end is asked for */
const FLIGHT_DAYS = PAST_DAYS_MAX + 3;
export const FLIGHTS_BY_ROUTE = 'flights-by-route';
/** events of one departure on average, evenly over the hour before it */
const PASSENGERS = 60;
const BOARDING_MINUTES = 60;
/** keys of a load that tells of none, and how skewed they are */
const KEYS = 500;
const SKEW = 0.9;
/** events a minute of all tenants together, on average */
const TENANT_RATE = 20_000;
const TENANT_SKEW = 0.6;
/** the end that is replayed when a trace is shorter than the days asked for */
const TEST_SHARE = 0.3;
const ROWS_MAX = 60_000_000;

export async function loadOf(request: LoadRequest, bad: Complain): Promise<Workload> {
  const { trace, seed, testDays } = request;
  const made = MADE_WORKLOADS.find((kind) => kind === trace);
  if (request.keys !== undefined && (made !== undefined || trace.startsWith(FLIGHTS)))
    throw badInput(`--keys goes with a load (timestamp,value), and ${trace} has keys of its own`);
  if (made !== undefined) return madeWorkload(made, seed, testDays);
  if (trace === FLIGHTS || trace === FLIGHTS_BY_ROUTE) return flights(request);
  if (!existsSync(trace) || !statSync(trace).isFile())
    throw badInput(
      `there is no file ${trace}, and no workload of that name: ${[FLIGHTS, FLIGHTS_BY_ROUTE, ...MADE_WORKLOADS].join(', ')}`,
    );
  if (isTenantTable(trace)) return tenants(request, bad);
  const read = await readTrace(trace, bad);
  if (read.isLoad && request.keys !== undefined) return loadOverKeys(request, read, bad);
  if (request.keys !== undefined)
    throw badInput(`--keys goes with a load (timestamp,value); ${trace} has keys`);
  const span = spanOf(read.name, read.length, request);
  return read.isLoad
    ? spreadLoad(read, span, seed)
    : workloadOf(read.rows, { ...span, keyCount: read.keyCount });
}

/** Only the keys of a trace, as numbers, in its order. */
export async function keysOf(file: string): Promise<Int32Array> {
  if (!existsSync(file) || !statSync(file).isFile())
    throw badInput(`there is no file ${file}; --in-order takes a trace of keys`);
  const { rows, isLoad } = await readTrace(file, () => undefined);
  if (isLoad) throw badInput(`${file} has values and no keys; --in-order takes a trace of keys`);
  return rows.key.subarray(0, rows.length);
}

interface Span {
  readonly name: string;
  /** what lies before is left out */
  readonly first: number;
  readonly testFrom: number;
  readonly minutes: number;
}

/** Which minutes are replayed: the last `testDays`, or less of a short trace. */
function spanOf(name: string, length: number, { testDays, untilDay }: LoadRequest): Span {
  const end = Math.min(length, (untilDay ?? Number.POSITIVE_INFINITY) * DAY_MINUTES);
  const minutes = whole(Math.min(testDays * DAY_MINUTES, TEST_SHARE * end));
  const testFrom = whole(end - minutes);
  if (minutes < STEP_MINUTES || testFrom < STEP_MINUTES)
    throw badInput(
      `${name} is ${end} minutes long: too short to learn from one part and replay another; it takes 50 minutes at least`,
    );
  return { name, first: Math.max(0, testFrom - PAST_DAYS_MAX * DAY_MINUTES), testFrom, minutes };
}

interface ReadTrace {
  readonly name: string;
  readonly isLoad: boolean;
  /** accesses: by minute and key; a load: its values */
  readonly rows: CountedRows;
  readonly keyCount: number;
  readonly length: number;
}

async function readTrace(file: string, bad: Complain): Promise<ReadTrace> {
  const rows = new CountedRows();
  const names = new Map<string, number>();
  let isLoad = false;
  let name = file;
  let firstMs = Number.POSITIVE_INFINITY;
  const times: number[] = [];
  const take = (timeMs: number, key: string | undefined, value: number) => {
    if (rows.length >= ROWS_MAX) throw badInput(`${file} has more than ${ROWS_MAX} rows: cut it`);
    if (key !== undefined && !names.has(key)) names.set(key, names.size);
    firstMs = Math.min(firstMs, timeMs);
    times.push(timeMs);
    rows.add(0, key === undefined ? 0 : names.get(key)!, value);
  };
  if (isBlockTrace(file)) for await (const { timeMs, key } of blockAccesses(file, bad)) take(timeMs, key, 1);
  else {
    const trace = await openHistory({
      trace: file,
      format: undefined,
      overMs: KEYS_OVER_MS,
      nowMs: KEYS_OVER_MS,
    });
    name = trace.name;
    for await (const some of trace.rows(bad))
      for (const row of some) {
        isLoad ||= row.kind === 'load';
        take(row.timeMs, keyOf(row), row.kind === 'load' ? row.value : 1);
      }
  }
  if (rows.length === 0) throw badInput(`${file} has no rows that could be replayed`);
  firstMs = Math.floor(firstMs / MINUTE_MS) * MINUTE_MS;
  let last = 0;
  for (let i = 0; i < rows.length; i++) {
    rows.minute[i] = Math.floor((times[i]! - firstMs) / MINUTE_MS);
    last = Math.max(last, rows.minute[i]!);
  }
  return { name, isLoad, rows, keyCount: names.size, length: last + (isLoad ? stepOf(rows) : 1) };
}

function keyOf(row: HistoryRow): string | undefined {
  return row.kind === 'load' ? undefined : row.key;
}

/** Minutes from a row of a load to the next: what lies between most neighbours. */
function stepOf({ minute, length }: CountedRows): number {
  const distances = [...minute.subarray(0, length)]
    .sort((a, b) => a - b)
    .map((at, i, all) => at - (all[i - 1] ?? at))
    .filter((distance) => distance > 0)
    .sort((a, b) => a - b);
  return distances[distances.length >> 1] ?? 1;
}

/** Events of each minute: the value of a row is spread evenly over the minutes until the next. */
function perMinute({ rows, length }: ReadTrace): Float64Array {
  const values = new Float64Array(length);
  const step = stepOf(rows);
  for (let i = 0; i < rows.length; i++)
    for (let m = 0; m < step; m++)
      if (rows.minute[i]! + m < length) values[rows.minute[i]! + m]! += rows.count[i]! / step;
  return values;
}

function spreadLoad(read: ReadTrace, span: Span, seed: number): Workload {
  const values = perMinute(read);
  const shares = skewed(KEYS, SKEW);
  return drawn(span, KEYS, seed, (key, at) => values[at]! * shares[key]!);
}

/** What happens in each minute is drawn; of the past, what happens in each step. */
function drawn(
  span: Span,
  keyCount: number,
  seed: number,
  rateOf: (key: number, minute: number) => number,
): Workload {
  const random = seededRandom(seed);
  const rows = new CountedRows();
  const end = span.testFrom + span.minutes;
  for (let key = 0; key < keyCount; key++)
    for (let from = span.first; from < end; ) {
      const width = from < span.testFrom ? STEP_MINUTES : 1;
      let rate = 0;
      for (let minute = from; minute < from + width; minute++) rate += rateOf(key, minute);
      const count = poisson(random, rate);
      if (count > 0) rows.add(from - span.first, key, count);
      from += width;
    }
  return workloadOf(rows, { ...span, testFrom: span.testFrom - span.first, keyCount });
}

/** As many keys of the other trace, in its order and not looped, as the load has events in the minute, scaled to fit. */
async function loadOverKeys(request: LoadRequest, load: ReadTrace, bad: Complain): Promise<Workload> {
  const other = await readTrace(request.keys!, bad);
  if (other.isLoad) throw badInput(`${request.keys} has values, and --keys takes a trace of keys`);
  const span = spanOf(`${load.name}, ${other.name}`, load.length, request);
  const values = perMinute(load).subarray(span.first, span.testFrom + span.minutes);
  const sum = values.reduce((total, value) => total + value, 0);
  const rows = new CountedRows();
  let used = 0;
  let due = 0;
  values.forEach((value, minute) => {
    due += (value * other.rows.length) / sum;
    for (; used < due && used < other.rows.length; used++) rows.add(minute, other.rows.key[used]!, 1);
  });
  return workloadOf(rows, { ...span, testFrom: span.testFrom - span.first, keyCount: other.keyCount });
}

async function flights(request: LoadRequest): Promise<Workload> {
  const isByRoute = request.trace === FLIGHTS_BY_ROUTE;
  const days = request.untilDay ?? FLIGHT_DAYS;
  const { minutes, length } = await flightDepartures(isByRoute, days * DAY_MINUTES);
  const span = spanOf(request.trace, length, { ...request, untilDay: days });
  // of one key at a time: a route has few departures, and all of them together millions of minutes
  const rate = new Float32Array(length + 1);
  let current = -1;
  return drawn(span, minutes.length, request.seed, (key, minute) => {
    if (key !== current) {
      current = key;
      boarding(rate, minutes[key]!);
    }
    return rate[minute]!;
  });
}

/** Events a minute before each of these departures. */
function boarding(rate: Float32Array, departures: readonly number[]): void {
  rate.fill(0);
  for (const minute of departures) {
    rate[Math.max(0, minute - BOARDING_MINUTES + 1)]! += PASSENGERS / BOARDING_MINUTES;
    rate[minute + 1]! -= PASSENGERS / BOARDING_MINUTES;
  }
  let sum = 0;
  for (let minute = 0; minute < rate.length; minute++) {
    sum += rate[minute]!;
    rate[minute] = Math.max(0, Math.round(sum * BOARDING_MINUTES) / BOARDING_MINUTES);
  }
}

/** Every tenant has the course of its row, a size drawn from a skewed distribution, and its own phase. */
function tenants(request: LoadRequest, bad: Complain): Workload {
  const { loads, hours } = tenantLoads(request.trace, bad);
  const span = spanOf('tenants', hours * 60, request);
  const random = seededRandom(request.seed + 1);
  const sizes = skewed(loads.length, TENANT_SKEW);
  for (let i = sizes.length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    [sizes[i], sizes[j]] = [sizes[j]!, sizes[i]!];
  }
  return drawn(span, loads.length, request.seed, (key, minute) => {
    const hour = Math.floor(minute / 60);
    const own = loads[key]!;
    const next = own[Math.min(hours - 1, hour + 1)]!;
    const between = own[hour]! + ((next - own[hour]!) * (minute % 60)) / 60;
    return TENANT_RATE * sizes[key]! * between;
  });
}

function skewed(count: number, exponent: number): Float64Array {
  const weights = Float64Array.from({ length: count }, (_, rank) => (rank + 1) ** -exponent);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

function whole(minutes: number): number {
  return Math.floor(minutes / STEP_MINUTES) * STEP_MINUTES;
}
