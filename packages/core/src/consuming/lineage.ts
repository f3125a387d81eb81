/**
 * Which shardlets a group may work on: those whose ancestors, of all generations, are processed to their
 * finalSeq. So the events of one key are never processed by a descendant while older ones are not, whatever
 * was split, rolled or merged meanwhile: an empty generation in between is finished from its beginning, and
 * says nothing about the one before. Finished is only what the topology store says is closed: a map that is old
 * delays, and never misleads.
 */
import type { Shardlet, TopologyMap } from '../topology/index.ts';
import type { Checkpoint, Position } from './model.ts';

/** The last seq there will ever be; undefined while the topology store does not know it. */
export function finalSeqOf({ state }: Shardlet): number | undefined {
  const ended = state.kind === 'closed' || state.kind === 'closedMoving' || state.kind === 'gone';
  return ended ? state.finalSeq : undefined;
}

export function isFinished(shardlet: Shardlet, position: Pick<Position, 'seq'> | undefined): boolean {
  const finalSeq = finalSeqOf(shardlet);
  return finalSeq !== undefined && (position?.seq ?? 0) >= finalSeq;
}

/** Of the shardlets of one stream, by id. */
export interface Standing {
  /** what may be worked on now */
  readonly workable: readonly Shardlet[];
  /** an ancestor is known to end after its checkpoint: nobody may have them, whoever was given them before */
  readonly tooEarly: ReadonlySet<number>;
}

/** Generation by generation, as ids grow along the lineage: a line of thousands of rolls costs no stack. */
export function standingOf(
  map: TopologyMap,
  stream: number,
  checkpoints: ReadonlyMap<number, Checkpoint>,
): Standing {
  const workable: Shardlet[] = [];
  const tooEarly = new Set<number>();
  /** with all that descends from them; a parent that the map does not have was deleted with all it held */
  const unfinished = new Set<number>();
  const endsLater = new Set<number>();
  for (const shardlet of [...map.shardlets(stream)].sort((a, b) => a.id - b.id)) {
    const { id, parents } = shardlet;
    const own = checkpoints.get(id);
    const done = isFinished(shardlet, own && setBack(own, shardlet));
    const waits = parents.some((parent) => unfinished.has(parent));
    const early = parents.some((parent) => endsLater.has(parent));
    if (!done && !waits) workable.push(shardlet);
    if (!done && early) tooEarly.add(id);
    if (!done || waits) unfinished.add(id);
    if (early || (!done && finalSeqOf(shardlet) !== undefined)) endsLater.add(id);
  }
  return { workable, tooEarly };
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
