/** What a move is about, taken from T; everything else is found on the two hosts. */
import type { DedupPolicy } from '../hosts/index.ts';
import { invariant } from '../kernel/index.ts';
import type { MoveRef } from '../machines/index.ts';
import type { Shardlet, TopologyMap, TopologyStore } from '../topology/index.ts';

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
 * Whether T has nothing more to do for a move. A shardlet that has moved on since does not tell any more
 * whether this move took it anywhere: T's log does.
 */
export function endOf(map: TopologyMap, { id, shardlet: moved }: EndedMove): 'ended' | undefined {
  const shardlet = map.shardlet(moved);
  if (shardlet === undefined) return 'ended';
  if (moveOf(shardlet)?.nextEpoch === id) return undefined;
  if (shardlet.epoch === id && shardlet.state.kind === 'opening') return undefined;
  // T may be older than the move, which was decided a moment ago
  return map.version < id ? undefined : 'ended';
}

const CHANGES_PER_LOOK = 1_000;

/**
 * How it has ended: the first decision after its own that touches the shardlet is its commit, which gives it
 * the epoch of the move, or its end without one. REQUIRES that it has ended, at `version` or before.
 */
export async function endInLog(
  topology: Pick<TopologyStore, 'changesAfter'>,
  version: number,
  { id, shardlet }: EndedMove,
): Promise<'moved' | 'aborted'> {
  for (let after = id; after < version; ) {
    const changes = await topology.changesAfter(after, CHANGES_PER_LOOK);
    for (const { shardlets } of changes) {
      const found = shardlets.find((s) => s.id === shardlet);
      if (found !== undefined) return found.epoch === id ? 'moved' : 'aborted';
    }
    if (changes.length === 0) break;
    after = changes.at(-1)!.version;
  }
  return 'aborted';
}

type EndedMove = { readonly id: number; readonly shardlet: number };
