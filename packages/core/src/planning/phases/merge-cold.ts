/**
 * Merges neighbours that together need far less than one shardlet: every shardlet costs a range in every edge's map
 * and a line in every checkpoint. Far below the split threshold, so that a merge is not undone by the next split, and
 * only on one host, because a merge is not worth a move.
 */
import { NONE } from '../columns.ts';
import type { Phase, PlanContext } from '../context.ts';
import { bytesFullness, rateFullness } from '../fullness.ts';
import { unshapeable } from '../gates.ts';
import type { SkipReason } from '../skip-reason.ts';

export const mergeCold: Phase = {
  name: 'merge-cold',
  run(context) {
    const { cluster, policy, skips } = context;
    const { right } = cluster.input.shardlets;
    const threshold = policy.shardlet.fullness * policy.shardlet.merge_below;
    for (let at = 0; at < context.rows.length; at++) {
      const left = context.rows[at]!;
      const other = right[left]!;
      // most are ruled out by what is known already, which is never more than the fullness that counts here
      if (other === NONE || context.fullnessAtStart[left]! + context.fullnessAtStart[other]! >= threshold)
        continue;
      const rate =
        rateFullness(cluster, policy, left, { of: 'smaller' }) +
        rateFullness(cluster, policy, other, { of: 'smaller' });
      if (rate >= threshold || cluster.isGone(left)) continue;
      const reason = refusal(context, left, other);
      if (reason !== undefined) skips.shardlet(left, reason);
      else merge(context, left, other, rate);
    }
  },
};

function refusal(context: PlanContext, left: number, right: number): SkipReason | undefined {
  const { cluster, policy, budget } = context;
  const rest = unshapeable(context, left) ?? unshapeable(context, right);
  if (rest !== undefined) return rest;
  const { owner, pin, group } = cluster.input.shardlets;
  if (owner[left] !== owner[right]) return 'neighbour-elsewhere';
  if (pin[left] !== pin[right]) return 'pinned-elsewhere';
  if (group[left] !== group[right]) return 'group-elsewhere';
  // the successor must not be full at once
  if (bytesFullness(cluster, policy, left) + bytesFullness(cluster, policy, right) > policy.shardlet.fullness)
    return 'gain-too-small';
  return budget.splits <= 0 ? 'budget-splits' : undefined;
}

function merge(context: PlanContext, left: number, right: number, fullness: number): void {
  const { cluster, budget, nowMs, actions } = context;
  const { shardlets } = cluster.input;
  cluster.absorb(left, right);
  shardlets.reshapedAtMs[left] = nowMs;
  budget.splits--;
  actions.push({ kind: 'merge', phase: 'merge-cold', left, right, host: shardlets.owner[left]!, fullness });
}
