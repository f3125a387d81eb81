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
  'large-share': ['shardlet.host_share_max', 'capacity.events_per_second'],
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
  const pressures = pressuresOf(history, policy);
  const rates = ratesOf(history);
  const { host, shardlet, scaling } = policy;
  const eventsMax = capacities(history, 'eventsPerSecond', policy.capacity.events_per_second);
  const count = history.hosts.length;
  const means = meansOf(pressures);
  const rules: Record<FiringRule, Course> = {
    'hot-host': above(pressures, () => host.fullness),
    'uneven-host': excess(pressures, means, policy),
    'unhealthy-host': below(history.health, host.health_threshold),
    'full-by-rate': above(rates, () => shardlet.rate_cap * shardlet.fullness),
    'full-by-bytes': above(dayBytesOf(history), () => shardlet.shardlet_size * shardlet.fullness),
    'large-share': above(
      rates.map((row, i) => row.map((rate) => rate / eventsMax[history.owners[i]!]!)),
      () => shardlet.host_share_max,
    ),
    'cluster-full': above(count < scaling.hosts_max ? [means] : [], () => host.fullness),
    'cluster-empty': below(
      // what is left when one host goes carries the load of all
      count > scaling.hosts_min ? [Float64Array.from(means, (mean) => (mean * count) / (count - 1))] : [],
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

/** Of every host: the worse of events and bytes over its capacity. NaN in hours without any observation. */
function pressuresOf(history: LoadHistory, { capacity }: Policy): Float64Array[] {
  const { hosts, owners, steps, stepMs, events, bytes } = history;
  const perSecond = 1_000 / stepMs;
  const sum = (values: ArrayLike<number>, most: readonly number[]) => {
    const sums = hosts.map(() => new Float64Array(steps).fill(Number.NaN));
    owners.forEach((host, row) => {
      const of = sums[host];
      for (let step = 0; of !== undefined && step < steps; step++) {
        const value = values[row * steps + step]!;
        if (!Number.isNaN(value)) of[step] = (Number.isNaN(of[step]!) ? 0 : of[step]!) + value;
      }
    });
    return sums.map((of, host) => of.map((value) => (value * perSecond) / most[host]!));
  };
  const byEvents = sum(events, capacities(history, 'eventsPerSecond', capacity.events_per_second));
  const byBytes = sum(bytes, capacities(history, 'bytesPerSecond', capacity.bytes_per_second));
  return byEvents.map((row, host) =>
    row.map((value, step) =>
      Math.max(value, Number.isNaN(byBytes[host]![step]!) ? 0 : byBytes[host]![step]!),
    ),
  );
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
    return known.length === 0 ? Number.NaN : known.reduce((a, b) => a + b, 0) / pressures.length;
  });
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
