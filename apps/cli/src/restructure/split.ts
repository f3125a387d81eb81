/** foreshard split, roll and merge: shardlets hand their positions over to successors on the same host. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type OutputOf, shardlets } from '@foreshard/core/operations';
import { type Command, InvalidArgumentError } from 'commander';
import { badInput, CommandFailure } from '../failure.ts';
import { type OperationOptions, operating, runOperation } from '../operations/run-operation.ts';
import { printJson } from '../output.ts';
import { printRows } from '../table.ts';
import { idOf, ids } from './arguments.ts';
import { printLine } from './waiting.ts';

const LOOK_EVERY_MS = 100;
const SETTLED_WITHIN_MS = 30_000;

type Restructured = OutputOf<typeof shardlets.roll>;

interface Options extends OperationOptions {
  readonly at?: string;
  readonly wait: boolean;
}

export function registerSplit(program: Command): void {
  waiting(operating(program.command('split'), shardlets.split))
    .description('cut a shardlet where its observed load is in balance')
    .argument('<shardlet>', 'its number', idOf)
    .option(
      '--at <position>',
      'cut there instead: 16 hex digits, the last 8 zero unless the stream splits keys',
      position,
    )
    .action(split);
  waiting(operating(program.command('roll'), shardlets.roll))
    .description('end a shardlet and go on with a fresh one of the same range')
    .argument('<shardlet>', 'its number', idOf)
    .action(async (shardlet: number, options: Options) =>
      report(await runOperation(shardlets.roll, { shardlet }, options), options),
    );
  waiting(operating(program.command('merge'), shardlets.merge))
    .description('make one shardlet of neighbours in one shard on one host')
    .argument('<shardlets...>', 'their numbers', ids)
    .action(merge);
}

function waiting(command: Command): Command {
  return command.option('--wait', 'wait until the successors take events', false);
}

function position(text: string): string {
  if (/^[0-9a-f]{16}$/i.test(text)) return text;
  throw new InvalidArgumentError('16 hex digits are needed.');
}

async function split(shardlet: number, options: Options): Promise<void> {
  const at = options.at === undefined ? {} : { at: options.at };
  const answer = await runOperation(shardlets.split, { shardlet, ...at }, options);
  if (!options.json) printLine(answer.explanation ?? '');
  await report(answer, options);
}

async function merge(joined: number[], options: Options): Promise<void> {
  if (joined.length < 2) throw badInput('a merge needs at least two shardlets');
  await report(await runOperation(shardlets.merge, { shardlets: joined }, options), options);
}

async function report(answer: Restructured, options: Options): Promise<void> {
  const children = answer.children.flatMap(({ shardlet }) => (shardlet === null ? [] : [shardlet]));
  if (options.wait) for (const child of children) await untilOpen(child, options);
  if (options.json) printJson(answer);
  else
    printRows(
      answer.children.map((child) => rowOf(child, options)),
      false,
      '',
    );
}

function rowOf(
  { shardlet, host, range: { from, to }, loadShare }: Restructured['children'][number],
  { dryRun, wait }: Options,
) {
  return {
    shardlet,
    result: dryRun === true ? 'would open' : wait ? 'open' : 'opening',
    ...{ host, from, to },
    loadPercent: loadShare === null ? null : Math.round(loadShare * 100),
  };
}

async function untilOpen(shardlet: number, options: Options): Promise<void> {
  const deadline = Date.now() + SETTLED_WITHIN_MS;
  for (;;) {
    const { state } = await runOperation(shardlets.show, { shardlet }, options);
    if (state !== 'opening') return;
    if (Date.now() > deadline)
      throw new CommandFailure(
        `not open within ${SETTLED_WITHIN_MS / 1_000} s: is a worker running? see "foreshard status"`,
      );
    await sleep(LOOK_EVERY_MS);
  }
}
