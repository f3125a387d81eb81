/** What a move is about, taken from T; everything else is found on the two hosts. */
import type { DedupPolicy } from '../hosts/index.ts';
import { invariant } from '../kernel/index.ts';
import type { Shardlet, TopologyMap } from '../topology/index.ts';
import type { MoveRef } from './orders.ts';

export interface MoveTask {
  readonly name: string;
  /** as T has it: `moving` or `closedMoving` */
  readonly shardlet: Shardlet;
  readonly move: MoveRef;
  readonly dedup: DedupPolicy;
  /** set for a closed shardlet: nobody writes to it, and its end is known to T */
  readonly finalSeq: number | undefined;
}

/** REQUIRES a shardlet that is `moving` or `closedMoving`. */
export function moveTask(shardlet: Shardlet, dedup: DedupPolicy): MoveTask {
  const { state } = shardlet;
  const move = moveOf(shardlet);
  invariant(move !== undefined, `shardlet ${shardlet.id} is ${state.kind} and not moving`);
  const name = `move of shardlet ${shardlet.id} from host ${move.source} to host ${move.dest}`;
  return {
    name,
    shardlet,
    move,
    dedup,
    finalSeq: state.kind === 'closedMoving' ? state.finalSeq : undefined,
  };
}

export function moveOf({ id, owner, state }: Shardlet): MoveRef | undefined {
  if (state.kind !== 'moving' && state.kind !== 'closedMoving') return undefined;
  return { shardlet: id, nextEpoch: state.nextEpoch, source: owner, dest: state.dest };
}

/**
 * How a move has ended, as T tells it; undefined while it has not. The commit gives the shardlet the epoch of
 * the move; whatever else has become of it since, without that epoch the move was aborted.
 */
export function endOf(
  map: TopologyMap,
  { id, shardlet: moved, dest }: EndedMove,
): 'moved' | 'aborted' | undefined {
  const shardlet = map.shardlet(moved);
  if (shardlet === undefined) return 'aborted';
  if (moveOf(shardlet)?.nextEpoch === id) return undefined;
  if (shardlet.epoch === id && shardlet.state.kind === 'opening') return undefined;
  // T may be older than the move, which was decided a moment ago
  if (map.version < id) return undefined;
  return shardlet.epoch === id || (shardlet.epoch > id && shardlet.owner === dest) ? 'moved' : 'aborted';
}

type EndedMove = { readonly id: number; readonly shardlet: number; readonly dest: number };
