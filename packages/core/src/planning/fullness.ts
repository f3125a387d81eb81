/**
 * How full a shardlet is: by bytes against its size, by rate against the rate it may have and against the part of a
 * host it may take. By rate it is split; by bytes alone it is rolled, since halving what only grew would double the
 * shardlets for ever.
 *
 * Among unlike hosts what is too large for its own may be small for others: moving it whole helps as much as splitting
 * it. So it is split by its part of the larger of two, its own host and one of mean capacity, and merged by its part of
 * the smaller: what was merged is not split again.
 */
import { NONE } from './columns.ts';
import type { Policy } from './policy.ts';
import type { WorkingCluster } from './working-cluster.ts';

/**
 * The rate fullness of all `rows` in one pass, [shardlet]; others are 0. Three phases ask for it, and asking a million
 * times one by one takes as long as all the rest of a plan.
 */
export function rateFullnessOf(cluster: WorkingCluster, policy: Policy, rows: Int32Array): Float32Array {
  const fullness = new Float32Array(cluster.input.shardlets.owner.length);
  for (let at = 0; at < rows.length; at++) {
    const shardlet = rows[at]!;
    fullness[shardlet] = rateFullness(cluster, policy, shardlet);
  }
  return fullness;
}

export interface RateFullnessOptions {
  /** by the load of now only, whatever is forecast */
  readonly isMeasured?: boolean;
  /** of its own host and one of mean capacity, which one it is a part of */
  readonly of?: 'larger' | 'smaller';
}

export function rateFullness(
  cluster: WorkingCluster,
  { shardlet: limits }: Policy,
  shardlet: number,
  { isMeasured = false, of = 'larger' }: RateFullnessOptions = {},
): number {
  const { input, width, inverse, meanInverse, isRate } = cluster;
  const { demand, owner } = input.shardlets;
  const host = owner[shardlet]!;
  const from = shardlet * width;
  const to = host * width;
  let rate = 0;
  let share = 0;
  for (let column = 0; column < width; column++) {
    if (isMeasured && input.columns[column]!.aheadMinutes > 0) continue;
    const value = demand[from + column]!;
    if (isRate[column] === 1 && value > rate) rate = value;
    if (host === NONE) continue;
    const own = inverse[to + column]!;
    const mean = meanInverse[column]!;
    const part = value * (own < mean === (of === 'larger') ? own : mean);
    if (part > share) share = part;
  }
  return Math.max(rate / limits.rate_cap, share / limits.host_share_max);
}

export function bytesFullness({ input }: WorkingCluster, policy: Policy, shardlet: number): number {
  return input.shardlets.bytes[shardlet]! / policy.shardlet.shardlet_size;
}
