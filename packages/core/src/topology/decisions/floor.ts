/**
 * Below which version no replica may be created any more: the lowest version of a restructure that the topology store
 * has not settled, else the next version. Hosts forget the tombstones below it, so a floor above an unsettled version
 * would make its `create` impossible. Drops still to do do not count.
 *
 * REQUIRES one snapshot of the topology store: a decision between two reads could begin below the answer.
 */
import type { Shardlet, Topology } from '../model.ts';

export function floorOf(topology: Pick<Topology, 'version' | 'shardlets'>): number {
  let floor = topology.version + 1;
  for (const shardlet of topology.shardlets) floor = Math.min(floor, unsettledVersion(shardlet) ?? floor);
  return floor;
}

function unsettledVersion({ state, epoch }: Shardlet): number | undefined {
  switch (state.kind) {
    case 'moving':
    case 'closedMoving':
      return state.nextEpoch;
    case 'opening':
      return epoch;
    // the version that closed a parent is the epoch of its children, which are `opening` just as long
    default:
      return undefined;
  }
}
