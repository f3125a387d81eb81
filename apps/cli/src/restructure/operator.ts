/** The person at the command line, as core knows one. */
import { userInfo } from 'node:os';
import type { Operator } from '@foreshard/core/moves';
import { ACTOR, type Control } from '../composition.ts';

export function operatorOf({ topology, moves, jobs }: Control): Operator {
  return { topology, moves, wake: (job) => jobs.wake(job), nowMs: () => Date.now(), actor: whoIsHere() };
}

/** Containers run under users that have no name. */
function whoIsHere(): string {
  try {
    return `${ACTOR}:${userInfo().username}`;
  } catch {
    return ACTOR;
  }
}
