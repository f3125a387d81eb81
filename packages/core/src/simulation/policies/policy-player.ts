/** What plays a policy: it sees the cluster as it was up to the last full minute, and gives orders. */
import type { Order, World } from './world.ts';

export interface PolicyPlayer {
  readonly name: string;
  decide(world: World, minute: number): readonly Order[];
}

/** Recent events a minute of each piece, as its keys tell; smoother than its last minute alone. */
export function recentLoads({ pieces, keyRate }: World): Float64Array {
  const loads = new Float64Array(pieces.length);
  for (const { id, keys, share } of pieces) for (const key of keys) loads[id]! += share * keyRate[key]!;
  return loads;
}

export function hostSums({ pieces, model }: World, loads: Float64Array): Float64Array {
  const sums = new Float64Array(model.hosts);
  for (const { id, host } of pieces) sums[host]! += loads[id]!;
  return sums;
}
