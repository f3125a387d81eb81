/**
 *   take the move back in the topology store --was open--> raise the source, note --> (aborted)
 *               |      +------was closed--> note ------------------> (aborted)
 *               +-- refused, as another was first --> (stale)
 *
 * Gives a move up: the topology store takes it back, and where appends have to go on the source is raised at once.
 * Used when somebody orders it before a machine runs, and when a destination falls silent while edges wait.
 */

import { type Answer, finish, type Machine, type Step, settled, unexpected } from '../machines/index.ts';
import { openingMachines } from '../restructuring/index.ts';
import { abortClosedMove, abortMigration, type Shardlet, type TopologyMap } from '../topology/index.ts';
import { dedupIn } from './backlog.ts';
import { moveTask } from './move-task.ts';

/** REQUIRES a shardlet that is `moving` or `closedMoving`. */
export function abortingMachine(map: TopologyMap, shardlet: Shardlet, reason: string): Machine<null> {
  const dedup = dedupIn(map, shardlet);
  const { move, finalSeq } = moveTask(shardlet, dedup);
  const { shardlet: id, nextEpoch } = move;
  const name = `abort of move ${nextEpoch} of shardlet ${id}`;
  const aborted = { kind: 'aborted', detail: reason } as const;
  return {
    name,
    start: () => {
      const decision =
        finalSeq === undefined ? abortMigration(id, nextEpoch) : abortClosedMove(id, nextEpoch);
      return { state: null, actions: [{ kind: 'decide', decision }] };
    },
    step(_, answer: Answer): Step<null> {
      if (answer.kind === 'run' || answer.kind === 'note') return finish(null, aborted);
      if (answer.kind !== 'decide') return unexpected(name, answer);
      if (answer.reply.kind === 'refused') return finish(null, settled(name, answer.reply));
      const note = { kind: 'note', move, step: { what: 'aborted', bytes: 0, detail: reason } } as const;
      if (finalSeq !== undefined) return { state: null, actions: [note] };
      const machines = openingMachines([{ shardlet: answer.reply.result as Shardlet, dedup, parents: [] }]);
      return { state: null, actions: [{ kind: 'run', machines }, note] };
    },
  };
}
