/**
 * While a person carries out a part of a plan, its other moves are kept: the planner lays them onto the cluster as if
 * they were under way, so that it neither withdraws nor doubles them, and judges each of them again in every run.
 */
import {
  type ClusterState,
  marksOf,
  type Plan,
  type Policy,
  type Recommendation,
  SKIP_WORDS,
} from '../planning/index.ts';
import { MINUTE_MS } from '../telemetry/index.ts';
import type { PlanJudge, RecommendationRecord } from './recommendation-log.ts';

/** `kept`: parts that wait; `approved`: what will begin, of which the far future does not count yet. */
export function withUnderWay(
  state: ClusterState,
  { kept, approved }: Readonly<Record<'kept' | 'approved', readonly RecommendationRecord[]>>,
  { forecast }: Policy,
): ClusterState {
  const untilMs = Date.parse(state.now) + forecast.horizon * MINUTE_MS;
  const soon = approved.filter(({ notBeforeMs }) => notBeforeMs === null || notBeforeMs <= untilMs);
  const hosts = new Set(state.hosts.map(({ id }) => id));
  const owners = new Map(state.shardlets.map(({ id, host }) => [id, host]));
  const moves = new Map(state.moves.map((move) => [move.shardlet, move]));
  for (const { body } of [...kept, ...soon]) {
    const [shardlet] = body.shardlets;
    const { action, source: from, destination: to } = body;
    if (action !== 'move' || shardlet === undefined || from === null || to === null) continue;
    if (from === to || owners.get(shardlet) !== from || !hosts.has(to) || moves.has(shardlet)) continue;
    moves.set(shardlet, { shardlet, from, to });
  }
  return moves.size === state.moves.length ? state : { ...state, moves: [...moves.values()] };
}

export interface Judged {
  readonly state: ClusterState;
  readonly policy: Policy;
  /** the cluster as it is */
  readonly now: Plan;
  /** the newest plan */
  readonly made: Plan;
  readonly nameOf: (host: string) => string;
}

export function judgeOf(judged: Judged): PlanJudge {
  const { state, policy, now, nameOf } = judged;
  const shardletOf = new Map(state.shardlets.map((one) => [one.id, one]));
  const rowOf = new Map(now.cluster.input.hosts.ids.map((id, row) => [id, row]));
  const shardletRow = new Map(now.cluster.input.shardlets.ids.map((id, row) => [id, row]));
  const cool = marksOf({ cluster: now.cluster, policy }).cool;

  /** What has happened to the shardlet since. */
  function changed({ shardlets, source }: Recommendation): string | undefined {
    const [id] = shardlets;
    if (id === undefined) return undefined;
    const known = shardletOf.get(id);
    if (known === undefined)
      return /^\d+$/.test(id)
        ? `Shardlet ${id} was split, rolled or merged`
        : `Shardlet ${id} has its own number now`;
    if (source !== null && known.host !== source) return `Shardlet ${id} is on ${nameOf(known.host)} now`;
    if (state.moves.some((move) => move.shardlet === id)) return `Shardlet ${id} is being moved`;
    return undefined;
  }

  function isCool({ phase, source }: Recommendation): string | undefined {
    const row = rowOf.get(source ?? '');
    if (phase !== 'rebalance' || row === undefined) return undefined;
    const pressure = now.cluster.pressure[row]!;
    return pressure > cool ? undefined : `${nameOf(source!)} is at ${percent(pressure)} without it`;
  }

  function unfit({ phase, source, destination, shardlets }: Recommendation): string | undefined {
    const to = state.hosts.find(({ id }) => id === destination);
    if (to === undefined || to.state !== 'active') return `${nameOf(destination!)} takes no shardlets now`;
    if (to.health < policy.host.health_threshold) return `${nameOf(to.id)} is not healthy enough to take it`;
    const [from, dest, row] = [rowOf.get(source!)!, rowOf.get(to.id)!, shardletRow.get(shardlets[0]!)!];
    const after = now.cluster.pressureWith(dest, row, 1);
    if (phase === 'rebalance' && after >= now.cluster.pressure[from]!)
      return `${nameOf(to.id)} would be at ${percent(after)} with it, as full as ${nameOf(source!)} is without`;
    return undefined;
  }

  return {
    whyNotKept: (body) => changed(body) ?? isCool(body) ?? unfit(body),
    whyWithdrawn: (body) =>
      changed(body) ?? isCool(body) ?? leftAlone(judged, body) ?? 'A newer plan does without it',
  };
}

/** Why the newest plan leaves the shardlet alone, in its own words. */
function leftAlone({ made }: Judged, { shardlets }: Recommendation): string | undefined {
  const row = made.cluster.input.shardlets.ids.indexOf(shardlets[0] ?? '');
  const reason = row === -1 ? 'not-considered' : made.skips.reasonOf(row);
  return reason === 'not-considered' ? undefined : `Shardlet ${shardlets[0]}: ${SKIP_WORDS[reason]}`;
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
