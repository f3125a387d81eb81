/**
 * Opens the topology store for one command and closes it whatever happens; a refused decision is a failure with its
 * reason.
 */
import type { Decision, DecisionReply, Refusal } from '@foreshard/core/topology';
import { type Control, openControl, operatorHere } from './composition.ts';
import { type ControlAccess, controlAccess } from './credentials.ts';
import { CommandFailure, EXIT_BAD_INPUT, EXIT_FAILURE } from './failure.ts';

export async function withControl<T>(
  work: (control: Control) => Promise<T>,
  access: ControlAccess = controlAccess(),
): Promise<T> {
  const control = await openControl(access);
  try {
    return await work(control);
  } finally {
    await control.close();
  }
}

export async function decide<R>(control: Control, decision: Decision<R>): Promise<R> {
  return accepted(await control.topology.decide(decision, operatorHere()));
}

/** @throws CommandFailure for a refusal */
export function accepted<R>(reply: DecisionReply<R>): R {
  if (reply.kind === 'decided') return reply.result;
  throw failureOf(reply.refusal);
}

/** Some pass by themselves or when something else is done first; the others are wrong however often they are tried. */
export function failureOf({ reason, detail }: Refusal): CommandFailure {
  const mayPass = reason === 'changed' || reason === 'in_use' || reason === 'unexamined';
  return new CommandFailure(detail, mayPass ? EXIT_FAILURE : EXIT_BAD_INPUT);
}
