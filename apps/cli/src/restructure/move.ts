/** foreshard move and drain: shardlets go to other hosts, one by one or all of a host. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  drainPreview,
  leftToDrain,
  type Requested,
  requestDrain,
  requestMoves,
} from '@foreshard/core/migration';
import { TopologyMap } from '@foreshard/core/topology';
import type { Command } from 'commander';
import type { Control } from '../composition.ts';
import { withControl } from '../deciding.ts';
import { CommandFailure, EXIT_BAD_INPUT, EXIT_FAILURE } from '../failure.ts';
import { printRows } from '../table.ts';
import { bytesPerSecond, duration, hostNamed, ids } from './arguments.ts';
import { operatorOf } from './operator.ts';
import { failIfAborted, tell, untilEnded } from './waiting.ts';

const LOOK_EVERY_MS = 500;

interface MoveOptions {
  readonly to: string;
  readonly reason: string;
  readonly window?: number;
  readonly rate?: number;
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly wait: boolean;
}

export function registerMove(program: Command): void {
  program
    .command('move')
    .description('move shardlets, open or closed, to another host while they take events')
    .argument('<shardlets...>', 'their numbers', ids)
    .requiredOption('--to <host>', 'its number or name')
    .option('--reason <text>', 'kept with the move', 'asked for at the command line')
    .option('--window <time>', 'aborted when it is not done within this time: 90s, 10m, 2h', duration)
    .option('--rate <bytes>', 'copy no faster than this a second: 500kb, 20mb', bytesPerSecond)
    .option('--dry-run', 'tell what would be decided, and change nothing', false)
    .option('--wait', 'wait until they have ended and tell how far they are', false)
    .option('--json', 'one JSON document', false)
    .action((shardlets: number[], options: MoveOptions) => move(shardlets, options));
  program
    .command('drain')
    .description(
      'empty a host: everything on it, open and closed, moves to the others; then it can be removed',
    )
    .argument('<host>', 'its number or name')
    .option('--undo', 'take shardlets again; what has moved stays where it is', false)
    .option('--dry-run', 'tell what would be moved, and change nothing', false)
    .option('--wait', 'wait until it is empty', false)
    .option('--json', 'one JSON document', false)
    .action((host: string, options: DrainOptions) => drain(host, options));
}

async function move(shardlets: readonly number[], options: MoveOptions): Promise<void> {
  await withControl(async (control) => {
    const dest = hostNamed(await control.topology.snapshot(), options.to);
    const { reason, window: windowMs, rate: bytesPerSecondMax } = options;
    const request = { shardlets, dest, reason, windowMs, bytesPerSecondMax };
    const answers = await requestMoves(operatorOf(control), request, options.dryRun);
    const moves = answers.flatMap((a) => (a.kind === 'move' ? [a.move] : []));
    const ended = options.wait && !options.dryRun ? await untilEnded(control, moves) : [];
    const results = new Map(ended.map((m) => [m.id, m.result]));
    printRows(
      answers.map((a) => rowOf(a, results, options.dryRun)),
      options.json,
      'nothing to move',
    );
    failIfRefused(answers);
    failIfAborted(ended);
  });
}

function rowOf(answer: Requested, results: ReadonlyMap<number, string | null>, dryRun: boolean) {
  if (answer.kind === 'refused') {
    const { reason, detail } = answer.refusal;
    return {
      shardlet: answer.shardlet,
      result: `refused (${reason})`,
      move: null,
      from: null,
      to: null,
      detail,
    };
  }
  const { shardlet, move, source: from, dest: to } = answer;
  const result = dryRun ? 'would move' : (results.get(move) ?? 'moving');
  return { shardlet, result, move: dryRun ? null : move, from, to, detail: '' };
}

/** Losing a race may pass by itself; the rest is wrong however often it is tried. */
function failIfRefused(answers: readonly Requested[]): void {
  const refused = answers.flatMap((a) => (a.kind === 'refused' ? [a.refusal] : []));
  if (refused.length === 0) return;
  const mayPass = refused.some((r) => r.reason === 'changed' || r.reason === 'in_use');
  const details = refused.map((r) => r.detail).join('; ');
  throw new CommandFailure(details, mayPass ? EXIT_FAILURE : EXIT_BAD_INPUT);
}

interface DrainOptions {
  readonly undo: boolean;
  readonly dryRun: boolean;
  readonly wait: boolean;
  readonly json: boolean;
}

async function drain(text: string, options: DrainOptions): Promise<void> {
  await withControl(async (control) => {
    const host = hostNamed(await control.topology.snapshot(), text);
    const state = options.undo ? 'active' : 'draining';
    const reply = await requestDrain(operatorOf(control), host, state, options.dryRun);
    const isAlready = reply.kind === 'refused' && reply.refusal.reason === 'changed';
    if (reply.kind === 'refused' && !isAlready)
      throw new CommandFailure(reply.refusal.detail, EXIT_BAD_INPUT);
    if (options.dryRun && !options.undo) return preview(control, host, options.json);
    if (options.wait && !options.undo) await untilEmpty(control, host);
    await report(control, host, state, options);
  });
}

async function preview(control: Control, host: number, json: boolean): Promise<void> {
  const { moves } = drainPreview(await control.topology.snapshot(), host);
  const rows = moves.map(({ shardlet, dest }) => ({
    shardlet: shardlet.id,
    state: shardlet.state.kind,
    from: shardlet.owner,
    to: dest,
  }));
  printRows(rows, json, 'nothing is on it: remove it with "foreshard hosts remove"');
}

async function report(
  control: Control,
  host: number,
  state: string,
  { json, dryRun }: DrainOptions,
): Promise<void> {
  const left = leftToDrain(new TopologyMap(await control.topology.snapshot()), host);
  const next = state === 'active' ? 'it takes shardlets again' : nextOfDrain(host, left);
  printRows([{ host, state: dryRun ? `would be ${state}` : state, shardletsLeft: left, next }], json, '');
}

function nextOfDrain(host: number, left: number): string {
  return left === 0 ? `remove it with "foreshard hosts remove ${host}"` : 'see "foreshard migrations"';
}

async function untilEmpty(control: Control, host: number): Promise<void> {
  for (let before = -1; ; await sleep(LOOK_EVERY_MS)) {
    const topology = await control.topology.snapshot();
    const left = leftToDrain(new TopologyMap(topology), host);
    if (left === 0) return;
    if (topology.hosts.every((h) => h.id !== host || h.state === 'active'))
      throw new CommandFailure(`the drain of host ${host} was called off`);
    if (left !== before) tell(`${left} shardlets are left on host ${host}`);
    before = left;
  }
}
