/**
 * The remedy for one hot key, which no placement cures: its events are spread over several shardlets by their ids,
 * below the key. Per-key order is given up by that, so it happens only where the stream allows it. It is a measure
 * against heat that is there, not against heat foreseen: which key becomes hot is seldom known before.
 */
import { KEY_MAY_SPLIT } from '../columns.ts';
import type { Phase, PlanContext } from '../context.ts';
import { unshapeable } from '../gates.ts';
import type { SkipReason } from '../skip-reason.ts';

export const splitBelowHotKeys: Phase = {
  name: 'split-below-hot-keys',
  run(context) {
    const { cluster, policy, skips } = context;
    const { topKeyShare } = cluster.input.shardlets;
    for (let at = 0; at < context.rows.length; at++) {
      const shardlet = context.rows[at]!;
      if (topKeyShare[shardlet]! <= policy.shardlet.key_share_max || cluster.isGone(shardlet)) continue;
      const fullness = context.fullnessAtStart[shardlet]!;
      if (fullness <= policy.shardlet.fullness) continue;
      const reason = refusal(context, shardlet);
      if (reason !== undefined) skips.shardlet(shardlet, reason);
      else spread(context, shardlet, fullness);
    }
  },
};

function refusal(context: PlanContext, shardlet: number): SkipReason | undefined {
  const { cluster, policy, budget } = context;
  if ((cluster.input.shardlets.flags[shardlet]! & KEY_MAY_SPLIT) === 0) return 'key-order-forbids';
  const rest = unshapeable(context, shardlet);
  // a hot key does not wait for the cooldown of the split that isolated it
  if (rest !== undefined && rest !== 'cooling-down') return rest;
  if (cluster.count >= policy.shardlet.max_shards) return 'at-max-shards';
  return budget.splits <= 0 ? 'budget-splits' : undefined;
}

function spread(context: PlanContext, shardlet: number, fullness: number): void {
  const { cluster, policy, budget, nowMs } = context;
  const { shardlets } = cluster.input;
  const wanted = Math.ceil(fullness / policy.shardlet.fullness);
  const ways = Math.min(policy.shardlet.key_ways_max, budget.splits + 1, Math.max(2, wanted));
  const host = shardlets.owner[shardlet]!;
  const hostShare = cluster.shareOf(host, shardlet);
  const id = shardlets.ids[shardlet]!;
  const children: number[] = [];
  for (let left = ways; left > 1; left--)
    children.push(cluster.splitOff(shardlet, 1 / left, `${id}/key${children.length + 1}`));
  for (const part of [shardlet, ...children]) {
    shardlets.reshapedAtMs[part] = nowMs;
    // what is left of the key in each part is no longer more than its fair part
    shardlets.topKeyShare[part] = 0;
  }
  budget.splits -= children.length;
  const shares = children.map(() => 1 / ways);
  context.actions.push({
    kind: 'split-below-key',
    phase: 'split-below-hot-keys',
    shardlet,
    host,
    children,
    shares,
    hostShare,
    fullness,
  });
}
