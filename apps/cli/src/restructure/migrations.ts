/** foreshard migrations: what moves, what became of what moved, and the orders of people. */
import {
  type Move,
  type MoveBackReply,
  type OrderReply,
  orderMove,
  pauseAllMoves,
  requestMoveBack,
} from '@foreshard/core/migration';
import type { Command } from 'commander';
import { withControl } from '../deciding.ts';
import { badInput, CommandFailure } from '../failure.ts';
import { printRows } from '../table.ts';
import { bytesPerSecond, idOf } from './arguments.ts';
import { operatorOf } from './operator.ts';
import { etaOf, failIfAborted, untilEnded } from './waiting.ts';

const LISTED_DEFAULT = 50;
const DONE = { go: 'goes on', pause: 'is paused', abort: 'is being aborted' } as const;

interface Common {
  readonly json: boolean;
  readonly reason: string;
  readonly dryRun: boolean;
  readonly wait: boolean;
}

export function registerMigrations(program: Command): void {
  const moves = program.command('migrations').description('list, pause, resume, abort and reverse moves');
  moves
    .command('list', { isDefault: true })
    .description('the moves under way; --all: also those that have ended')
    .option('--all', 'also those that have ended, newest first', false)
    .option('--limit <count>', 'how many', idOf, LISTED_DEFAULT)
    .option('--json', 'one JSON document', false)
    .action((options: { all: boolean; limit: number; json: boolean }) => list(options));
  moves
    .command('show')
    .description('one move with its journal: each step with its time, worker and bytes')
    .argument('<move>', 'its number', idOf)
    .option('--json', 'one JSON document', false)
    .action((id: number, { json }: { json: boolean }) => show(id, json));
  ordering(moves, 'pause', 'let it wait; what is copied stays', 'pause');
  ordering(moves, 'resume', 'let it go on', 'go');
  ordering(
    moves,
    'abort',
    'give it up before its cutover: the shardlet stays where it is, the copy is dropped',
    'abort',
  );
  common(moves.command('move-back').description('move a shardlet back to where a finished move took it from'))
    .option('--wait', 'wait until it has ended', false)
    .argument('<move>', 'its number', idOf)
    .action((id: number, options: Common) => moveBack(id, options));
  moves
    .command('limit')
    .description('what all moves may use together')
    .option('--rate <bytes>', 'bytes a second: 500kb, 20mb', bytesPerSecond)
    .option('--no-rate', 'no limit but the answer times of the hosts')
    .option('--concurrency <count>', 'moves at once', idOf)
    .option('--json', 'one JSON document', false)
    .action((options: LimitOptions) => limit(options));
  switching(program, 'pause-all', 'the kill switch: no move copies until "resume-all"', true);
  switching(program, 'resume-all', 'let all moves go on', false);
}

function common(command: Command): Command {
  return command
    .option('--reason <text>', 'kept with the order', 'asked for at the command line')
    .option('--dry-run', 'tell what would happen, and change nothing', false)
    .option('--json', 'one JSON document', false);
}

function ordering(moves: Command, name: string, description: string, order: Move['order']): void {
  common(moves.command(name).description(description))
    .argument('<move>', 'its number', idOf)
    .action((id: number, options: Common) => give(id, order, options));
}

function switching(program: Command, name: string, description: string, paused: boolean): void {
  common(program.command(name).description(description)).action((options: Common) =>
    switchAll(paused, options),
  );
}

async function list({ all, limit, json }: { all: boolean; limit: number; json: boolean }): Promise<void> {
  await withControl(async ({ moves }) => {
    const found = await moves.list({ ended: all, limit });
    if (json) return printRows(found, true, '');
    const { paused, reason } = await moves.controls();
    if (paused) process.stderr.write(`all moves are paused: ${reason}\n`);
    printRows(found.map(rowOf), false, 'nothing moves just now; --all shows what has ended');
  });
}

function rowOf(move: Move) {
  return {
    move: move.id,
    shardlet: move.shardlet,
    kind: move.kind,
    from: move.source,
    to: move.dest,
    phase: move.result ?? (move.order === 'pause' ? `paused in ${move.phase}` : move.phase),
    bytes: move.bytes,
    bytesPerSecond: Math.round(move.bytesPerSecond),
    lag: Math.max(0, move.sourceSeq - move.copiedSeq),
    left: move.endedAtMs === null ? etaOf(move) : '-',
    by: move.actor,
    why: move.obstacle || move.reason,
  };
}

async function show(id: number, json: boolean): Promise<void> {
  await withControl(async ({ moves }) => {
    const move = await moves.find(id);
    if (move === undefined) throw badInput(`there is no move ${id}`);
    const journal = await moves.journal(id);
    if (json) return void process.stdout.write(`${JSON.stringify({ ...move, journal })}\n`);
    printRows([rowOf(move)], false, '');
    process.stdout.write('\n');
    const steps = journal.map(({ atMs, ...step }) => ({ at: new Date(atMs).toISOString(), ...step }));
    printRows(steps, false, 'no step was taken yet');
  });
}

async function give(id: number, order: Move['order'], { reason, json, dryRun }: Common): Promise<void> {
  await withControl(async (control) => {
    const reply = dryRun
      ? await look(control.moves, id)
      : await orderMove(operatorOf(control), id, order, reason);
    if (reply.kind === 'unknown') throw badInput(`there is no move ${id}`);
    if (reply.kind === 'tooLate') throw new CommandFailure(tooLate(reply.move));
    const what = dryRun ? `would be told: ${order}` : DONE[order];
    if (json) printRows([reply.move], true, '');
    else process.stdout.write(`move ${id} ${what}\n`);
  });
}

async function look(moves: { find(id: number): Promise<Move | undefined> }, id: number): Promise<OrderReply> {
  const move = await moves.find(id);
  if (move === undefined) return { kind: 'unknown' };
  return { kind: move.endedAtMs === null && move.order !== 'abort' ? 'ordered' : 'tooLate', move };
}

function tooLate({ id, result }: Move): string {
  if (result === null) return `move ${id} is being aborted already`;
  const back = result === 'moved' ? `; "foreshard migrations move-back ${id}" takes it back` : '';
  return `move ${id} has ended: it was ${result}${back}`;
}

async function moveBack(id: number, { reason, json, dryRun, wait }: Common): Promise<void> {
  await withControl(async (control) => {
    const reply = await requestMoveBack(operatorOf(control), id, reason, dryRun);
    const { shardlet, move, source: from, dest: to } = accepted(id, reply);
    if (wait && !dryRun) failIfAborted(await untilEnded(control, [move]));
    printRows([{ shardlet, move: dryRun ? null : move, from, to }], json, '');
  });
}

function accepted(id: number, reply: MoveBackReply): Extract<MoveBackReply, { kind: 'move' }> {
  switch (reply.kind) {
    case 'move':
      return reply;
    case 'unknown':
      throw badInput(`there is no move ${id}`);
    case 'notMoved':
      throw new CommandFailure(`move ${id} has not ended at its destination: abort it instead`);
    case 'refused':
      throw new CommandFailure(reply.refusal.detail);
  }
}

async function switchAll(paused: boolean, { reason, json, dryRun }: Common): Promise<void> {
  await withControl(async (control) => {
    const controls = dryRun
      ? { ...(await control.moves.controls()), paused }
      : await pauseAllMoves(operatorOf(control), paused, paused ? reason : '');
    if (json) process.stdout.write(`${JSON.stringify(controls)}\n`);
    else
      process.stdout.write(
        `all moves ${dryRun ? 'would be' : 'are'} ${paused ? 'paused' : 'free to go on'}\n`,
      );
  });
}

interface LimitOptions {
  readonly rate?: number | boolean;
  readonly concurrency?: number;
  readonly json: boolean;
}

async function limit({ rate, concurrency, json }: LimitOptions): Promise<void> {
  await withControl(async (control) => {
    const change = {
      ...(rate === false
        ? { bytesPerSecondMax: null }
        : typeof rate === 'number'
          ? { bytesPerSecondMax: rate }
          : {}),
      ...(concurrency === undefined ? {} : { concurrencyMax: concurrency }),
    };
    const { actor } = operatorOf(control);
    const isAsked = Object.keys(change).length === 0;
    const controls = isAsked
      ? await control.moves.controls()
      : await control.moves.setControls(change, actor);
    printRows([controls], json, '');
  });
}
