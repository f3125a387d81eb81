/** foreshard groups: what consumer groups there are, and how far each is, by shardlet. */
import { EMPTY_GROUP, GROUPS_MAX, groupSchema } from '@foreshard/core/consuming';
import { groups, type OutputOf } from '@foreshard/core/operations';
import { newWebhookSecret } from '../composition.ts';
import { withControl } from '../deciding.ts';
import { badInput } from '../failure.ts';
import { type OperationOptions, runOperation } from '../operations/run-operation.ts';
import { printJson } from '../output.ts';
import { addressFrom } from '../secret-input.ts';
import { printRows } from '../table.ts';

type Group = OutputOf<typeof groups.show>;

const NONE = 'no group yet: begin one with "foreshard consume --group NAME"';

export async function showGroups(name: string | undefined, options: OperationOptions): Promise<void> {
  if (name !== undefined) {
    const group = await runOperation(groups.show, { group: name }, options);
    if (options.json) return printJson(group);
    return printRows(rowsOf(group), false, 'no member has polled yet');
  }
  const listed = await runOperation(groups.list, {}, options);
  const all = [];
  for (const { name: group } of listed.groups) all.push(await runOperation(groups.show, { group }, options));
  printRows(all.map(summary), options.json, NONE);
}

export async function addPush(
  name: string,
  { stream, push: given }: { readonly stream: string; readonly push: string },
): Promise<void> {
  const push = await addressFrom(given, 'the address of --push');
  const secret = await newWebhookSecret();
  await withControl(async ({ groups: store, topology }) => {
    const known = (await topology.snapshot()).streams.find((s) => s.name === stream);
    if (known === undefined) throw badInput(`there is no stream "${stream}"`);
    const group = groupSchema.safeParse({ name, stream: known.id, push: { url: push, secret } });
    if (!group.success) throw badInput(group.error.issues[0]!.message);
    const creation = await store.create(group.data, EMPTY_GROUP);
    if (creation === 'taken') throw badInput(`there is a group "${name}" already`);
    if (creation === 'full')
      throw badInput(`there are ${GROUPS_MAX} groups: remove one with "foreshard groups remove NAME"`);
  });
  process.stdout.write(`${JSON.stringify({ group: name, stream, push, secret })}\n`);
}

export async function removeGroup(name: string, options: OperationOptions): Promise<void> {
  const answer = await runOperation(groups.remove, { group: name }, options);
  if (options.json) return printJson(answer);
  process.stdout.write(`removed ${name} with its checkpoints\n`);
}

function summary({ name, stream, delivery, members, shardlets, lag }: Group) {
  return { group: name, stream, delivery, members: members.length, shardlets: shardlets.length, lag };
}

function rowsOf({ shardlets }: Group) {
  return shardlets.map(({ shardlet, member, revoking, seq, lag, skipped }) => ({
    shardlet,
    member: revoking ? `${member} (leaving)` : member,
    checkpoint: seq,
    lag,
    skipped,
  }));
}
