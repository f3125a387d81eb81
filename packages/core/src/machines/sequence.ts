/**
 *   machine 1 --finished--> machine 2 --finished--> ... --> (finished)
 *       +--other outcome------+-----------------------> that outcome
 *
 * Several machines as one: each begins when the one before it has finished, and the first other end ends all.
 */
import { type Answer, finish, type Machine, type Step, unexpected } from './machine.ts';

export function inSequence(name: string, machines: readonly Machine[]): Machine<number> {
  const run = (at: number): Step<number> => {
    const machine = machines[at];
    return machine === undefined
      ? finish(at)
      : { state: at, actions: [{ kind: 'run', machines: [machine] }] };
  };
  return {
    name,
    start: () => run(0),
    step(at: number, answer: Answer) {
      if (answer.kind !== 'run') return unexpected(name, answer);
      const outcome = answer.reply[0]!;
      return outcome.kind === 'finished' ? run(at + 1) : finish(at, outcome);
    },
  };
}
