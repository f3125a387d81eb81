/** foreshard groups checkpoints: the state that members of a group keep, as it is stored. */
import { checkpoints, type OutputOf } from '@foreshard/core/operations';
import { type Command, Option } from 'commander';
import { type OperationOptions, operating, runOperation } from '../operations/run-operation.ts';
import { print, printJson } from '../output.ts';
import { printRows } from '../table.ts';
import {
  type CheckpointFlags,
  checkpointSettingsOf,
  withCheckpointSettings,
  withRuleSettings,
} from './checkpoint-settings.ts';
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
  foreshard groups checkpoints drill billing 7
  foreshard groups checkpoints effect billing --threshold 5000
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
  operating(all.command('drill'), checkpoints.drill)
    .description('restore the state of a shardlet as a member would, and throw it away')
    .argument('<group>')
    .argument('<shardlet>')
    .action(drill);
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
  registerEffect(all);
}

function registerAlter(all: Command): void {
  withCheckpointSettings(operating(all.command('alter'), checkpoints.alter))
    .description('change when checkpoints are due, and how long they are kept')
    .argument('<group>')
    .action(alter);
}

function registerEffect(all: Command): void {
  withRuleSettings(operating(all.command('effect'), checkpoints.effect))
    .description('what other settings would have meant in the last seven days; nothing is changed')
    .argument('<group>')
    .action(effect);
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

async function drill(group: string, shardlet: string, options: OperationOptions): Promise<void> {
  const answer = await runOperation(checkpoints.drill, { group, shardlet: Number(shardlet) }, options);
  if (options.json) return printJson(answer);
  printRows(answer.steps.map(drilledRow), false, 'there is nothing to restore');
  const { ok, failures, keys, bytes, events, restoreMs, replayMs, readyMs } = answer;
  const restored = `${keys ?? 'unknown'} keys from ${bytes} bytes in ${restoreMs} ms`;
  await print(`\nrestored ${restored}; a member would replay ${events} events in about ${replayMs} ms\n`);
  await print(
    ok
      ? `a member would be ready in ${(readyMs / 1_000).toFixed(1)} s\n`
      : `${failures.map((one) => `failed: ${one}\n`).join('')}`,
  );
  if (!ok) process.exitCode = 1;
}

type Drill = OutputOf<typeof checkpoints.drill>;

function drilledRow(step: Drill['steps'][number]) {
  if (step.kind === 'replay') {
    const { shardlet, after, through } = step;
    return { step: 'replay', shardlet, what: `events ${after + 1} to ${through}`, bytes: '', ms: '' };
  }
  const { shardlet, checkpoint, base, bytes, ms } = step;
  return { step: 'restore', shardlet, what: base === null ? checkpoint : `${checkpoint} (delta)`, bytes, ms };
}

type Effect = OutputOf<typeof checkpoints.effect>;

async function effect(group: string, { json, direct, dryRun: _, ...flags }: AlterFlags): Promise<void> {
  const options = { json, direct };
  const draft = checkpointSettingsOf(flags);
  const answer = await runOperation(checkpoints.effect, { group, ...draft }, options);
  if (json) return printJson(answer);
  const { saved, draft: tried, fromMs, replayed, shardlets } = answer;
  if (saved === null || tried === null || fromMs === null) {
    await print('nothing is known of the last seven days: there is no telemetry yet\n');
    return;
  }
  printRows([effectRow('as it is', saved), effectRow('with the changes', tried)], false, '');
  const whole = replayed === shardlets ? 'all shardlets' : `${replayed} of ${shardlets} shardlets`;
  await print(`\nreplayed since ${new Date(fromMs).toISOString()} over ${whole}\n`);
}

function effectRow(settings: string, one: NonNullable<Effect['saved']>) {
  return {
    settings,
    'checkpoints/day': Math.round(one.checkpointsPerDay),
    'bytes/day': one.bytesPerDay === null ? 'not known' : Math.round(one.bytesPerDay),
    'backlog p99': Math.round(one.backlogP99),
    'backlog max': Math.round(one.backlogMax),
    'longest recovery': `${(one.recoveryMsMax / 1_000).toFixed(1)} s`,
    'out of reach': `${(100 * one.outOfReachShare).toFixed(1)} %`,
  };
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
