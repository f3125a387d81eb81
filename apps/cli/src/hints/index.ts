/** foreshard hints: load that people expect. */
import type { HintInput } from '@foreshard/core/hints';
import { hints, type OutputOf } from '@foreshard/core/operations';
import { type Command, Option } from 'commander';
import { type OperationOptions, operating, runOperation } from '../operations/run-operation.ts';
import { print, printJson } from '../output.ts';
import { printRows } from '../table.ts';

interface AddFlags extends OperationOptions {
  readonly stream: string;
  readonly from: string;
  readonly to: string;
  readonly factor?: string;
  readonly perSecond?: string;
  readonly keys?: string;
  readonly types?: string;
  readonly shards?: string;
  readonly every?: 'day' | 'week' | 'month';
  readonly zone: string;
  readonly until?: string;
  readonly because: string;
}

const HELP = `
Examples:
  foreshard hints add --from 2026-12-24T18:00:00+01:00 --to 2026-12-24T22:00:00+01:00 --factor 3 --because "gifts"
  foreshard hints add --from 2026-11-23T08:00:00Z --to 2026-11-23T09:00:00Z --per-second 500 --every week \\
    --zone Europe/Berlin --because "weekly import"`;

export function register(program: Command): void {
  const group = program.command('hints').description('load that people expect and no model can know');
  operating(group.command('list', { isDefault: true }), hints.list)
    .description('all hints that hold or will hold again')
    .option('--removed', 'also those that were removed', false)
    .action(list);
  operating(group.command('add'), hints.add)
    .description('say what is expected; forecasts count it at once')
    .requiredOption('--from <TIME>', 'when it begins, with a zone')
    .requiredOption('--to <TIME>', 'when it ends, with a zone')
    .requiredOption('--because <TEXT>', 'why')
    .option('--factor <N>', 'so many times the load that is forecast')
    .option('--per-second <N>', 'so many events a second')
    .option('--stream <NAME>', 'the stream', 'main')
    .option('--keys <LIST>', 'only these keys, separated by commas')
    .option('--types <LIST>', 'only these event types, separated by commas')
    .option('--shards <LIST>', 'only these shards, separated by commas')
    .addOption(new Option('--every <PERIOD>', 'repeat it').choices(['day', 'week', 'month']))
    .option('--zone <NAME>', 'the clock on the wall a repetition follows', 'UTC')
    .option('--until <TIME>', 'no repetition begins after it')
    .addHelpText('after', HELP)
    .action(add);
  operating(group.command('remove'), hints.remove)
    .description('take a hint back')
    .argument('<id>')
    .action(remove);
  operating(group.command('restore'), hints.restore)
    .description('put a removed hint back')
    .argument('<id>')
    .action(restore);
}

async function add(flags: AddFlags): Promise<void> {
  const answer = await runOperation(hints.add, requestOf(flags), flags);
  if (flags.json) printJson(answer);
  else await print(`${answer.id}\n`);
}

function requestOf({ stream, from, to, because, every, zone, until, ...flags }: AddFlags): HintInput {
  return {
    ...{ stream, from, to, because },
    ...(flags.factor === undefined ? {} : { factor: Number(flags.factor) }),
    ...(flags.perSecond === undefined ? {} : { perSecond: Number(flags.perSecond) }),
    scope: {
      ...(flags.keys === undefined ? {} : { keys: flags.keys.split(',') }),
      ...(flags.types === undefined ? {} : { types: flags.types.split(',') }),
      ...(flags.shards === undefined ? {} : { shards: flags.shards.split(',').map(Number) }),
    },
    ...(every === undefined ? {} : { repeat: { every, zone, ...(until === undefined ? {} : { until }) } }),
  };
}

async function list({ removed, ...options }: OperationOptions & { removed: boolean }): Promise<void> {
  const answer = await runOperation(hints.list, { removed }, options);
  if (options.json) return printJson(answer);
  printRows(answer.hints.map(rowOf), false, 'no hint yet: add one with "foreshard hints add --help"');
}

function rowOf(hint: OutputOf<typeof hints.add>): Record<string, unknown> {
  const scope = Object.entries(hint.scope).map(([what, which]) => `${what} ${String(which)}`);
  const { id, stream, from, to, factor, perSecond, repeat, because, createdBy, removedBy } = hint;
  return {
    ...{ id, stream, from, to },
    expect: factor === null ? `${perSecond}/s` : `x${factor}`,
    every: repeat === null ? '-' : `${repeat.every} (${repeat.zone})`,
    of: scope.length === 0 ? 'all' : scope.join('; '),
    by: removedBy === null ? createdBy : `removed by ${removedBy}`,
    because,
  };
}

async function remove(id: string, options: OperationOptions): Promise<void> {
  const answer = await runOperation(hints.remove, { id }, options);
  if (options.json) printJson(answer);
  else await print(`removed; "foreshard hints restore ${id}" puts it back\n`);
}

async function restore(id: string, options: OperationOptions): Promise<void> {
  const answer = await runOperation(hints.restore, { id }, options);
  if (options.json) printJson(answer);
  else await print('it counts again\n');
}
