/**
 * Which shardlets a group may work on: those whose parents are all processed to their finalSeq. So the
 * events of one key are never processed by a child while older ones of its parent are not, whatever was
 * split, rolled or merged meanwhile. Finished is only what T says is closed: a map that is old delays, and
 * never misleads.
 */
import type { Shardlet, TopologyMap } from '../topology/index.ts';
import type { Checkpoint, Position } from './model.ts';

/** The last seq there will ever be; undefined while T does not know it. */
export function finalSeqOf({ state }: Shardlet): number | undefined {
  const ended = state.kind === 'closed' || state.kind === 'closedMoving' || state.kind === 'gone';
  return ended ? state.finalSeq : undefined;
}

export function isFinished(shardlet: Shardlet, position: Pick<Position, 'seq'> | undefined): boolean {
  const finalSeq = finalSeqOf(shardlet);
  return finalSeq !== undefined && (position?.seq ?? 0) >= finalSeq;
}

/** What may be worked on now, in the order of ids. */
export function workable(
  map: TopologyMap,
  stream: number,
  checkpoints: ReadonlyMap<number, Checkpoint>,
): Shardlet[] {
  const finished = (id: number): boolean => {
    const shardlet = map.shardlet(id);
    // ids grow along the lineage: a parent that the map does not have was deleted with all it held
    return shardlet === undefined || isFinished(shardlet, checkpoints.get(id));
  };
  return [...map.shardlets(stream)]
    .filter((s) => !isFinished(s, checkpoints.get(s.id)) && s.parents.every(finished))
    .sort((a, b) => a.id - b.id);
}

/**
 * After a host lost its last writes: what was read above `seq` at an epoch below `epoch` may be gone, and
 * its numbers may since have been given to other events. The position goes back to what is certain.
 */
export function setBack<P extends Position>(position: P, { lost }: Pick<Shardlet, 'lost'>): P {
  let { seq, epoch } = position;
  for (const loss of lost) {
    if (position.epoch >= loss.epoch) continue;
    seq = Math.min(seq, loss.seq);
    epoch = Math.max(epoch, loss.epoch);
  }
  return seq === position.seq && epoch === position.epoch ? position : { ...position, seq, epoch };
}
