/** foreshard groups: what consumer groups there are, and how far each is, by shardlet. */

import { GROUPS_MAX, groupSchema } from '@foreshard/core/consuming';
import { newWebhookSecret } from '../composition.ts';
import { edgeAccess } from '../credentials.ts';
import { withControl } from '../deciding.ts';
import { badInput } from '../failure.ts';
import { printRows } from '../table.ts';
import { GroupClient, type GroupDetail } from './group-client.ts';

const NONE = 'no group yet: begin one with "foreshard consume --group NAME"';

export async function showGroups(
  name: string | undefined,
  { json = false }: { json?: boolean },
): Promise<void> {
  const client = new GroupClient(edgeAccess(), (text) => process.stderr.write(`${text}\n`));
  if (name === undefined) {
    const groups = await client.list();
    const details = await Promise.all(groups.map((group) => client.read(group.name)));
    printRows(details.map(summary), json, NONE);
  } else {
    const detail = await client.read(name);
    if (json) process.stdout.write(`${JSON.stringify(detail)}\n`);
    else printRows(rowsOf(detail), false, 'no member has polled yet');
  }
}

export async function addPush(
  name: string,
  { stream, push }: { readonly stream: string; readonly push: string },
): Promise<void> {
  const secret = await newWebhookSecret();
  await withControl(async ({ groups, topology }) => {
    const known = (await topology.snapshot()).streams.find((s) => s.name === stream);
    if (known === undefined) throw badInput(`there is no stream "${stream}"`);
    const group = groupSchema.safeParse({ name, stream: known.id, push: { url: push, secret } });
    if (!group.success) throw badInput(group.error.issues[0]!.message);
    const state = { version: 0, members: [], checkpoints: new Map() };
    const creation = await groups.create(group.data, state);
    if (creation === 'taken') throw badInput(`there is a group "${name}" already`);
    if (creation === 'full')
      throw badInput(`there are ${GROUPS_MAX} groups: remove one with "foreshard groups remove NAME"`);
  });
  process.stdout.write(`${JSON.stringify({ group: name, stream, push, secret })}\n`);
}

export async function removeGroup(name: string): Promise<void> {
  const removed = await withControl(({ groups }) => groups.remove(name));
  if (!removed) throw badInput(`there is no group "${name}"`);
  process.stdout.write(`removed ${name} with its checkpoints\n`);
}

function summary({ name, stream, delivery, members, shardlets, lag }: GroupDetail) {
  return { group: name, stream, delivery, members: members.length, shardlets: shardlets.length, lag };
}

function rowsOf({ shardlets }: GroupDetail) {
  return shardlets.map(({ shardlet, member, revoking, seq, lag, skipped }) => ({
    shardlet,
    member: revoking ? `${member} (leaving)` : member,
    checkpoint: seq,
    lag,
    skipped,
  }));
}
