/**
 * How often thresholds would have been crossed by the load that was recorded, so that somebody who tunes a policy sees
 * what it means before it holds. The load of every hour is laid to the hosts as they own shardlets now; a firing is an
 * hour above the threshold after one below, of one host or one shardlet. Hours that nobody observed never fire.
 */
import type { Policy } from '../planning/index.ts';
import type { Host } from '../topology/index.ts';

export const FIRING_RULES = [
  'hot-host',
  'uneven-host',
  'unhealthy-host',
  'full-by-rate',
  'full-by-bytes',
  'large-share',
  'cluster-full',
  'cluster-empty',
] as const;
export type FiringRule = (typeof FIRING_RULES)[number];

/** The settings of a policy that decide about a rule, by their paths; the first is the threshold itself. */
export const RULE_SETTINGS: Readonly<Record<FiringRule, readonly string[]>> = {
  'hot-host': ['host.fullness', 'capacity.events_per_second', 'capacity.bytes_per_second'],
  'uneven-host': ['host.imbalance_tolerance', 'host.imbalance_floor'],
  'unhealthy-host': ['host.health_threshold'],
  'full-by-rate': ['shardlet.rate_cap', 'shardlet.fullness'],
  'full-by-bytes': ['shardlet.shardlet_size', 'shardlet.fullness'],
  'large-share': ['shardlet.host_share_max', 'shardlet.fullness', 'capacity.events_per_second'],
  'cluster-full': ['host.fullness', 'scaling.hosts_max'],
  'cluster-empty': ['scaling.scale_in_fullness', 'scaling.hosts_min'],
};

/** Rows are shardlets, columns hours. */
export interface LoadHistory {
  readonly fromMs: number;
  readonly stepMs: number;
  readonly steps: number;
  /** of each row, an index into `hosts` */
  readonly owners: readonly number[];
  readonly hosts: readonly Pick<Host, 'id' | 'capacity'>[];
  /** within each step, [row * steps + step]; NaN where nobody looked */
  readonly events: ArrayLike<number>;
  readonly bytes: ArrayLike<number>;
  /** 0 to 100, [host][step]; NaN where unknown */
  readonly health: readonly ArrayLike<number>[];
}

export interface Firing {
  readonly rule: FiringRule;
  readonly settings: readonly string[];
  readonly times: number;
  /** different hosts or shardlets */
  readonly subjects: number;
  /** begin of the last hour that fired; null: never */
  readonly lastAtMs: number | null;
  /** in the unit of the first setting */
  readonly threshold: number;
  /** the most extreme of each step, in the same unit; null where nobody looked */
  readonly observed: readonly (number | null)[];
}

export interface FiringReport {
  readonly fromMs: number;
  readonly stepMs: number;
  readonly firings: readonly Firing[];
}

export function firingsOf(history: LoadHistory, policy: Policy): FiringReport {
  const resources = resourcesOf(history, policy);
  const pressures = pressuresOf(resources);
  const rates = ratesOf(history);
  const { host, shardlet, scaling } = policy;
  const [{ capacities: eventsMax }] = resources;
  const count = history.hosts.length;
  // what is large for its own host only can be moved whole
  const meanMax = sum(eventsMax) / count;
  const means = meansOf(pressures);
  const rules: Record<FiringRule, Course> = {
    'hot-host': above(pressures, () => host.fullness),
    'uneven-host': excess(pressures, means, policy),
    'unhealthy-host': below(history.health, host.health_threshold),
    'full-by-rate': above(rates, () => shardlet.rate_cap * shardlet.fullness),
    'full-by-bytes': above(dayBytesOf(history), () => shardlet.shardlet_size * shardlet.fullness),
    'large-share': above(
      rates.map((row, i) => row.map((rate) => rate / Math.max(meanMax, eventsMax[history.owners[i]!]!))),
      () => shardlet.host_share_max * shardlet.fullness,
    ),
    'cluster-full': above(count < scaling.hosts_max ? [wholePressure(resources)] : [], () => host.fullness),
    'cluster-empty': below(
      count > scaling.hosts_min ? [wholePressureWithoutOne(resources)] : [],
      scaling.scale_in_fullness,
    ),
  };
  const { fromMs, stepMs, steps } = history;
  return {
    fromMs,
    stepMs,
    firings: FIRING_RULES.map((rule) => ({
      rule,
      settings: RULE_SETTINGS[rule],
      ...counted(rules[rule], { fromMs, stepMs, steps }),
    })),
  };
}

interface Course {
  readonly subjects: readonly ArrayLike<number>[];
  readonly threshold: number;
  fires(value: number, step: number): boolean;
  /** the extreme of two values: what comes nearer to firing */
  nearer(a: number, b: number): number;
}

function above(subjects: readonly ArrayLike<number>[], threshold: () => number): Course {
  const limit = threshold();
  return { subjects, threshold: limit, fires: (value) => value > limit, nearer: Math.max };
}

function below(subjects: readonly ArrayLike<number>[], threshold: number): Course {
  return { subjects, threshold, fires: (value) => value < threshold, nearer: Math.min };
}

/** How far a host stands above the mean of its hour, where its pressure is above the floor. */
function excess(pressures: readonly Float64Array[], means: Float64Array, { host }: Policy): Course {
  const over = pressures.map((row) =>
    row.map((pressure, step) => {
      if (Number.isNaN(pressure)) return Number.NaN;
      return pressure > host.imbalance_floor ? pressure / means[step]! - 1 : 0;
    }),
  );
  return above(over, () => host.imbalance_tolerance);
}

function counted(
  { subjects, threshold, fires, nearer }: Course,
  { fromMs, stepMs, steps }: Pick<LoadHistory, 'fromMs' | 'stepMs' | 'steps'>,
): Omit<Firing, 'rule' | 'settings'> {
  const observed = new Float64Array(steps).fill(Number.NaN);
  let times = 0;
  let fired = 0;
  let last = -1;
  for (const course of subjects) {
    let before = false;
    let ever = false;
    for (let step = 0; step < steps; step++) {
      const value = course[step]!;
      const now = fires(value, step);
      if (now && !before) times++;
      if (now) last = Math.max(last, step);
      before = now;
      ever ||= now;
      if (!Number.isNaN(value))
        observed[step] = Number.isNaN(observed[step]!) ? value : nearer(observed[step]!, value);
    }
    if (ever) fired++;
  }
  return {
    times,
    subjects: fired,
    lastAtMs: last === -1 ? null : fromMs + last * stepMs,
    threshold,
    observed: Array.from(observed, (value) => (Number.isNaN(value) ? null : value)),
  };
}

/** What hosts are asked for, by second, and what they take. */
interface Resource {
  /** [host][step]; NaN in hours without any observation */
  readonly loads: readonly Float64Array[];
  /** of all hosts together, by step */
  readonly total: Float64Array;
  readonly capacities: readonly number[];
}

/** Events first, then bytes. */
function resourcesOf(history: LoadHistory, { capacity }: Policy): readonly [Resource, Resource] {
  const { hosts, owners, steps, stepMs, events, bytes } = history;
  const perSecond = 1_000 / stepMs;
  const resource = (values: ArrayLike<number>, capacities: readonly number[]): Resource => {
    const loads = hosts.map(() => new Float64Array(steps).fill(Number.NaN));
    const total = new Float64Array(steps).fill(Number.NaN);
    owners.forEach((host, row) => {
      const own = loads[host];
      for (let step = 0; own !== undefined && step < steps; step++) {
        const value = values[row * steps + step]! * perSecond;
        if (Number.isNaN(value)) continue;
        own[step] = (own[step] || 0) + value;
        total[step] = (total[step] || 0) + value;
      }
    });
    return { loads, total, capacities };
  };
  return [
    resource(events, capacities(history, 'eventsPerSecond', capacity.events_per_second)),
    resource(bytes, capacities(history, 'bytesPerSecond', capacity.bytes_per_second)),
  ];
}

/** Of every host, by its fullest resource. */
function pressuresOf([events, bytes]: readonly [Resource, Resource]): Float64Array[] {
  return events.loads.map((row, host) =>
    row.map((value, step) =>
      Math.max(
        value / events.capacities[host]!,
        // bytes may be unknown where events are not
        (bytes.loads[host]![step]! || 0) / bytes.capacities[host]!,
      ),
    ),
  );
}

/** All load over the capacity of all hosts, or of all but one, by the fullest resource. */
function wholePressure([events, bytes]: readonly [Resource, Resource], without?: number): Float64Array {
  const capacityOf = ({ capacities }: Resource) =>
    sum(capacities) - (without === undefined ? 0 : capacities[without]!);
  const [eventsMax, bytesMax] = [capacityOf(events), capacityOf(bytes)];
  return events.total.map((value, step) => Math.max(value / eventsMax, (bytes.total[step]! || 0) / bytesMax));
}

/** The same when the host goes that is missed least, which may be another one every hour. */
function wholePressureWithoutOne(resources: readonly [Resource, Resource]): Float64Array {
  const least = new Float64Array(resources[0].total.length).fill(Number.POSITIVE_INFINITY);
  for (const host of resources[0].capacities.keys())
    for (const [step, pressure] of wholePressure(resources, host).entries())
      least[step] = Math.min(least[step]!, pressure);
  return least;
}

/** What is said of a host itself comes before what the policy says of all. */
function capacities(
  { hosts }: LoadHistory,
  resource: 'eventsPerSecond' | 'bytesPerSecond',
  ofAll: number,
): number[] {
  return hosts.map(({ capacity }) => capacity[resource] ?? ofAll);
}

/** Of all hosts in each hour, those that nobody observed left out. */
function meansOf(pressures: readonly Float64Array[]): Float64Array {
  const steps = pressures[0]?.length ?? 0;
  return Float64Array.from({ length: steps }, (_, step) => {
    const known = pressures.map((row) => row[step]!).filter((value) => !Number.isNaN(value));
    return known.length === 0 ? Number.NaN : sum(known) / pressures.length;
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

function ratesOf({ owners, steps, stepMs, events }: LoadHistory): Float64Array[] {
  const perSecond = 1_000 / stepMs;
  return owners.map((_, row) =>
    Float64Array.from({ length: steps }, (_, step) => events[row * steps + step]! * perSecond),
  );
}

const DAY_MS = 86_400_000;

/** What a shardlet took in within the day that ends with each hour, as the planner knows its size. */
function dayBytesOf({ owners, steps, stepMs, bytes }: LoadHistory): Float64Array[] {
  const window = Math.round(DAY_MS / stepMs);
  return owners.map((_, row) => {
    const at = (step: number) => (step < 0 ? Number.NaN : bytes[row * steps + step]!);
    let sum = 0;
    let known = 0;
    return Float64Array.from({ length: steps }, (_, step) => {
      const [comes, goes] = [at(step), at(step - window)];
      sum += (comes || 0) - (goes || 0);
      known += Number(!Number.isNaN(comes)) - Number(!Number.isNaN(goes));
      return known === 0 ? Number.NaN : sum;
    });
  });
}
