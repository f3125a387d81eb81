/** foreshard annotations: what people remark about a time. */
import type { AnnotationInput } from '@foreshard/core/annotations';
import { annotations, type OutputOf } from '@foreshard/core/operations';
import type { Command } from 'commander';
import { type OperationOptions, operating, runOperation } from '../operations/run-operation.ts';
import { print, printJson } from '../output.ts';
import { printRows } from '../table.ts';

interface AddFlags extends OperationOptions {
  readonly stream: string;
  readonly from: string;
  readonly to?: string;
  readonly range?: string;
}

interface ListFlags extends OperationOptions {
  readonly stream?: string;
  readonly from?: string;
  readonly to?: string;
  readonly removed: boolean;
}

const HELP = `
Examples:
  foreshard annotations add "sale begins" --from 2026-11-27T08:00:00+01:00
  foreshard annotations add "import of last year" --from 2026-11-28T01:00:00Z --to 2026-11-28T03:00:00Z \\
    --range 8000000000000000..c000000000000000`;

export function register(program: Command): void {
  const group = program
    .command('annotations')
    .description('what people remark about a time, shown on charts');
  operating(group.command('list', { isDefault: true }), annotations.list)
    .description('all annotations, the latest first')
    .option('--stream <NAME>', 'only of this stream')
    .option('--from <TIME>', 'only those that end at this time or later')
    .option('--to <TIME>', 'only those that start at this time or earlier')
    .option('--removed', 'also those that were removed', false)
    .action(list);
  operating(group.command('add'), annotations.add)
    .description('remark something about a moment or a time')
    .argument('<text>')
    .requiredOption('--from <TIME>', 'the moment, or the start of the time, with a zone')
    .option('--to <TIME>', 'the end of the time')
    .option('--stream <NAME>', 'the stream', 'main')
    .option('--range <FROM..TO>', 'only these positions of keys, in hex')
    .addHelpText('after', HELP)
    .action(add);
  operating(group.command('remove'), annotations.remove)
    .description('remove an annotation from every chart')
    .argument('<id>')
    .action(remove);
  operating(group.command('restore'), annotations.restore)
    .description('put a removed annotation back')
    .argument('<id>')
    .action(restore);
}

async function add(text: string, flags: AddFlags): Promise<void> {
  const answer = await runOperation(annotations.add, requestOf(text, flags), flags);
  if (flags.json) printJson(answer);
  else await print(`${answer.id}\n`);
}

function requestOf(text: string, { stream, from, to, range }: AddFlags): AnnotationInput {
  const [low = '', high = ''] = range?.split('..') ?? [];
  return {
    ...{ text, stream, from },
    ...(to === undefined ? {} : { to }),
    ...(range === undefined ? {} : { range: { from: low, to: high } }),
  };
}

async function list({ stream, from, to, removed, ...options }: ListFlags): Promise<void> {
  const asked = {
    ...(stream === undefined ? {} : { stream }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
  const answer = await runOperation(annotations.list, { ...asked, removed }, options);
  if (options.json) return printJson(answer);
  printRows(answer.annotations.map(rowOf), false, 'no annotation yet: "foreshard annotations add --help"');
}

function rowOf({ range, ...annotation }: OutputOf<typeof annotations.add>): Record<string, unknown> {
  const { id, stream, from, to, text, createdBy, removedBy } = annotation;
  return {
    ...{ id, stream, from, to: to === from ? '-' : to },
    keys: range === null ? 'all' : `${range.from}..${range.to}`,
    by: removedBy === null ? createdBy : `removed by ${removedBy}`,
    text,
  };
}

async function remove(id: string, options: OperationOptions): Promise<void> {
  const answer = await runOperation(annotations.remove, { id }, options);
  if (options.json) printJson(answer);
  else await print(`removed; "foreshard annotations restore ${id}" puts it back\n`);
}

async function restore(id: string, options: OperationOptions): Promise<void> {
  const answer = await runOperation(annotations.restore, { id }, options);
  if (options.json) printJson(answer);
  else await print('charts show it again\n');
}
