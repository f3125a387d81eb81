/** The person at the command line, as core knows one. */
import type { Operator } from '@foreshard/core/moves';
import { type Control, operatorHere } from '../composition.ts';

export function operatorOf({ topology, moves, jobs }: Control): Operator {
  return { topology, moves, wake: (job) => jobs.wake(job), nowMs: () => Date.now(), actor: operatorHere() };
}
