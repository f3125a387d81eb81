/**
 * Splits shardlets that are too hot to be placed well, again and again, until each part is below the threshold; rolls
 * those that are full of bytes alone. Runs before placement, because a split moves no data while every later remedy
 * does. Where one key is what is hot, half of the range would be as hot: it is left to the next phase, or, where the
 * stream does not allow to split a key, set apart, which frees the keys beside it for placement.
 *
 * Postcondition: the same ranges are covered and carry the same load.
 */
import { KEY_MAY_SPLIT } from '../columns.ts';
import type { Phase, PlanContext } from '../context.ts';
import { bytesFullness, rateFullness } from '../fullness.ts';
import { unshapeable } from '../gates.ts';
import type { SkipReason } from '../skip-reason.ts';

/** parts one shardlet is cut into at once; hotter ones go on at the next tick, with measured halves */
const PARTS_MAX = 16;
/** of what a shardlet may have: less beside a hot key is not worth two more shardlets */
const SIDES_MIN = 0.05;

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
      else if (rate > policy.shardlet.fullness)
        split(context, shardlet, rate, partsOf(context, shardlet, rate));
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
  if (isRate && topKeyShare[shardlet]! > policy.shardlet.key_share_max) {
    if ((flags[shardlet]! & KEY_MAY_SPLIT) !== 0) return 'one-key-dominates';
    if (!isWorthSettingApart(context, shardlet)) return 'key-order-forbids';
  }
  if (isRate && cluster.count >= policy.shardlet.max_shards) return 'at-max-shards';
  return budget.splits <= 0 ? 'budget-splits' : undefined;
}

/**
 * Both sides of the key together have to be more than what is merged again, by what is measured: which key will be hot
 * is not known, and in a trough a few events make any key look so.
 */
function isWorthSettingApart({ cluster, policy }: PlanContext, shardlet: number): boolean {
  const measured = rateFullness(cluster, policy, shardlet, { isMeasured: true });
  if (measured <= policy.shardlet.fullness) return false;
  const rest = (1 - cluster.input.shardlets.topKeyShare[shardlet]!) * measured;
  return rest > Math.max(SIDES_MIN, 2 * policy.shardlet.merge_below) * policy.shardlet.fullness;
}

interface Parts {
  /** of the shardlet's load, for the children; it keeps the rest */
  readonly shares: readonly number[];
  /** what the heaviest key is of the shardlet afterwards, and of each child at most */
  readonly topKeyShare: number;
  readonly childTopKeyShare: number;
  readonly setsApart: boolean;
}

/** Equal ones, or the hot key and what lies on either side of it. */
function partsOf({ cluster, policy, budget }: PlanContext, shardlet: number, fullness: number): Parts {
  const top = cluster.input.shardlets.topKeyShare[shardlet]!;
  if (top > policy.shardlet.key_share_max) {
    const sides = Math.min(2, budget.splits);
    const shares = Array.from({ length: sides }, () => (1 - top) / 2);
    return { shares, topKeyShare: top / (1 - (sides * (1 - top)) / 2), childTopKeyShare: 0, setsApart: true };
  }
  const parts = Math.min(PARTS_MAX, budget.splits + 1, Math.ceil(fullness / policy.shardlet.fullness));
  const shares = Array.from({ length: parts - 1 }, () => 1 / parts);
  return { shares, topKeyShare: top, childTopKeyShare: top, setsApart: false };
}

function split(context: PlanContext, shardlet: number, fullness: number, parts: Parts): void {
  const { cluster, budget, nowMs } = context;
  const { shardlets } = cluster.input;
  const { shares } = parts;
  const host = shardlets.owner[shardlet]!;
  const hostShare = cluster.shareOf(host, shardlet);
  const children: number[] = [];
  const id = shardlets.ids[shardlet]!;
  let left = 1;
  for (const share of shares) {
    const child = cluster.splitOff(shardlet, share / left, `${id}/${children.length + 1}`);
    shardlets.topKeyShare[child] = parts.childTopKeyShare;
    children.push(child);
    left -= share;
  }
  shardlets.topKeyShare[shardlet] = parts.topKeyShare;
  for (const part of [shardlet, ...children]) shardlets.reshapedAtMs[part] = nowMs;
  budget.splits -= children.length;
  context.actions.push({
    kind: 'split',
    phase: 'split-hot',
    shardlet,
    host,
    children,
    shares,
    hostShare,
    fullness,
    ...(parts.setsApart ? { setsApart: true } : {}),
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
