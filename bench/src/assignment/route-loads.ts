/**
 * Events of flights by route, as positions hold them: each departure stands for the events of its passengers, evenly over
 * the hour before it. The load of any range of positions in any step is one subtraction.
 */
import { hashKey } from '@foreshard/core/keyspace';
import { openFlights } from '../../../apps/cli/src/replay/flights-trace.ts';

export const STEP_MINUTES = 5;
export const STEPS_PER_DAY = 1_440 / STEP_MINUTES;
const PASSENGERS = 60;
const BOARDING_STEPS = 60 / STEP_MINUTES;
const MINUTE_MS = 60_000;

export class RouteLoads {
  /** begin of the first step */
  readonly firstMs: number;
  readonly steps: number;
  /** hashes of the routes, ascending */
  readonly hashes: readonly number[];
  /** [step * (routes + 1) + route]: events of all routes before this one */
  private readonly before: Float64Array;

  constructor(firstMs: number, steps: number, departures: ReadonlyMap<string, readonly number[]>) {
    this.firstMs = firstMs;
    this.steps = steps;
    const routes = [...departures].map(([name, at]) => ({ hash: hashKey(name), at }));
    routes.sort((a, b) => a.hash - b.hash);
    this.hashes = routes.map(({ hash }) => hash);
    const width = routes.length + 1;
    this.before = new Float64Array(steps * width);
    for (const [route, { at }] of routes.entries())
      for (const step of at)
        for (let s = Math.max(0, step - BOARDING_STEPS + 1); s <= step && s < steps; s++)
          this.before[s * width + route + 1]! += PASSENGERS / BOARDING_STEPS;
    for (let s = 0; s < steps; s++)
      for (let route = 1; route < width; route++)
        this.before[s * width + route]! += this.before[s * width + route - 1]!;
  }

  /** Events in a step of keys with hashes in [from, to). */
  load(step: number, from: number, to: number): number {
    const at = step * (this.hashes.length + 1);
    return this.before[at + this.indexOf(to)]! - this.before[at + this.indexOf(from)]!;
  }

  series(fromStep: number, toStep: number, from: number, to: number): Float64Array {
    const [first, end] = [this.indexOf(from), this.indexOf(to)];
    const width = this.hashes.length + 1;
    return Float64Array.from({ length: toStep - fromStep }, (_, i) => {
      const at = (fromStep + i) * width;
      return this.before[at + end]! - this.before[at + first]!;
    });
  }

  /** How many keys have a smaller hash. */
  private indexOf(hash: number): number {
    let [from, to] = [0, this.hashes.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.hashes[middle]! < hash) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

/** The first days of the sample. */
export async function routeLoads(days: number): Promise<RouteLoads> {
  const trace = await openFlights();
  const steps = days * STEPS_PER_DAY;
  const departures = new Map<string, number[]>();
  let firstMs = Number.NaN;
  reading: for await (const rows of trace.rows(1))
    for (const { timeMs, key: origin, event } of rows) {
      if (Number.isNaN(firstMs)) firstMs = Math.floor(timeMs / (1_440 * MINUTE_MS)) * 1_440 * MINUTE_MS;
      const step = Math.floor((timeMs - firstMs) / (STEP_MINUTES * MINUTE_MS));
      if (step >= steps) break reading;
      const route = `${origin}-${(event.data as { destination: string }).destination}`;
      const known = departures.get(route) ?? [];
      departures.set(route, known);
      known.push(step);
    }
  return new RouteLoads(firstMs, steps, departures);
}
