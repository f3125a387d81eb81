/** foreshard groups: what consumer groups there are, and how far each is, by shardlet. */
import { groups, type OutputOf } from '@foreshard/core/operations';
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

type PushOptions = OperationOptions & {
  readonly stream: string;
  readonly push: string;
  readonly from: 'oldest' | 'now';
};

export async function addPush(
  group: string,
  { stream, push: given, from, ...options }: PushOptions,
): Promise<void> {
  const url = await addressFrom(given, 'the address of --push');
  const answer = await runOperation(groups.push, { group, url, stream, from }, options);
  if (options.json) return printJson(answer);
  const { name, secret } = answer;
  process.stdout.write(
    `created ${name}: a worker posts ${stream} to ${url}. Secret, shown this once: ${secret}\n`,
  );
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
