/**
 * Drives a machine to its end: performs what it asks for, all actions of one step side by side, and hands
 * back the answers in the order they were asked. It decides nothing.
 */
import { HostUnreachable } from '../hosts/index.ts';
import { invariant } from '../kernel/index.ts';
import type { Action, ActionOf, Answer, Machine, Outcome, ReplyTo } from './machine.ts';

type Performed = Exclude<Action, ActionOf<'run'>>;

/** Carries out one action. @throws HostUnreachable when the outcome is unknown */
export type Perform = <A extends Performed>(action: A) => Promise<ReplyTo<A>>;

/**
 * Machines driven side by side. Each host call waits for a disk write, so some overlap pays; decisions
 * of the topology store queue behind one row anyway, so more than this only fills the connection pool.
 */
const RUNS_AT_ONCE = 8;

export async function drive<S>(machine: Machine<S>, perform: Perform): Promise<Outcome> {
  let step = machine.start();
  while (step.outcome === undefined) {
    invariant(step.actions.length > 0, `${machine.name} asks for nothing and has not ended`);
    const answers = await answered(step.actions, perform);
    if ('kind' in answers) return answers;
    const actions: Action[] = [];
    for (const answer of answers) {
      step = machine.step(step.state, answer);
      if (step.outcome !== undefined) return step.outcome;
      actions.push(...step.actions);
    }
    step = { ...step, actions };
  }
  return step.outcome;
}

/** Drives several machines, a few at a time; answers their outcomes in order. */
export async function driveAll(machines: readonly Machine[], perform: Perform): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let next = 0;
  const runner = async () => {
    while (next < machines.length) {
      const at = next++;
      outcomes[at] = await drive(machines[at]!, perform);
    }
  };
  await Promise.all(Array.from({ length: Math.min(RUNS_AT_ONCE, machines.length) }, runner));
  return outcomes;
}

/** Waits for every answer, also when one fails: no call may outlive the machine that asked for it. */
async function answered(actions: readonly Action[], perform: Perform): Promise<Answer[] | Outcome> {
  const settled = await Promise.allSettled(actions.map((action) => ask(action, perform)));
  const answers: Answer[] = [];
  for (const [i, result] of settled.entries()) {
    if (result.status === 'fulfilled') answers.push(result.value);
    else return unreachable(actions[i]!, result.reason);
  }
  return answers;
}

async function ask(action: Action, perform: Perform): Promise<Answer> {
  const reply = action.kind === 'run' ? await driveAll(action.machines, perform) : await perform(action);
  return { kind: action.kind, action, reply } as Answer;
}

function unreachable(action: Action, error: unknown): Outcome {
  if (!(error instanceof HostUnreachable) || !('host' in action)) throw error;
  return { kind: 'unreachable', host: action.host, detail: error.message };
}
