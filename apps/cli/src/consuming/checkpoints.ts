/** foreshard groups checkpoints: the state that members of a group keep, as it is stored. */
import { checkpoints, type OutputOf } from '@foreshard/core/operations';
import { type Command, Option } from 'commander';
import { type OperationOptions, operating, runOperation } from '../operations/run-operation.ts';
import { print, printJson } from '../output.ts';
import { printRows } from '../table.ts';
import { type CheckpointFlags, checkpointSettingsOf, withCheckpointSettings } from './checkpoint-settings.ts';
import { registerRecoveries } from './recoveries.ts';

type Checkpoint = OutputOf<typeof checkpoints.show>;

type AlterFlags = OperationOptions & CheckpointFlags;

interface ListFlags extends OperationOptions {
  readonly shardlet?: string;
  readonly state?: Checkpoint['state'];
  readonly limit: string;
}

const HELP = `
Examples:
  foreshard groups checkpoints list billing --shardlet 7
  foreshard groups checkpoints recoveries billing
  foreshard groups checkpoints verify billing 0f2d0d3e-4c0f-4d0b-9c39-6a54b2d5f6c1
  foreshard groups checkpoints prune billing --dry-run
  foreshard groups checkpoints alter billing --threshold 5000 --keep 5`;

export function registerCheckpoints(groups: Command): void {
  const all = groups
    .command('checkpoints')
    .description('checkpoints of the state that members of a group keep')
    .addHelpText('after', HELP);
  operating(all.command('list'), checkpoints.list)
    .description('the checkpoints of a group, the newest first')
    .argument('<group>')
    .option('--shardlet <number>', 'only those of this shardlet')
    .addOption(new Option('--state <state>', 'only these').choices(['pending', 'valid', 'deleting']))
    .option('--limit <count>', 'how many at most', '100')
    .action(list);
  registerRecoveries(all);
  operating(all.command('show'), checkpoints.show)
    .description('one checkpoint, without its content')
    .argument('<group>')
    .argument('<checkpoint>')
    .action(show);
  operating(all.command('verify'), checkpoints.verify)
    .description('read a checkpoint with all that it is based on, and compare the digests')
    .argument('<group>')
    .argument('<checkpoint>')
    .action(verify);
  operating(all.command('remove'), checkpoints.remove)
    .description('remove a checkpoint; the next recovery takes an older one')
    .argument('<group>')
    .argument('<checkpoint>')
    .action(remove);
  operating(all.command('prune'), checkpoints.prune)
    .description('remove the checkpoints that nobody needs')
    .argument('<group>')
    .action(prune);
  registerAlter(all);
}

function registerAlter(all: Command): void {
  withCheckpointSettings(operating(all.command('alter'), checkpoints.alter))
    .description('change when checkpoints are due, and how long they are kept')
    .argument('<group>')
    .action(alter);
}

async function list(group: string, { shardlet, state, limit, ...options }: ListFlags): Promise<void> {
  const which = {
    ...(shardlet === undefined ? {} : { shardlet: Number(shardlet) }),
    ...(state === undefined ? {} : { state }),
  };
  const answer = await runOperation(checkpoints.list, { group, limit: Number(limit), ...which }, options);
  if (options.json) return printJson(answer);
  const isFiltered = Object.keys(which).length > 0;
  const none = isFiltered
    ? 'no such checkpoint'
    : 'no checkpoint yet: members take one when it is due, or when they stop';
  printRows(answer.checkpoints.map(rowOf), false, `${group} has ${none}`);
}

async function show(group: string, checkpoint: string, options: OperationOptions): Promise<void> {
  const answer = await runOperation(checkpoints.show, { group, checkpoint }, options);
  if (options.json) return printJson(answer);
  printRows([rowOf(answer)], false, '');
  await print(`\n${answer.digest} in ${answer.store}\n`);
}

async function verify(group: string, checkpoint: string, options: OperationOptions): Promise<void> {
  const answer = await runOperation(checkpoints.verify, { group, checkpoint }, options);
  if (options.json) return printJson(answer);
  const { ok, error, read, bytes, ms } = answer;
  await print(ok ? `whole: read ${read} contents, ${bytes} bytes, in ${ms} ms\n` : `damaged: ${error}\n`);
  if (!ok) process.exitCode = 1;
}

async function remove(group: string, checkpoint: string, options: OperationOptions): Promise<void> {
  const answer = await runOperation(checkpoints.remove, { group, checkpoint }, options);
  if (options.json) return printJson(answer);
  await print(`${answer.result} ${checkpoint}\n`);
}

async function prune(group: string, options: OperationOptions): Promise<void> {
  const answer = await runOperation(checkpoints.prune, { group }, options);
  if (options.json) return printJson(answer);
  await print(`${answer.result}: ${answer.checkpoints} checkpoints, ${answer.bytes} bytes\n`);
}

async function alter(group: string, { json, direct, dryRun, ...flags }: AlterFlags): Promise<void> {
  const options = { json, direct, ...(dryRun === undefined ? {} : { dryRun }) };
  const answer = await runOperation(checkpoints.alter, { group, ...checkpointSettingsOf(flags) }, options);
  if (json) return printJson(answer);
  printRows([answer.checkpointing], false, '');
}

function rowOf({
  id,
  shardlet,
  seq,
  epoch,
  state,
  reason,
  base,
  bytes,
  keys,
  member,
  createdAtMs,
}: Checkpoint) {
  return {
    ...{ checkpoint: id, shardlet, seq, epoch, state, reason },
    kind: base === null ? 'whole' : 'delta',
    ...{ bytes, keys, member, created: new Date(createdAtMs).toISOString() },
  };
}
