/**
 * Every threshold of the planner, with unit, range and default, in one versioned document: the schema is what
 * validates a file, what forms are made of, and what the documentation lists. The names are the ones operators
 * use, so they are written as in the document.
 */
import { z } from 'zod';
import { labelsSchema } from '../topology/index.ts';

export const POLICY_VERSION = 1;

type Unit = 'bytes' | 'events/s' | 'share' | 'score' | 'minutes' | 'count' | 'bytes/s' | 'pressure';

function setting(unit: Unit, description: string, least: number, most: number, value: number) {
  const base = unit === 'count' || unit === 'bytes' ? z.int() : z.number();
  return base.min(least).max(most).default(value).meta({ 'x-unit': unit, description });
}

const TIB = 2 ** 40;

const hostSettings = z.strictObject({
  fullness: setting(
    'share',
    'a host whose forecast load is above this part of its capacity is hot',
    0.1,
    1,
    0.8,
  ),
  hysteresis: setting(
    'share',
    'a host that was hot is relieved until it is this much below fullness',
    0,
    0.5,
    0.08,
  ),
  capacity_limit: setting(
    'share',
    'no move fills its destination beyond this part of its capacity',
    0.1,
    1,
    0.9,
  ),
  imbalance_tolerance: setting(
    'share',
    'a host may stand this much above the mean before it is relieved',
    0,
    10,
    0.5,
  ),
  stands_out: setting(
    'share',
    'a host is relieved only when it stands this much above the mean: less is noise',
    0,
    1,
    0.06,
  ),
  copy_share: setting('share', 'part of a host that one copy takes while it lasts', 0, 1, 0.08),
  imbalance_floor: setting('share', 'below this pressure imbalance harms nobody', 0, 1, 0.5),
  health_threshold: setting('score', 'hosts with a lower health score receive nothing', 0, 100, 40),
  moves_max: setting('count', 'moves in flight on one host, as source or destination', 1, 1_000, 4),
  max_shards: setting('count', 'shardlets one host may own', 1, 10_000_000, 1_000_000),
  zone_share_max: setting('share', 'part of a spread group that may lie in one zone', 0.01, 1, 1),
});

const shardletSettings = z.strictObject({
  shardlet_size: setting('bytes', 'fill level at which a shardlet counts as full', 1_000, TIB, 10_000_000),
  rate_cap: setting('events/s', 'forecast rate at which a shardlet counts as full', 0.001, 1e9, 5_000),
  fullness: setting('share', 'a fuller shardlet is split (by rate) or rolled (by bytes)', 0.1, 1, 0.8),
  host_share_max: setting('share', 'part of a host one shardlet may take before it is split', 0.01, 1, 0.25),
  key_share_max: setting(
    'share',
    'above this share of one key, halving the range does not help',
    0.3,
    1,
    0.5,
  ),
  key_ways_max: setting('count', 'parts one key may be split into', 2, 1_024, 16),
  merge_below: setting(
    'share',
    'two neighbours below this part of the split threshold are merged',
    0,
    0.5,
    0.1,
  ),
  max_shards: setting('count', 'shardlets of the cluster', 1, 100_000_000, 10_000_000),
  cooldown: setting('minutes', 'rest of a shardlet after a split, a merge or a move', 0, 10_080, 15),
});

const restSettings = z.strictObject({
  settle_time: setting(
    'minutes',
    'time in which a shardlet does not go back to where it came from',
    0,
    10_080,
    120,
  ),
  minimum_gain: setting('pressure', 'gain below which nothing is moved', 0, 1_000, 0.002),
  move_cost: setting('pressure', 'what any move costs', 0, 1_000, 0.002),
  move_cost_per_gb: setting('pressure', 'what moving 10^9 bytes costs', 0, 1_000, 0.02),
  churn_penalty: setting(
    'pressure',
    'added for every move of the same shardlet in the last day',
    0,
    1_000,
    0.005,
  ),
});

const weightSettings = z.strictObject({
  overload: setting('pressure', 'weight of pressure above fullness', 0, 1e6, 10),
  balance: setting('pressure', 'weight of uneven pressure', 0, 1e6, 0.05),
  affinity: setting('pressure', 'weight of keys read together lying apart', 0, 1e6, 0.05),
  health: setting('pressure', 'weight of a destination below full health', 0, 1e6, 0.01),
});

const forecastSettings = z.strictObject({
  horizon: setting('minutes', 'how far ahead load counts', 0, 10_080, 60),
  quantile: setting('share', 'quantile of the forecast that is planned for', 0.5, 0.999, 0.9),
  error_max: setting(
    'share',
    'forecasts with a larger relative error are not used: measured load is',
    0,
    100,
    1,
  ),
  peak_horizon: setting(
    'minutes',
    'how far ahead a peak is prepared for in the trough before it; 0: not at all',
    0,
    10_080,
    1_440,
  ),
  peak_error_max: setting(
    'share',
    'a peak is prepared for only where the forecast of its hour has at most this relative error',
    0,
    10,
    0.25,
  ),
});

const budgetSettings = z.strictObject({
  moves: setting('count', 'moves in one plan', 0, 10_000_000, 100_000),
  bytes: setting('bytes', 'bytes moved by one plan', 0, 2 ** 50, 2 ** 45),
  splits: setting('count', 'splits, rolls and merges in one plan', 0, 1_000_000, 10_000),
  copy_bytes_low: setting('bytes/s', 'slowest copy to be expected', 1, 1e12, 10_000_000),
  copy_bytes_high: setting('bytes/s', 'fastest copy to be expected', 1, 1e12, 100_000_000),
});

const scalingSettings = z.strictObject({
  hosts_min: setting('count', 'hosts that always stay', 1, 100_000, 1),
  hosts_max: setting('count', 'hosts there may be', 1, 100_000, 100_000),
  scale_in_fullness: setting('share', 'pressure the others may reach when a host is removed', 0.05, 1, 0.5),
  scale_in_rest: setting(
    'minutes',
    'time since the last change of hosts before one is removed',
    0,
    100_000,
    360,
  ),
});

/** What one host of the live cluster can take; memory is known from the host itself. */
const capacitySettings = z.strictObject({
  events_per_second: setting('events/s', 'events one host takes before it is full', 1, 1e9, 20_000),
  bytes_per_second: setting(
    'bytes/s',
    'bytes of events one host takes before it is full',
    1,
    1e12,
    20_000_000,
  ),
});

/** What is carried out without a person, in mode `auto`; all must hold. */
const autoSettings = z.strictObject({
  max_bytes: setting('bytes', 'larger moves wait for a person', 0, TIB, 1_000_000_000),
  max_events: setting('events/s', 'shardlets with more load wait for a person', 0, 1e9, 10_000),
  minimum_confidence: setting('share', 'what is less sure waits for a person', 0, 1, 0.7),
  minimum_gain: setting('pressure', 'what gains less waits for a person', 0, 1_000, 0.01),
});

/** What workers learn of the order of events. Off at first: it reads the whole log once more, and only people use what it finds. */
const anticipationSettings = z.strictObject({
  sample_share: setting('share', 'part of the keys whose events are learned; 0: nothing is learned', 0, 1, 0),
  slices: setting('count', 'models of a stream, each of a part of the keys; workers share them', 1, 64, 1),
  memory: setting('bytes', 'memory of one model; another value starts anew', 1_000_000, 1e9, 16_000_000),
  reserve: setting(
    'share',
    'room that is kept for announced load: 0 none, 1 for whatever is announced, between them where its value is above its cost',
    0,
    1,
    0,
  ),
  prefetch_threshold: setting(
    'share',
    'edges fetch what the map expects with at least this probability; 0: nothing for the map',
    0,
    1,
    0,
  ),
});

/** first and last */
const shardsSchema = z
  .tuple([z.int().min(0), z.int().min(0)])
  .refine(([first, last]) => first <= last, { error: 'the first shard comes before the last' });

const placementRuleSchema = z
  .strictObject({
    stream: z.string().min(1).max(63),
    /** first and last shard; left out: all of the stream */
    shards: shardsSchema.optional(),
    /** only hosts that have all of these labels */
    pinned_to: labelsSchema.optional(),
    /** over zones, of which none may have more than `host.zone_share_max` of them */
    spread_over_zones: z.boolean().default(false),
    /** the planner leaves them alone */
    frozen: z.boolean().default(false),
  })
  .refine(
    ({ pinned_to, spread_over_zones, frozen }) =>
      spread_over_zones || frozen || Object.keys(pinned_to ?? {}).length > 0,
    { error: 'a rule pins, spreads or freezes' },
  );
export type PlacementRule = z.infer<typeof placementRuleSchema>;

export const MODES = ['forecast-only', 'ask', 'auto'] as const;

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

const windowsSchema = z
  .array(
    z
      .strictObject({
        from: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as 04:00'),
        to: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as 05:30'),
        zone: z
          .string()
          .refine(isTimeZone, 'no time zone of the IANA list, such as Europe/Berlin')
          .default('UTC'),
        /** on which it begins; left out: every day */
        days: z.array(z.enum(WEEKDAYS)).min(1).max(WEEKDAYS.length).exactOptional(),
      })
      .refine(({ from, to }) => from !== to, {
        path: ['to'],
        error: 'a window ends at another time of day than it begins',
      }),
  )
  .max(32);

const { max_bytes, max_events, minimum_confidence, minimum_gain } = autoSettings.shape;
const { moves, bytes } = budgetSettings.shape;

const scopeSchema = z
  .strictObject({
    /** of ours: a stream, or some of its shards */
    stream: z.string().min(1).max(63).optional(),
    shards: shardsSchema.optional(),
    /** or a cluster that is not ours */
    cluster: z.string().min(1).max(64).optional(),
    mode: z.enum(MODES),
    /** what is left out is as for all */
    auto: z
      .strictObject({
        max_bytes: max_bytes.unwrap().exactOptional(),
        max_events: max_events.unwrap().exactOptional(),
        minimum_confidence: minimum_confidence.unwrap().exactOptional(),
        minimum_gain: minimum_gain.unwrap().exactOptional(),
        /** of one plan, in this scope; what is beyond it waits for the next plan or for a person; left out: no limit */
        budget_moves: moves.unwrap().exactOptional(),
        budget_bytes: bytes.unwrap().exactOptional(),
      })
      .default({}),
    /** left out: as for all; empty: any time */
    migration_window: windowsSchema.optional(),
  })
  .refine(({ stream, cluster }) => (stream === undefined) !== (cluster === undefined), {
    error: 'a scope is a stream or a cluster',
  })
  .refine(({ cluster, shards }) => cluster === undefined || shards === undefined, {
    path: ['shards'],
    error: 'a cluster that is not ours has no shards',
  });
export type PolicyScope = z.infer<typeof scopeSchema>;

export const policySchema = z.strictObject({
  version: z.literal(POLICY_VERSION).default(POLICY_VERSION),
  name: z.string().min(1).max(64).default('default'),
  /** forecast-only: nothing can be approved; ask: a person approves; auto: what meets `auto` needs nobody */
  mode: z.enum(MODES).default('forecast-only'),
  /** an approval needs two people; what `auto` approves needs nobody */
  four_eyes: z
    .boolean()
    .default(false)
    .meta({ description: 'a plan is approved by two people: who approved it first cannot do so alone' }),
  aggressiveness: setting('share', '0 moves for large gains only, 1 for any above the minimum', 0, 1, 0.5),
  recommendation_lifetime: setting('minutes', 'how long a recommendation stands', 1, 10_080, 30),
  host: hostSettings.prefault({}),
  shardlet: shardletSettings.prefault({}),
  rest: restSettings.prefault({}),
  weight: weightSettings.prefault({}),
  forecast: forecastSettings.prefault({}),
  budget: budgetSettings.prefault({}),
  scaling: scalingSettings.prefault({}),
  capacity: capacitySettings.prefault({}),
  auto: autoSettings.prefault({}),
  anticipation: anticipationSettings.prefault({}),
  /** empty: any time; times of day in the named zone */
  migration_window: windowsSchema.default([]),
  /** which hosts may have what; where several rules speak of a shardlet, all of them hold */
  placement: z.array(placementRuleSchema).max(64).default([]),
  /** where mode, criteria and windows are others than for all; of several that speak of a shardlet the first counts */
  scopes: z.array(scopeSchema).max(64).default([]),
});
export type Policy = z.infer<typeof policySchema>;

export const DEFAULT_POLICY: Policy = policySchema.parse({});

/**
 * What two settings of a policy cannot both mean, each for itself in its range; undefined when nothing is. Not part of the
 * schema, which has to read what was stored before somebody thought of it.
 */
export function contradictionOf({ host, scaling, budget }: Policy): string | undefined {
  if (scaling.hosts_min > scaling.hosts_max)
    return `scaling.hosts_min (${scaling.hosts_min}) is above scaling.hosts_max (${scaling.hosts_max})`;
  if (scaling.scale_in_fullness >= host.fullness)
    return `scaling.scale_in_fullness (${scaling.scale_in_fullness}) is not below host.fullness (${host.fullness}): the hosts left after one was removed would be hot at once`;
  if (host.hysteresis >= host.fullness)
    return `host.hysteresis (${host.hysteresis}) is not below host.fullness (${host.fullness}): a hot host would be relieved of all it has`;
  if (budget.copy_bytes_low > budget.copy_bytes_high)
    return `budget.copy_bytes_low (${budget.copy_bytes_low}) is above budget.copy_bytes_high (${budget.copy_bytes_high})`;
  return undefined;
}

/**
 * The streams and clusters it names that are not there. No contradiction, since they may come; until then what names
 * them holds for nothing, which may be a slip.
 */
export function absentFrom(
  { scopes, placement }: Policy,
  streams: readonly string[],
  clusters: readonly string[],
): string[] {
  const named = [...scopes, ...placement.map(({ stream }) => ({ stream, cluster: undefined }))];
  const absent = named.flatMap(({ stream, cluster }) => {
    if (stream !== undefined && !streams.includes(stream)) return [`stream ${stream}`];
    return cluster !== undefined && !clusters.includes(cluster) ? [`cluster ${cluster}`] : [];
  });
  return [...new Set(absent)];
}

/** Also by an older name, such as US/Eastern. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
