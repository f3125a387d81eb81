/**
 * A trace file as a workload for policies. Accesses are counted as they are. Values of a load are events of many keys,
 * drawn for every minute (Poisson) from a skewed popularity, because a policy that balances needs something to move.
 * Every departure of the sample stands for the events of its passengers, spread over the hour before.
 */
import { seededRandom } from '@foreshard/core/kernel';
import {
  type Counted,
  MADE_WORKLOADS,
  madeWorkload,
  poisson,
  STEP_MINUTES,
  type Workload,
  workloadOf,
} from '@foreshard/core/simulation';
import { badInput } from '../failure.ts';
import { type HistoryRow, openHistory } from '../telemetry/history-trace.ts';

export interface LoadRequest {
  readonly trace: string;
  readonly seed: number;
  readonly testDays: number;
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
/** keys without times are taken as one day */
const KEYS_OVER_MS = DAY_MINUTES * MINUTE_MS;
/** events of one departure, and the minutes before it in which they come */
const PASSENGERS = 60;
const BOARDING_MINUTES = 60;
/** of the sample: weeks to learn from, so that a run takes a minute */
const FLIGHT_PAST_DAYS = 28;
/** keys of a load that tells of none, and how skewed they are */
const KEYS = 500;
const SKEW = 0.9;
/** the end that is replayed when a trace is shorter than the days asked for */
const TEST_SHARE = 0.3;
const ROWS_MAX = 60_000_000;

export async function loadOf(
  request: LoadRequest,
  bad: (line: number, reason: string) => void,
): Promise<Workload> {
  const made = MADE_WORKLOADS.find((kind) => kind === request.trace);
  if (made !== undefined) return madeWorkload(made, request.seed, request.testDays);
  const isSample = request.trace === 'flights';
  const trace = await openHistory({
    trace: request.trace,
    format: undefined,
    overMs: KEYS_OVER_MS,
    nowMs: KEYS_OVER_MS,
  });
  const counts = new Counts();
  const daysMax = isSample ? FLIGHT_PAST_DAYS + request.testDays : Number.POSITIVE_INFINITY;
  for await (const rows of trace.rows(bad)) if (!counts.add(rows, daysMax)) break;
  if (counts.isEmpty) throw badInput(`${request.trace} has no rows that could be replayed`);
  return assembled(trace.name, counts, request, isSample);
}

/** Rows as they were read, with keys as numbers. */
class Counts {
  readonly minutes: number[] = [];
  readonly keys: number[] = [];
  readonly values: number[] = [];
  readonly names = new Map<string, number>();
  isLoad = false;
  private firstMs = Number.NaN;

  get isEmpty(): boolean {
    return this.minutes.length === 0;
  }

  /** False when enough was read. */
  add(rows: readonly HistoryRow[], daysMax: number): boolean {
    for (const row of rows) {
      if (Number.isNaN(this.firstMs)) this.firstMs = Math.floor(row.timeMs / MINUTE_MS) * MINUTE_MS;
      const minute = Math.floor((row.timeMs - this.firstMs) / MINUTE_MS);
      if (minute >= daysMax * DAY_MINUTES) return false;
      this.isLoad ||= row.kind === 'load';
      this.minutes.push(minute);
      this.keys.push(row.kind === 'load' ? 0 : this.numberOf(row.key));
      this.values.push(row.kind === 'load' ? row.value : 1);
      if (this.minutes.length > ROWS_MAX) throw badInput(`more than ${ROWS_MAX} rows: cut the trace`);
    }
    return true;
  }

  private numberOf(key: string): number {
    let known = this.names.get(key);
    if (known === undefined) this.names.set(key, (known = this.names.size));
    return known;
  }
}

function assembled(
  name: string,
  counts: Counts,
  { seed, testDays }: LoadRequest,
  isSample: boolean,
): Workload {
  const first = least(counts.minutes);
  const length = greatest(counts.minutes) - first + stepOf(counts);
  const test = whole(Math.min(testDays * DAY_MINUTES, TEST_SHARE * length));
  const from = whole(length - test);
  if (test < STEP_MINUTES || from < STEP_MINUTES)
    throw badInput(`${name} is ${length} minutes long: too short to learn from one part and replay another`);
  const rows = counts.isLoad
    ? spreadLoad(counts, first, seed)
    : isSample
      ? boarded(counts, seed)
      : accesses(counts, first);
  return workloadOf(name, rows, counts.isLoad ? KEYS : counts.names.size, from, test);
}

function accesses({ minutes, keys }: Counts, first: number): Counted[] {
  const merged = new Map<number, number>();
  const width = greatest(keys) + 1;
  for (let i = 0; i < minutes.length; i++) {
    const at = (minutes[i]! - first) * width + keys[i]!;
    merged.set(at, (merged.get(at) ?? 0) + 1);
  }
  return [...merged].map(([at, count]) => ({ minute: Math.floor(at / width), key: at % width, count }));
}

function boarded({ minutes, keys }: Counts, seed: number): Counted[] {
  const random = seededRandom(seed);
  const merged = new Map<number, number>();
  const width = greatest(keys) + 1;
  for (let i = 0; i < minutes.length; i++)
    for (let passenger = 0; passenger < PASSENGERS; passenger++) {
      const minute = minutes[i]! - Math.floor(random.next() * BOARDING_MINUTES);
      if (minute < 0) continue;
      const at = minute * width + keys[i]!;
      merged.set(at, (merged.get(at) ?? 0) + 1);
    }
  return [...merged].map(([at, count]) => ({ minute: Math.floor(at / width), key: at % width, count }));
}

/** The value of a row is spread over the minutes until the next; what each minute has of it is drawn. */
function spreadLoad(counts: Counts, first: number, seed: number): Counted[] {
  const random = seededRandom(seed);
  const step = stepOf(counts);
  const weights = Float64Array.from({ length: KEYS }, (_, rank) => (rank + 1) ** -SKEW);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const rows: Counted[] = [];
  for (let i = 0; i < counts.minutes.length; i++)
    for (let m = 0; m < step; m++)
      for (let key = 0; key < KEYS; key++) {
        const count = poisson(random, (counts.values[i]! * weights[key]!) / sum / step);
        if (count > 0) rows.push({ minute: counts.minutes[i]! - first + m, key, count });
      }
  return rows;
}

/** Minutes from a row to the next: what lies between most neighbours. */
function stepOf({ isLoad, minutes }: Counts): number {
  if (!isLoad || minutes.length < 2) return 1;
  const distances = minutes
    .slice(1)
    .map((minute, i) => Math.abs(minute - minutes[i]!))
    .filter((distance) => distance > 0);
  distances.sort((a, b) => a - b);
  return distances[distances.length >> 1] ?? 1;
}

function whole(minutes: number): number {
  return Math.floor(minutes / STEP_MINUTES) * STEP_MINUTES;
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
}

function greatest(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
}
