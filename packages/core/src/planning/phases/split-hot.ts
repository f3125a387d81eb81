/**
 * Splits shardlets that are too hot to be placed well, again and again, until each part is below the threshold; rolls
 * those that are full of bytes alone. Runs before placement, because a split moves no data while every later remedy
 * does. A shardlet that is hot for one key is left to the next phase: half of its range would be as hot.
 *
 * Postcondition: the same ranges are covered and carry the same load.
 */
import { KEY_MAY_SPLIT } from '../columns.ts';
import type { Phase, PlanContext } from '../context.ts';
import { bytesFullness } from '../fullness.ts';
import { unshapeable } from '../gates.ts';
import type { SkipReason } from '../skip-reason.ts';

/** parts one shardlet is cut into at once; hotter ones go on at the next tick, with measured halves */
const PARTS_MAX = 16;

export const splitHot: Phase = {
  name: 'split-hot',
  run(context) {
    const { cluster, policy, rows, fullnessAtStart } = context;
    for (let at = 0; at < rows.length; at++) {
      const shardlet = rows[at]!;
      const rate = fullnessAtStart[shardlet]!;
      const bytes = bytesFullness(cluster, policy, shardlet);
      if ((rate <= policy.shardlet.fullness && bytes <= policy.shardlet.fullness) || cluster.isGone(shardlet))
        continue;
      const reason = refusal(context, shardlet, rate);
      if (reason !== undefined) context.skips.shardlet(shardlet, reason);
      else if (rate > policy.shardlet.fullness) split(context, shardlet, rate);
      else roll(context, shardlet, bytes);
    }
  },
};

function refusal(context: PlanContext, shardlet: number, rate: number): SkipReason | undefined {
  const { cluster, policy, budget } = context;
  const { topKeyShare, flags } = cluster.input.shardlets;
  const isRate = rate > policy.shardlet.fullness;
  const rest = unshapeable(context, shardlet);
  if (rest !== undefined) return rest;
  if (isRate && topKeyShare[shardlet]! > policy.shardlet.key_share_max)
    return (flags[shardlet]! & KEY_MAY_SPLIT) === 0 ? 'key-order-forbids' : 'one-key-dominates';
  if (isRate && cluster.count >= policy.shardlet.max_shards) return 'at-max-shards';
  return budget.splits <= 0 ? 'budget-splits' : undefined;
}

function split(context: PlanContext, shardlet: number, fullness: number): void {
  const { cluster, policy, budget, nowMs } = context;
  const { shardlets } = cluster.input;
  const parts = Math.min(PARTS_MAX, budget.splits + 1, Math.ceil(fullness / policy.shardlet.fullness));
  const host = shardlets.owner[shardlet]!;
  const hostShare = cluster.shareOf(host, shardlet);
  const children: number[] = [];
  const id = shardlets.ids[shardlet]!;
  // each child takes its part of what is left, so that all end up equal
  for (let left = parts; left > 1; left--)
    children.push(cluster.splitOff(shardlet, 1 / left, `${id}/${children.length + 1}`));
  for (const part of [shardlet, ...children]) shardlets.reshapedAtMs[part] = nowMs;
  budget.splits -= children.length;
  const shares = children.map(() => 1 / parts);
  context.actions.push({
    kind: 'split',
    phase: 'split-hot',
    shardlet,
    host,
    children,
    shares,
    hostShare,
    fullness,
  });
}

function roll(context: PlanContext, shardlet: number, fullness: number): void {
  const { shardlets } = context.cluster.input;
  context.budget.splits--;
  shardlets.reshapedAtMs[shardlet] = context.nowMs;
  context.actions.push({
    kind: 'roll',
    phase: 'split-hot',
    shardlet,
    host: shardlets.owner[shardlet]!,
    fullness,
  });
}
