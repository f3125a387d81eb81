/**
 * A plan as people and programs read it: every action with its evidence, what else was thought of, and which checks
 * it passed; and where nothing is done, why. The revision is a digest of what was decided on, so that an approval
 * holds for exactly this proposal at exactly this version of the topology.
 */
import type { Action, AddHostsAction, MoveAction, SplitAction } from './action.ts';
import { type Area, demandDoubt, MEASURED_ONLY, NONE } from './columns.ts';
import { relativeError } from './compile-state.ts';
import { MINUTE_MS } from './context.ts';
import { dependenciesOf } from './dependencies.ts';
import { withHostsAdded } from './hosts-added.ts';
import type { Plan } from './plan.ts';
import type { Policy } from './policy.ts';
import { SKIP_WORDS, type SkipReason } from './skip-reason.ts';

export interface Check {
  readonly check: string;
  readonly value: number;
  readonly limit: number;
  readonly passed: boolean;
}

export interface Recommendation {
  /** place in the plan, from 1; later ones assume the earlier ones */
  readonly step: number;
  /** earlier steps without which this one cannot be carried out; absent where there are none */
  readonly dependsOn?: readonly number[];
  readonly action: Action['kind'];
  readonly phase: Action['phase'];
  readonly shardlets: readonly string[];
  /** of its shardlets, which never are of several; absent where it has none */
  readonly area?: Area;
  readonly source: string | null;
  readonly destination: string | null;
  /** a peak hours away, and the quietest time before it; absent where it is needed sooner */
  readonly prepares?: { readonly peakAt: string; readonly bestAt: string };
  /** how many hosts are asked for; missing where none is */
  readonly hosts?: number;
  readonly reason: string;
  /** its forecast was too unsure, so it is a reaction to what was measured; absent elsewhere */
  readonly isReaction?: true;
  readonly urgency: 'now' | 'soon' | 'when-convenient';
  /** when the source goes over its capacity if nothing is done; null: not within the horizon */
  readonly overloadAt: string | null;
  /** in units of the objective; null where it is not weighed */
  readonly gain: { readonly expected: number; readonly low: number; readonly high: number } | null;
  /** of a move: what its hosts are at, as shares of what they can take; absent where the source is dead */
  readonly effect?: {
    readonly sourceBefore: number;
    readonly sourceAfter: number;
    readonly destinationAfter: number;
  };
  readonly cost: { readonly objective: number; readonly bytes: number };
  readonly etaSeconds: { readonly low: number; readonly high: number } | null;
  /** 0 to 1: how sure the forecast is that this is needed */
  readonly confidence: number;
  readonly expiresAt: string;
  readonly alternatives: readonly {
    readonly host: string;
    readonly gain: number | null;
    readonly whyNot: string;
  }[];
  readonly checks: readonly Check[];
}

export interface PlanDocument {
  readonly revision: string;
  readonly topologyVersion: number;
  readonly policy: { readonly name: string; readonly version: number };
  readonly now: string;
  readonly recommendations: readonly Recommendation[];
  readonly before: Plan['before'];
  readonly after: Plan['after'];
  readonly skipped: Partial<Record<SkipReason, number>>;
  readonly hosts: readonly {
    readonly phase: string;
    readonly host: string | null;
    readonly reason: SkipReason;
  }[];
  /** set when there is nothing to do */
  readonly nothingBecause: string | null;
}

/** `outcome`: the plan with the hosts it asks for, where somebody has made it already. */
export function documentOf(plan: Plan, policy: Policy, outcome = withHostsAdded(plan, policy)): PlanDocument {
  const { input } = plan.cluster;
  const dependencies = dependenciesOf(plan, policy);
  const recommendations = plan.actions.map((action, i) => ({
    ...recommendationOf(plan, policy, action, i + 1),
    ...(dependencies[i]!.length > 0 ? { dependsOn: dependencies[i]! } : {}),
  }));
  const body = {
    topologyVersion: input.topologyVersion,
    policy: { name: policy.name, version: policy.version },
    now: timeOf(plan.nowMs),
    recommendations,
    before: plan.before,
    after: outcome.after,
    skipped: plan.skips.counts(),
    hosts: plan.skips.hosts.map(({ phase, host, reason }) => ({ phase, host: nameOf(plan, host), reason })),
    nothingBecause: plan.actions.length > 0 ? null : nothingBecause(plan, policy),
  };
  return { revision: digestOf(JSON.stringify([body.topologyVersion, policy, recommendations])), ...body };
}

/** Nothing to do is an answer that has a reason too. */
function nothingBecause({ before, skips }: Plan, policy: Policy): string {
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  const hottest = `the hottest host is at ${percent(before.hottest)} of its capacity within the horizon`;
  const reasons = [...new Set(skips.hosts.map(({ reason }) => reason))];
  const more = skippedInWords(skips.counts());
  if (before.hotHosts > 0)
    return `${hottest}, above ${percent(policy.host.fullness)}, but nothing helps: ${[...reasons.map((reason) => SKIP_WORDS[reason]), ...more].join('; ')}`;
  if (reasons.includes('not-empty-yet'))
    return `hosts that are dead or leaving still have shardlets: ${more.join('; ')}`;
  if (reasons.includes('capacity-unknown'))
    return 'no host says what it can take, so none is hot and none is spare: give the hosts a capacity';
  const left = more.length > 0 ? `; left alone: ${more.join('; ')}` : '';
  return `${hottest}, below the ${percent(policy.host.fullness)} at which one is hot; nothing is full, cold or leaving${left}`;
}

/** What was left alone, a text a reason: "3 shardlets: it is frozen". */
export function skippedInWords(skipped: PlanDocument['skipped']): string[] {
  return Object.entries(skipped).map(
    ([reason, count]) =>
      `${count} ${count === 1 ? 'shardlet' : 'shardlets'}: ${SKIP_WORDS[reason as SkipReason]}`,
  );
}

function recommendationOf(plan: Plan, policy: Policy, action: Action, step: number): Recommendation {
  const common = {
    step,
    action: action.kind,
    phase: action.phase,
    expiresAt: timeOf(plan.nowMs + policy.recommendation_lifetime * MINUTE_MS),
    overloadAt: null,
    gain: null,
    cost: { objective: 0, bytes: 0 },
    etaSeconds: null,
    confidence: 1,
    alternatives: [],
    checks: [],
    shardlets: [],
    source: null,
    destination: null,
    urgency: 'when-convenient' as const,
  };
  const details = detailsOf(plan, policy, action);
  return {
    ...common,
    ...details,
    ...areaOf(plan, action),
    ...('shardlet' in action ? fallback(plan, policy, action.shardlet, details.reason) : {}),
    ...('shardlet' in action ? forAnnounced(plan, action, details, common.expiresAt) : {}),
  };
}

/** phases that act on load; the others place what lies on hosts that are dead, leave or break a rule */
const FOR_LOAD: ReadonlySet<string> = new Set(['split-hot', 'rebalance', 'make-room']);

/** What it keeps room for: of the shardlet itself, or of one that stays on the host it leaves. */
function forAnnounced(
  { cluster }: Plan,
  action: Extract<Action, { shardlet: number }>,
  { reason, urgency, confidence = 1 }: Partial<Recommendation> & { reason: string },
  expiresAt: string,
): Partial<Recommendation> {
  const { announced, shardlets } = cluster.input;
  // what is needed whatever comes has nothing to do with it
  if (announced === undefined || !FOR_LOAD.has(action.phase) || urgency === 'now') return {};
  const own = announced.get(action.shardlet);
  const from = action.kind === 'move' ? action.from : NONE;
  const beside = [...announced].find(([row]) => from !== NONE && shardlets.owner[row] === from)?.[1];
  const found = own ?? beside;
  if (found === undefined) return {};
  const { cause, probability, expectedAtMs, endsAtMs } = found;
  return {
    reason: `${reason}; keeps room for a burst that ${cause} announces for ${timeOf(expectedAtMs)}, with a probability of ${share(probability)}, until ${timeOf(endsAtMs)}`,
    expiresAt: Date.parse(expiresAt) < endsAtMs ? expiresAt : timeOf(endsAtMs),
    confidence: Math.min(confidence, probability),
  };
}

function areaOf({ cluster }: Plan, action: Action): { area?: Area } {
  const { areas, shardlets } = cluster.input;
  const shardlet = 'shardlet' in action ? action.shardlet : action.kind === 'merge' ? action.left : NONE;
  const area = areas[shardlets.area[shardlet] ?? NONE];
  return area === undefined ? {} : { area };
}

/** Where the forecast was too unsure to be used, that is said with the reason. */
function fallback(
  { cluster }: Plan,
  { forecast }: Policy,
  shardlet: number,
  reason: string,
): Partial<Recommendation> {
  const { flags, doubt } = cluster.input.shardlets;
  if ((flags[shardlet]! & MEASURED_ONLY) === 0) return {};
  const error = relativeError(doubt[shardlet]!);
  const off = Number.isFinite(error) ? `may be off by ${share(error)}` : 'is nothing but doubt';
  return {
    isReaction: true,
    reason: `${reason}; by measured load, since its forecast ${off} (limit ${share(forecast.error_max)})`,
  };
}

function detailsOf(plan: Plan, policy: Policy, action: Action): Partial<Recommendation> & { reason: string } {
  const { ids } = plan.cluster.input.shardlets;
  switch (action.kind) {
    case 'move':
      return moveDetails(plan, policy, action);
    case 'split':
    case 'split-below-key':
      return splitDetails(plan, policy, action);
    case 'roll':
      return {
        shardlets: [ids[action.shardlet]!],
        source: nameOf(plan, action.host),
        urgency: 'soon',
        reason: `it holds ${multiple(action.fullness)} the bytes of a full shardlet: a successor takes the same range`,
        checks: [
          {
            check: 'shardlet.fullness',
            value: action.fullness,
            limit: policy.shardlet.fullness,
            passed: true,
          },
        ],
      };
    case 'merge':
      return {
        shardlets: [ids[action.left]!, ids[action.right]!],
        source: nameOf(plan, action.host),
        reason: `two cold neighbours on one host need ${share(action.fullness)} of one shardlet together`,
      };
    case 'add-hosts':
      return {
        destination: plan.cluster.input.hosts.zones[action.zone]!,
        hosts: action.count,
        urgency: action.pressure > 1 ? 'now' : 'soon',
        overloadAt: action.pressure > 1 ? timeOf(plan.nowMs + action.aheadMinutes * MINUTE_MS) : null,
        reason: `${whyHosts(action)}, in zone ${plan.cluster.input.hosts.zones[action.zone]}`,
      };
    case 'remove-host':
      return {
        source: nameOf(plan, action.host),
        reason: `the others would be at ${share(action.pressureAfter)} without it: drain it, then remove it`,
        checks: [
          {
            check: 'scaling.scale_in_fullness',
            value: action.pressureAfter,
            limit: policy.scaling.scale_in_fullness,
            passed: true,
          },
        ],
      };
  }
}

function whyHosts({ pressure, count }: AddHostsAction): string {
  if (!Number.isFinite(pressure))
    return `no active host can take anything, and shardlets need a place: ${count} more`;
  return `all active hosts together would be at ${share(pressure)}: ${count} more of their mean capacity`;
}

function moveDetails(
  plan: Plan,
  policy: Policy,
  action: MoveAction,
): Partial<Recommendation> & { reason: string } {
  const { shardlets, hosts } = plan.cluster.input;
  const overloadAt = overloadOf(plan, action);
  const { copy_bytes_low, copy_bytes_high } = policy.budget;
  // what a dead host would have to do no longer matters
  const change =
    action.phase === 'repair-dead-hosts'
      ? ''
      : `from ${share(action.sourcePressure)} to ${share(action.sourcePressureAfter)}, `;
  return {
    shardlets: [shardlets.ids[action.shardlet]!],
    source: nameOf(plan, action.from),
    destination: nameOf(plan, action.to),
    reason: `${WHY_MOVED[action.phase] ?? 'relieves its host'}: ${change}the destination to ${share(action.destinationPressureAfter)}`,
    urgency:
      action.phase === 'repair-dead-hosts' || overloadAt === plan.nowMs
        ? 'now'
        : overloadAt === null
          ? 'when-convenient'
          : 'soon',
    overloadAt: overloadAt === null ? null : timeOf(overloadAt),
    gain: { expected: action.gain, low: action.gainLow, high: action.gainHigh },
    effect: {
      sourceBefore: action.sourcePressure,
      sourceAfter: action.sourcePressureAfter,
      destinationAfter: action.destinationPressureAfter,
    },
    cost: { objective: action.cost, bytes: action.bytes },
    etaSeconds: { low: action.bytes / copy_bytes_high, high: action.bytes / copy_bytes_low },
    confidence: 1 - Math.min(1, demandDoubt(shardlets, action.shardlet)),
    alternatives: action.alternatives.map(({ host, gain, why }) => ({
      host: hosts.ids[host]!,
      gain: gain ?? null,
      whyNot: why,
    })),
    checks: [
      {
        check: 'host.capacity_limit',
        value: action.destinationPressureAfter,
        limit: policy.host.capacity_limit,
        passed: action.destinationPressureAfter <= policy.host.capacity_limit,
      },
      {
        check: 'host.health_threshold',
        value: hosts.health[action.to]!,
        limit: policy.host.health_threshold,
        passed: hosts.health[action.to]! >= policy.host.health_threshold,
      },
    ],
  };
}

const WHY_MOVED: Partial<Record<Action['phase'], string>> = {
  'repair-dead-hosts': 'its host is dead',
  'evacuate-drained': 'its host is drained',
  'place-pinned': 'its host lacks a label that it is pinned to',
  'spread-zones': 'its zone has more of its group than the policy allows',
  'make-room': 'makes room on its host for a shardlet of one above its capacity, which no host has now',
};

/** The first step ahead at which the source goes over its capacity, had nothing been moved off it. */
function overloadOf({ cluster, nowMs }: Plan, { from, sourcePressure }: MoveAction): number | null {
  if (from === NONE || sourcePressure <= 1) return null;
  const ahead = cluster.input.columns
    .filter((_, c) => {
      const at = from * cluster.width + c;
      // what was moved away has left the sum; the pressure before tells how much more there was
      const before =
        (cluster.load[at]! * cluster.inverse[at]! * sourcePressure) /
        Math.max(1e-12, cluster.pressure[from]!);
      return before > 1;
    })
    .map(({ aheadMinutes }) => aheadMinutes);
  return nowMs + (ahead.length > 0 ? Math.min(...ahead) : 0) * MINUTE_MS;
}

function splitDetails(
  plan: Plan,
  policy: Policy,
  action: SplitAction,
): Partial<Recommendation> & { reason: string } {
  const { shardlets } = plan.cluster.input;
  const parts = action.children.length + 1;
  const between = action.setsApart ? 'so that its hottest key is apart' : 'of equal load';
  const what =
    action.kind === 'split'
      ? `into ${parts} ranges ${between}`
      : `below its hottest key into ${parts}, by event`;
  return {
    shardlets: [shardlets.ids[action.shardlet]!, ...action.children.map((child) => shardlets.ids[child]!)],
    source: nameOf(plan, action.host),
    urgency: action.hostShare > 1 ? 'now' : 'soon',
    confidence: 1 - Math.min(1, demandDoubt(shardlets, action.shardlet)),
    reason: `it takes ${multiple(action.fullness)} what one shardlet may, and ${multiple(action.hostShare)} its host: ${what}`,
    checks: [
      { check: 'shardlet.fullness', value: action.fullness, limit: policy.shardlet.fullness, passed: true },
    ],
  };
}

function nameOf({ cluster }: Plan, host: number): string | null {
  return host === NONE ? null : cluster.input.hosts.ids[host]!;
}

function share(value: number): string {
  return `${(100 * value).toFixed(0)} %`;
}

/** In front of what it is a part or a multiple of. */
function multiple(value: number): string {
  return value < 10 ? `${share(value)} of` : `${value.toFixed(0)} times`;
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** FNV-1a, twice with different starts: tells proposals apart, protects from nothing. */
function digestOf(text: string): string {
  return [0x811c9dc5, 0x01000193].map((seed) => fnv(text, seed).toString(16).padStart(8, '0')).join('');
}

function fnv(text: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
