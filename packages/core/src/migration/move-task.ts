/** What a move is about, taken from T; everything else is found on the two hosts. */
import type { DedupPolicy } from '../hosts/index.ts';
import { invariant } from '../kernel/index.ts';
import type { Shardlet } from '../topology/index.ts';
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
