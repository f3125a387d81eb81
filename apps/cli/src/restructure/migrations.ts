/** foreshard migrations: what moves, what became of what moved, and the orders of people. */
import { migrations } from '@foreshard/core/operations';
import type { Command } from 'commander';
import { type OperationOptions, operating, runOperation } from '../operations/run-operation.ts';
import { note, printJson, writeOut } from '../output.ts';
import { printRows } from '../table.ts';
import { bytesPerSecond, idOf } from './arguments.ts';
import { etaOf, failIfAborted, type Migration, untilEnded } from './waiting.ts';

const LISTED_DEFAULT = 50;

/** What is said of a migration that got an order. */
const ORDERS = {
  pause: ['let it wait; what is copied stays', 'is paused'],
  resume: ['let it go on', 'goes on'],
  abort: [
    'give it up before its cutover: the shardlet stays where it is, the copy is dropped',
    'is being aborted',
  ],
} as const;

interface OrderOptions extends OperationOptions {
  readonly reason: string;
}

interface ListOptions extends OperationOptions {
  readonly all: boolean;
  readonly limit: number;
}

interface LimitOptions extends OperationOptions {
  readonly rate?: number | boolean;
  readonly concurrency?: number;
}

export function registerMigrations(program: Command): void {
  const group = program.command('migrations').description('list, pause, resume, abort and reverse moves');
  operating(group.command('list', { isDefault: true }), migrations.list)
    .description('the moves under way; --all: also those that have ended')
    .option('--all', 'also those that have ended, newest first', false)
    .option('--limit <count>', 'how many', idOf, LISTED_DEFAULT)
    .action(list);
  operating(group.command('show'), migrations.show)
    .description('one move with its journal: each step with its time, worker and bytes')
    .argument('<move>', 'its number', idOf)
    .action(show);
  for (const name of ['pause', 'resume', 'abort'] as const)
    reasoned(operating(group.command(name), migrations[name]))
      .description(ORDERS[name][0])
      .argument('<move>', 'its number', idOf)
      .action((id: number, options: OrderOptions) => order(id, name, options));
  reasoned(operating(group.command('move-back'), migrations.moveBack))
    .description('move a shardlet back to where a finished move took it from')
    .option('--wait', 'wait until it has ended', false)
    .argument('<move>', 'its number', idOf)
    .action(moveBack);
  operating(group.command('limit'), migrations.limit)
    .description('what all moves may use together')
    .option('--rate <bytes>', 'bytes a second: 500kb, 20mb', bytesPerSecond)
    .option('--no-rate', 'no limit but the answer times of the hosts')
    .option('--concurrency <count>', 'moves at once', idOf)
    .action(limit);
  reasoned(operating(program.command('pause-all'), migrations.pauseAll))
    .description('the kill switch: no move copies until "resume-all"')
    .action((options: OrderOptions) => switchAll('pauseAll', options));
  reasoned(operating(program.command('resume-all'), migrations.resumeAll))
    .description('let all moves go on')
    .action((options: OrderOptions) => switchAll('resumeAll', options));
}

function reasoned(command: Command): Command {
  return command.option('--reason <text>', 'kept with the order', 'asked for at the command line');
}

async function list({ all: ended, limit, ...options }: ListOptions): Promise<void> {
  const answer = await runOperation(migrations.list, { ended, limit }, options);
  if (options.json) return printJson(answer);
  const { paused, reason } = answer.controls;
  if (paused) note(`all moves are paused: ${reason}`);
  printRows(answer.migrations.map(rowOf), false, 'nothing moves just now; --all shows what has ended');
}

function rowOf(move: Migration) {
  return {
    move: move.id,
    shardlet: move.shardlet,
    kind: move.kind,
    from: move.from.host,
    to: move.to.host,
    phase: move.result ?? (move.order === 'pause' ? `paused in ${move.phase}` : move.phase),
    bytes: move.bytes,
    bytesPerSecond: Math.round(move.bytesPerSecond),
    lag: move.lag,
    left: move.endedAt === null ? etaOf(move) : '-',
    by: move.actor,
    why: move.obstacle || move.reason,
  };
}

async function show(migration: number, options: OperationOptions): Promise<void> {
  const answer = await runOperation(migrations.show, { migration }, options);
  if (options.json) return printJson(answer);
  printRows([rowOf(answer.migration)], false, '');
  writeOut('\n');
  printRows(answer.journal, false, 'no step was taken yet');
}

async function order(migration: number, name: keyof typeof ORDERS, options: OrderOptions): Promise<void> {
  const answer = await runOperation(migrations[name], { migration, reason: options.reason }, options);
  if (options.json) return printJson(answer);
  const what = answer.dryRun ? `could get the order: ${name}` : ORDERS[name][1];
  writeOut(`move ${migration} ${what}\n`);
}

async function moveBack(
  migration: number,
  options: OrderOptions & { readonly wait: boolean },
): Promise<void> {
  const answer = await runOperation(migrations.moveBack, { migration, reason: options.reason }, options);
  if (options.wait && answer.migration !== null) failIfAborted(await untilEnded([answer.migration], options));
  if (options.json) return printJson(answer);
  const { shardlet, migration: move, from, to } = answer;
  printRows([{ shardlet, move, from, to }], false, '');
}

async function switchAll(name: 'pauseAll' | 'resumeAll', options: OrderOptions): Promise<void> {
  const answer = await runOperation(migrations[name], { reason: options.reason }, options);
  if (options.json) return printJson(answer);
  const verb = options.dryRun === true ? 'would be' : 'are';
  writeOut(`all moves ${verb} ${answer.paused ? 'paused' : 'free to go on'}\n`);
}

/** Without any limit: shows them. */
async function limit({ rate, concurrency, ...options }: LimitOptions): Promise<void> {
  const change = {
    ...(rate === false ? { bytesPerSecondMax: null } : {}),
    ...(typeof rate === 'number' ? { bytesPerSecondMax: rate } : {}),
    ...(concurrency === undefined ? {} : { concurrencyMax: concurrency }),
  };
  const answer = await runOperation(migrations.limit, change, {
    ...options,
    dryRun: options.dryRun === true || Object.keys(change).length === 0,
  });
  if (options.json) printJson(answer);
  else printRows([answer], false, '');
}
