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
  const sums = new Float64Array(model.hostsMax);
  for (const { id, host } of pieces) sums[host]! += loads[id]!;
  return sums;
}

/** A place for whatever lies on dead or leaving hosts, heaviest first to the coolest: all policies repair alike. */
export function repairs(world: World, loads: Float64Array, hosts: Float64Array): Order[] {
  const { status, active } = world.fleet;
  const stranded = world.pieces.filter(({ host }) => status[host] === 'dead' || status[host] === 'draining');
  const orders: Order[] = [];
  for (const { id } of stranded.sort((a, b) => loads[b.id]! - loads[a.id]! || a.id - b.id)) {
    if (world.isMoving(id)) continue;
    const open = active.filter((host) => world.copiesAt(host) < world.model.movesPerHost);
    const to = coolest(open, hosts);
    if (to === undefined) break;
    orders.push({ kind: 'move', piece: id, to });
    hosts[to]! += loads[id]!;
  }
  return orders;
}

export function coolest(among: readonly number[], loads: Float64Array): number | undefined {
  let best: number | undefined;
  for (const host of among) if (best === undefined || loads[host]! < loads[best]!) best = host;
  return best;
}
