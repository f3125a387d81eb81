/**
 * How many keys change their home in an hour, on flights by route: where the home is hash(key + metadata + probability) %
 * partitions, and where it is the host that owns the key's range. The probability is that of at least one departure in the next
 * hour, from the same hour of earlier days. Ranges stand still unless a host is expected to be above its limit; then the fewest
 * ranges move that bring it below, so this is an upper bound of what a planner with costs does.
 */
import { hashKey } from '@foreshard/core/keyspace';
import { flightDepartures } from '../../apps/cli/src/planning/flight-departures.ts';
import type { BenchOptions, BenchResult } from './bench.ts';
import { spread } from './measure/interleave.ts';

const DAYS = 56;
const WARM_DAYS = 14;
const PARTITIONS = 64;
const RANGES = 256;
const HOSTS = 8;
/** of the mean of all hosts */
const HOST_LIMIT = 1.3;
/** how much the last day weighs against those before it */
const DAY_WEIGHT = 0.2;
const HOURS = 24;

export async function run(_options: BenchOptions): Promise<BenchResult> {
  const { minutes } = await flightDepartures(true, DAYS * HOURS * 60);
  const counts = minutes.map(hourly);
  const schemes = [
    new HashOfProbability(100),
    new HashOfProbability(10),
    new HashOfProbability(2),
    new Ranges(counts.length),
  ];
  const moved = schemes.map(() => [] as number[]);
  const rates = counts.map(() => new Float64Array(HOURS));
  for (let hour = 0; hour < DAYS * HOURS; hour++) {
    const expected = rates.map((ofKey) => ofKey[hour % HOURS]!);
    for (const [i, scheme] of schemes.entries()) {
      const changed = scheme.place(expected);
      if (hour >= WARM_DAYS * HOURS) moved[i]!.push(changed);
    }
    for (const [key, ofKey] of rates.entries())
      ofKey[hour % HOURS]! += DAY_WEIGHT * (counts[key]![hour]! - ofKey[hour % HOURS]!);
  }
  return {
    mode: {
      ...{
        routes: counts.length,
        days: `${WARM_DAYS} to ${DAYS}`,
        partitions: PARTITIONS,
        ranges: RANGES,
        hosts: HOSTS,
      },
      ...Object.fromEntries(schemes.map(({ name }, i) => [`mean: ${name}`, mean(moved[i]!).toFixed(1)])),
    },
    ratios: Object.fromEntries(schemes.map(({ name }, i) => [name, spread(moved[i]!)])),
  };
}

function hourly(minutes: readonly number[]): Uint16Array {
  const counts = new Uint16Array(DAYS * HOURS);
  for (const minute of minutes) counts[Math.floor(minute / 60)]!++;
  return counts;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

interface Scheme {
  readonly name: string;
  /** `expected`: departures of each key in the next hour. Returns how many keys changed their home. */
  place(expected: readonly number[]): number;
}

class HashOfProbability implements Scheme {
  readonly name: string;
  private readonly steps: number;
  private homes: number[] = [];

  constructor(steps: number) {
    this.steps = steps;
    this.name = `hash with the probability in steps of ${1 / steps}: keys re-homed an hour`;
  }

  place(expected: readonly number[]): number {
    const homes = expected.map((rate, key) => {
      const probability = Math.round(this.steps * (1 - Math.exp(-rate))) / this.steps;
      return hashKey(`route-${key}|metadata|${probability}`) % PARTITIONS;
    });
    const changed = homes.filter((home, key) => this.homes.length > 0 && home !== this.homes[key]).length;
    this.homes = homes;
    return changed;
  }
}

class Ranges implements Scheme {
  readonly name = 'ranges that move when a host is expected above its limit: keys re-homed an hour';
  private readonly rangeOf: number[];
  private readonly keysOf = new Uint32Array(RANGES);
  private readonly hostOf = Array.from({ length: RANGES }, (_, range) => range % HOSTS);

  constructor(keys: number) {
    this.rangeOf = Array.from({ length: keys }, (_, key) => hashKey(`route-${key}`) % RANGES);
    for (const range of this.rangeOf) this.keysOf[range]!++;
  }

  place(expected: readonly number[]): number {
    const load = new Float64Array(RANGES);
    for (const [key, rate] of expected.entries()) load[this.rangeOf[key]!]! += rate;
    const ofHost = new Float64Array(HOSTS);
    for (const [range, host] of this.hostOf.entries()) ofHost[host]! += load[range]!;
    const limit = (HOST_LIMIT * load.reduce((sum, one) => sum + one, 0)) / HOSTS;
    let changed = 0;
    for (let moves = 0; moves < RANGES; moves++) {
      const from = ofHost.indexOf(Math.max(...ofHost));
      const to = ofHost.indexOf(Math.min(...ofHost));
      if (ofHost[from]! <= limit) break;
      const range = this.best(load, from, ofHost[from]! - limit, limit - ofHost[to]!);
      if (range === undefined) break;
      this.hostOf[range] = to;
      ofHost[from]! -= load[range]!;
      ofHost[to]! += load[range]!;
      changed += this.keysOf[range]!;
    }
    return changed;
  }

  /** The lightest range that is enough by itself, else the heaviest that has room. */
  private best(load: Float64Array, from: number, excess: number, room: number): number | undefined {
    const movable = this.hostOf
      .map((host, range) => ({ host, range }))
      .filter(({ host, range }) => host === from && load[range]! > 0 && load[range]! <= room)
      .sort((a, b) => load[a.range]! - load[b.range]!);
    return (movable.find(({ range }) => load[range]! >= excess) ?? movable.at(-1))?.range;
  }
}
