/** Takes a server into use, or tells what stands in the way; a refusal ends the command with its reason. */
import { admitHost, type Control, operatorHere, tryAdmission } from '../composition.ts';
import { failureOf } from '../deciding.ts';
import { badInput, CommandFailure } from '../failure.ts';

type Reply = Awaited<ReturnType<typeof admitHost>>;
export type Added = Exclude<Reply, { readonly kind: 'refused' }>;

export type Addition = Omit<Parameters<typeof admitHost>[1], 'actor'>;

export async function add(control: Control, addition: Addition, dryRun = false): Promise<Added> {
  const request = { ...addition, actor: operatorHere() };
  const reply = await (dryRun ? tryAdmission : admitHost)(control.topology, request);
  if (reply.kind !== 'refused') return reply;
  if (reply.why === 'address') throw badInput(reply.detail);
  // at the machine the reason helps
  const cause = reply.cause === undefined ? '' : ` (${reply.cause})`;
  if (reply.why === 'unsuitable') throw new CommandFailure(`${reply.detail}${cause}`);
  throw failureOf({ reason: reply.why, detail: reply.detail });
}
