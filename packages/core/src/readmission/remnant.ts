/**
 * What is left of a shardlet on a host that went back to an older state, and how far it is certain. The review
 * that a person sees and the readmission that follows judge by these same rules.
 */
import type { EventHost, ReplicaDetails, ReplicaInfo, Stale } from '../hosts/index.ts';
import type { Remnant, Shardlet } from '../topology/index.ts';

type SeekReply = Awaited<ReturnType<EventHost['seek']>>;

/** A closed shardlet that is as T closed it: complete and certain, or proven equal when it was copied there. */
export function isWhole(
  { state, epoch }: Shardlet,
  found: ReplicaInfo | undefined,
  certainTs: number,
): boolean {
  if (state.kind !== 'closed' && state.kind !== 'closedMoving') return false;
  if (found === undefined || found.epoch !== epoch || found.lastSeq !== state.finalSeq) return false;
  return found.mode === 'ready' || (found.mode === 'sealed' && state.finalTs < certainTs);
}

/** A shadow was never completed, and a tombstone holds nothing. */
export function isReadable(found: ReplicaInfo | undefined): found is ReplicaInfo {
  return found !== undefined && ['open', 'sealed', 'ready'].includes(found.mode);
}

/** The last seq that was neither lost nor replaced, from the host's answer to `seek(certainTs)`. */
export function certainSeqOf(reply: SeekReply): number {
  return reply.kind === 'seq' ? reply.seq - 1 : 0;
}

export function remnantOf(
  shardlet: number,
  found: ReplicaDetails | Stale | undefined,
  certainSeq: number,
): Remnant {
  if (found === undefined || 'kind' in found)
    return { shardlet, epoch: 0, held: false, certainSeq: 0, lastSeq: 0, last: 0 };
  const { epoch, lastSeq, last } = found;
  return { shardlet, epoch, held: true, certainSeq: Math.min(certainSeq, lastSeq), lastSeq, last };
}
