/**
 * Which shardlets a group may work on: those whose ancestors, of all generations, are processed to their
 * finalSeq. So the events of one key are never processed by a descendant while older ones are not, whatever
 * was split, rolled or merged meanwhile: an empty generation in between is finished from its beginning, and
 * says nothing about the one before. Finished is only what the topology store says is closed: a map that is old
 * delays, and never misleads.
 */
import { finalSeqOf, type Shardlet, type TopologyMap } from '../topology/index.ts';
import type { Checkpoint, Group, Position } from './model.ts';

export { finalSeqOf };

export function isFinished(shardlet: Shardlet, position: Pick<Position, 'seq'> | undefined): boolean {
  const finalSeq = finalSeqOf(shardlet);
  return finalSeq !== undefined && (position?.seq ?? 0) >= finalSeq;
}

/**
 * Somebody whose map knows its end has seen it processed to that end. Who judges by an older map would give it out again,
 * and take it back by turns with the first.
 */
export function isEnded({ member, revoking }: Pick<Checkpoint, 'member' | 'revoking'>): boolean {
  return member === undefined && revoking;
}

/** Of the shardlets of one stream, by id. */
export interface Standing {
  /** what may be worked on now */
  readonly workable: readonly Shardlet[];
  /** an ancestor is known to end after its checkpoint: nobody may have them, whoever was given them before */
  readonly tooEarly: ReadonlySet<number>;
}

/**
 * In a group that keeps state a shardlet that is processed to its end is still held by its member until that has taken
 * the last checkpoint: the children restore from it.
 */
export function isHeldAtEnd(
  { checkpointing }: Pick<Group, 'checkpointing'>,
  shardlet: Shardlet,
  checkpoint: Checkpoint | undefined,
): boolean {
  return checkpointing !== undefined && checkpoint?.member !== undefined && isFinished(shardlet, checkpoint);
}

/** Generation by generation, as ids grow along the lineage: a line of thousands of rolls costs no stack. */
export function standingOf(
  map: Pick<TopologyMap, 'shardlets'>,
  group: Pick<Group, 'stream' | 'checkpointing'>,
  checkpoints: ReadonlyMap<number, Checkpoint>,
): Standing {
  const workable: Shardlet[] = [];
  const tooEarly = new Set<number>();
  /** with all that descends from them; a parent that the map does not have was deleted with all it held */
  const unfinished = new Set<number>();
  const endsLater = new Set<number>();
  for (const shardlet of [...map.shardlets(group.stream)].sort((a, b) => a.id - b.id)) {
    const { id, parents } = shardlet;
    const own = checkpoints.get(id);
    const fitting = own && setBack(own, shardlet);
    const done = isFinished(shardlet, fitting);
    const isHeld = isHeldAtEnd(group, shardlet, fitting);
    const waits = parents.some((parent) => unfinished.has(parent));
    const early = parents.some((parent) => endsLater.has(parent));
    if (!done && !waits) workable.push(shardlet);
    if (!done && early) tooEarly.add(id);
    if (!done || waits || isHeld) unfinished.add(id);
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
