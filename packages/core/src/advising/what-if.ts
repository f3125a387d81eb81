/**
 * What would become of the cluster if: changes are laid onto its state as it is now, nothing else is touched, and the
 * planner says what it would then do. Three pictures of every host come out: as it is, after the changes, and after
 * what the planner would do about them.
 */
import { z } from 'zod';
import { ForeshardError } from '../kernel/index.ts';
import {
  type ClusterState,
  compileState,
  documentOf,
  type Plan,
  type PlanDocument,
  type Policy,
  plan,
  policySchema,
} from '../planning/index.ts';
import { figures } from './realising.ts';

const id = z.string().min(1).max(64);
const part = z
  .strictObject({
    stream: z.string().min(1).optional(),
    shard: z.int().min(0).optional(),
    host: id.optional(),
    shardlets: z.array(id).min(1).max(1_000).optional(),
  })
  .describe('what all of these name; nothing named: everything');

/** One thing that is supposed. Hosts and shardlets are named by their numbers, as texts. */
export const whatIfChangeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('move'), shardlet: id, to: id }),
  z.strictObject({ kind: z.literal('split'), shardlet: id }),
  z.strictObject({ kind: z.literal('lose-host'), host: id }),
  z.strictObject({ kind: z.literal('drain-host'), host: id }),
  z.strictObject({ kind: z.literal('add-hosts'), count: z.int().min(1).max(1_000) }),
  z.strictObject({
    kind: z.literal('load'),
    factor: z.number().min(0).max(1_000).describe('measured and forecast load become so many times as much'),
    of: part.default({}),
  }),
  z.strictObject({
    kind: z.literal('policy'),
    policy: z.looseObject({}).describe('settings that differ from the policy that holds'),
  }),
]);
export type WhatIfChange = z.infer<typeof whatIfChangeSchema>;

export const whatIfRequestSchema = z.strictObject({
  changes: z.array(whatIfChangeSchema).max(100),
});
export type WhatIfRequest = z.infer<typeof whatIfRequestSchema>;

export interface HostPicture {
  /** worst resource at any step of the horizon, over the host's capacity */
  readonly pressure: number;
  readonly eventsPerSecond: number;
  readonly shardlets: number;
}

export interface HostOutcome {
  readonly host: string;
  /** null: it is not there yet */
  readonly now: HostPicture | null;
  readonly changed: HostPicture;
  readonly planned: HostPicture;
  /** dead: what it has in the pictures of after has no place */
  readonly isLost: boolean;
}

export interface WhatIfAnswer {
  readonly at: string;
  readonly topologyVersion: number;
  /** host with the most pressure in any of the three pictures first, at most 200 */
  readonly hosts: readonly HostOutcome[];
  /** all hosts of the state, those that are not listed too */
  readonly hostCount: number;
  readonly now: Plan['before'];
  /** what the planner would do after the changes, with figures before and after; at most 200 recommendations */
  readonly plan: PlanDocument;
  readonly recommendationCount: number;
}

const HOSTS_MAX = 200;
const RECOMMENDATIONS_MAX = 200;

/** @throws ForeshardError invalid_record with the pointer of a change that names what is not there */
export function whatIf(state: ClusterState, policy: Policy, { changes }: WhatIfRequest): WhatIfAnswer {
  const nowMs = Date.parse(state.now);
  const supposed = changes.reduce((so, change, i) => apply(so, change, `/changes/${i}`), { state, policy });
  const now = figures(state, policy);
  const changed = figures(supposed.state, supposed.policy);
  const planned = plan(compileState(supposed.state, supposed.policy), supposed.policy, nowMs);
  const document = documentOf(planned, supposed.policy);
  const lost = new Set(supposed.state.hosts.filter((one) => one.state === 'dead').map((one) => one.id));
  const outcomes = outcomesOf(picturesOf(now), picturesOf(changed), picturesOf(planned), lost);
  return {
    at: state.now,
    topologyVersion: state.topologyVersion,
    hosts: outcomes.slice(0, HOSTS_MAX),
    hostCount: outcomes.length,
    now: now.before,
    plan: { ...document, recommendations: document.recommendations.slice(0, RECOMMENDATIONS_MAX) },
    recommendationCount: document.recommendations.length,
  };
}

interface Supposed {
  readonly state: ClusterState;
  readonly policy: Policy;
}

function apply({ state, policy }: Supposed, change: WhatIfChange, pointer: string): Supposed {
  switch (change.kind) {
    case 'policy':
      return { state, policy: changedPolicy(policy, change.policy, `${pointer}/policy`) };
    case 'move':
      requireHost(state, change.to, `${pointer}/to`);
      return { state: moved(state, change, `${pointer}/shardlet`), policy };
    case 'split':
      return { state: halved(state, change.shardlet, `${pointer}/shardlet`), policy };
    case 'lose-host':
    case 'drain-host': {
      requireHost(state, change.host, `${pointer}/host`);
      const to = change.kind === 'lose-host' ? ('dead' as const) : ('draining' as const);
      // what is lost cannot be emptied any more
      const hosts = state.hosts.map((one) =>
        one.id === change.host && one.state !== 'dead' ? { ...one, state: to } : one,
      );
      return { state: { ...state, hosts }, policy };
    }
    case 'add-hosts':
      return { state: { ...state, hosts: [...state.hosts, ...newHosts(state, change.count)] }, policy };
    case 'load':
      return { state: grown(state, change, `${pointer}/of`), policy };
  }
}

function requireHost({ hosts }: ClusterState, host: string, pointer: string): void {
  if (!hosts.some((one) => one.id === host))
    throw new ForeshardError('invalid_record', `There is no host ${host}.`, { pointer });
}

function unknownShardlet(shardlet: string, pointer: string): ForeshardError {
  return new ForeshardError('invalid_record', `There is no shardlet ${shardlet} that takes events.`, {
    pointer,
  });
}

function changedPolicy(
  policy: Policy,
  differences: Readonly<Record<string, unknown>>,
  pointer: string,
): Policy {
  const parsed = policySchema.safeParse(merged(policy, differences));
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new ForeshardError('invalid_record', message, {
    pointer: [pointer, ...path.map(String)].join('/'),
  });
}

/** Groups of settings are merged, everything else is replaced. */
function merged(policy: Policy, differences: Readonly<Record<string, unknown>>): object {
  const own = policy as unknown as Record<string, unknown>;
  const values = Object.entries(differences).map(([name, value]) => [
    name,
    isGroup(own[name]) && isGroup(value) ? { ...own[name], ...value } : value,
  ]);
  return { ...policy, ...Object.fromEntries(values) };
}

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function moved(state: ClusterState, { shardlet, to }: { shardlet: string; to: string }, pointer: string) {
  if (!state.shardlets.some(({ id }) => id === shardlet)) throw unknownShardlet(shardlet, pointer);
  const shardlets = state.shardlets.map((one) => (one.id === shardlet ? { ...one, host: to } : one));
  return { ...state, shardlets, moves: state.moves.filter((move) => move.shardlet !== shardlet) };
}

type ShardletState = ClusterState['shardlets'][number];

/** Into two of equal load on the same host, or as equal as the heaviest key allows. What is stored stays where it is. */
function halved(state: ClusterState, shardlet: string, pointer: string): ClusterState {
  const at = state.shardlets.findIndex(({ id }) => id === shardlet);
  if (at === -1) throw unknownShardlet(shardlet, pointer);
  const whole = state.shardlets[at]!;
  const { range: _, ...rest } = whole;
  const heavy = whole.keyMaySplit ? 0.5 : Math.max(0.5, whole.topKeyShare);
  const parts = [
    { ...scaled(rest, heavy), id: `${shardlet}-left`, topKeyShare: Math.min(1, whole.topKeyShare / heavy) },
    { ...scaled(rest, 1 - heavy), id: `${shardlet}-right`, bytes: 0, topKeyShare: 0 },
  ];
  return { ...state, shardlets: state.shardlets.toSpliced(at, 1, ...parts) };
}

function grown(
  state: ClusterState,
  { factor, of }: Extract<WhatIfChange, { kind: 'load' }>,
  pointer: string,
): ClusterState {
  if (of.host !== undefined) requireHost(state, of.host, `${pointer}/host`);
  const named = of.shardlets === undefined ? undefined : new Set(of.shardlets);
  const belongs = (one: ShardletState) =>
    (of.stream === undefined || one.stream === of.stream) &&
    (of.shard === undefined || one.shard === of.shard) &&
    (of.host === undefined || one.host === of.host) &&
    (named === undefined || named.has(one.id));
  if (!state.shardlets.some(belongs))
    throw new ForeshardError('invalid_record', 'No shardlet belongs to what is named.', { pointer });
  return {
    ...state,
    shardlets: state.shardlets.map((one) => (belongs(one) ? scaled(one, factor) : one)),
  };
}

/** Memory and disk are what is stored already: they stay. */
const STORED: ReadonlySet<string> = new Set(['memoryBytes', 'diskBytes']);

function scaled<S extends Omit<ShardletState, 'range'>>(one: S, factor: number): S {
  const load = Object.entries(one.load).map(([name, value]) => [
    name,
    STORED.has(name) ? value : (value ?? 0) * factor,
  ]);
  const forecast = one.forecast.map(({ aheadMinutes, quantiles }) => ({
    aheadMinutes,
    quantiles: Object.fromEntries(Object.entries(quantiles).map(([level, value]) => [level, value * factor])),
  }));
  return { ...one, load: Object.fromEntries(load), forecast };
}

/** Hosts of a live cluster are named by numbers. */
const SUPPOSED = 'new-';

/** As large as the largest active one. */
function newHosts({ hosts }: ClusterState, count: number): ClusterState['hosts'] {
  const already = hosts.filter(({ id }) => id.startsWith(SUPPOSED)).length;
  const like = hosts
    .filter(({ state }) => state === 'active')
    .reduce<ClusterState['hosts'][number] | undefined>(
      (best, one) =>
        (one.capacity.eventsPerSecond ?? 0) > (best?.capacity.eventsPerSecond ?? -1) ? one : best,
      undefined,
    );
  const { zone, capacity, labels } = like ?? hosts[0]!;
  return Array.from({ length: count }, (_, i) => ({
    id: `${SUPPOSED}${already + i + 1}`,
    ...{ zone, capacity, labels, state: 'active' as const, health: 100 },
  }));
}

/** By host. */
function picturesOf({ cluster }: Plan): Map<string, HostPicture> {
  const { hosts, columns } = cluster.input;
  const events = columns.findIndex(
    ({ resource, aheadMinutes }) => resource === 'eventsPerSecond' && aheadMinutes === 0,
  );
  return new Map(
    hosts.ids.map((host, row) => [
      host,
      {
        pressure: cluster.pressure[row]!,
        eventsPerSecond: events === -1 ? 0 : cluster.load[row * cluster.width + events]!,
        shardlets: cluster.owned[row]!,
      },
    ]),
  );
}

type Pictures = ReadonlyMap<string, HostPicture>;

function outcomesOf(
  now: Pictures,
  changed: Pictures,
  planned: Pictures,
  lost: ReadonlySet<string>,
): HostOutcome[] {
  const worst = ({ now, changed, planned }: HostOutcome) =>
    Math.max(now?.pressure ?? 0, changed.pressure, planned.pressure);
  return [...changed.keys()]
    .map((host) => ({
      host,
      now: now.get(host) ?? null,
      changed: changed.get(host)!,
      planned: planned.get(host)!,
      isLost: lost.has(host),
    }))
    .sort((a, b) => worst(b) - worst(a));
}
