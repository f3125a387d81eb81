/** Which hosts a shardlet concerns: its owner, and while it moves the other end of the move. */
import type { Shardlet } from './model.ts';

/** Where it is going, or where it came from as long as the topology store has not settled that the move is over. */
export function otherHost(shardlet: Shardlet): number | undefined {
  const { state } = shardlet;
  if (state.kind === 'moving' || state.kind === 'closedMoving') return state.dest;
  if (state.kind === 'opening' && state.job.kind === 'migrate') return state.job.source;
  return undefined;
}

export function involves(shardlet: Shardlet, host: number): boolean {
  return shardlet.owner === host || otherHost(shardlet) === host;
}
