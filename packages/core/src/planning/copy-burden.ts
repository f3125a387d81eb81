/**
 * What a move costs while it is made: both hosts are burdened by the copy. On hosts with room that is next to nothing;
 * on full ones it is the overload the move was to prevent, so the same move is cheap before a peak and expensive in it.
 * Judged by the load of now, since a copy begins now.
 */
import type { PlanContext } from './context.ts';

const MINUTE_SECONDS = 60;

/** In units of the objective, for the part of the horizon that the copy lasts. */
export function copyBurden(context: PlanContext, shardlet: number, to: number): number {
  const { cluster, policy } = context;
  const { bytes, owner } = cluster.input.shardlets;
  const minutes = copyMinutes(policy, bytes[shardlet]!);
  const part = Math.min(1, minutes / Math.max(1, policy.forecast.horizon));
  if (part === 0) return 0;
  return part * (burdenOf(context, owner[shardlet]!) + burdenOf(context, to));
}

function burdenOf({ cluster, objective, policy }: PlanContext, host: number): number {
  if (host < 0) return 0;
  const now = pressureNow(cluster, host) + policy.host.copy_share * cluster.input.hosts.moves[host]!;
  return (
    cluster.hostWeight[host]! * (objective.hostCost(now + policy.host.copy_share) - objective.hostCost(now))
  );
}

/** Between the slowest and the fastest copy to be expected. */
function copyMinutes({ budget }: PlanContext['policy'], bytes: number): number {
  return bytes / Math.sqrt(budget.copy_bytes_low * budget.copy_bytes_high) / MINUTE_SECONDS;
}

function pressureNow({ input, load, inverse, width }: PlanContext['cluster'], host: number): number {
  let worst = 0;
  for (let column = 0; column < width; column++) {
    if (input.columns[column]!.aheadMinutes > 0) continue;
    const value = load[host * width + column]! * inverse[host * width + column]!;
    if (value > worst) worst = value;
  }
  return worst;
}
