/** Opens T for one command and closes it whatever happens; a refused decision is a failure with its reason. */
import type { Control } from '@foreshard/core/adapters/control';
import type { Decision } from '@foreshard/core/topology';
import { controlAccess } from './credentials.ts';
import { CommandFailure, EXIT_BAD_INPUT, EXIT_FAILURE } from './failure.ts';
import { generateClient } from './local/generate-client.ts';

/** recorded with every decision */
export const ACTOR = 'cli';

export async function withControl<T>(work: (control: Control) => Promise<T>): Promise<T> {
  const access = controlAccess();
  await generateClient();
  // loaded late: it needs the client that may only just have been generated
  const { connectControl } = await import('@foreshard/core/adapters/control');
  const control = connectControl({ ...access, actor: ACTOR });
  try {
    return await work(control);
  } finally {
    await control.close();
  }
}

export async function decide<R>(control: Control, decision: Decision<R>): Promise<R> {
  const reply = await control.topology.decide(decision, ACTOR);
  if (reply.kind === 'decided') return reply.result;
  const { reason, detail } = reply.refusal;
  // `changed` and `in_use` may pass by themselves; the others are wrong however often they are tried
  throw new CommandFailure(
    detail,
    reason === 'changed' || reason === 'in_use' ? EXIT_FAILURE : EXIT_BAD_INPUT,
  );
}
