/** foreshard move and drain: shardlets go to other hosts, one by one or all of a host. */
import { setTimeout as sleep } from 'node:timers/promises';
import { hosts, migrations, type OutputOf } from '@foreshard/core/operations';
import type { Command } from 'commander';
import { CommandFailure, EXIT_BAD_INPUT, EXIT_FAILURE } from '../failure.ts';
import { type OperationOptions, operating, runOperation } from '../operations/run-operation.ts';
import { printJson } from '../output.ts';
import { printRows } from '../table.ts';
import { bytesPerSecond, duration, findHost, ids } from './arguments.ts';
import { failIfAborted, type Migration, printLine, untilEnded } from './waiting.ts';

const LOOK_EVERY_MS = 500;
const MS_PER_SECOND = 1_000;

type Result = OutputOf<typeof migrations.start>['results'][number];
type Drain = OutputOf<typeof hosts.drain>;

interface MoveOptions extends OperationOptions {
  readonly to: string;
  readonly reason: string;
  readonly window?: number;
  readonly rate?: number;
  readonly wait: boolean;
}

interface DrainOptions extends OperationOptions {
  readonly undo: boolean;
  readonly wait: boolean;
}

export function registerMove(program: Command): void {
  operating(program.command('move'), migrations.start)
    .description('move shardlets, open or closed, to another host while they take events')
    .argument('<shardlets...>', 'their numbers', ids)
    .requiredOption('--to <host>', 'its number or name')
    .option('--reason <text>', 'kept with the move', 'asked for at the command line')
    .option('--window <time>', 'aborted when it is not done within this time: 90s, 10m, 2h', duration)
    .option('--rate <bytes>', 'copy no faster than this a second: 500kb, 20mb', bytesPerSecond)
    .option('--wait', 'wait until they have ended and tell how far they are', false)
    .action(move);
  operating(program.command('drain'), hosts.drain, hosts.undrain)
    .description(
      'empty a host: everything on it, open and closed, moves to the others; then it can be removed',
    )
    .argument('<host>', 'its number or name')
    .option('--undo', 'take shardlets again; what has moved stays where it is', false)
    .option('--wait', 'wait until it is empty', false)
    .action(drain);
}

async function move(shardlets: number[], options: MoveOptions): Promise<void> {
  const { to, reason, window: windowMs, rate: bytesPerSecondMax, dryRun, wait, json } = options;
  const input = {
    ...{ shardlets, to: (await findHost(to, options)).id, reason },
    ...(windowMs === undefined ? {} : { windowSeconds: Math.ceil(windowMs / MS_PER_SECOND) }),
    ...(bytesPerSecondMax === undefined ? {} : { bytesPerSecondMax }),
  };
  const { results } = await runOperation(migrations.start, input, options);
  const started = results.flatMap(({ migration }) => (migration === null ? [] : [migration]));
  const ended = wait && dryRun !== true ? await untilEnded(started, options) : [];
  const shown = results.map((one) => ({ ...one, result: endOf(one, ended) }));
  if (json) printJson({ results: shown });
  else printRows(shown.map(rowOf), false, 'nothing to move');
  failIfRefused(results);
  failIfAborted(ended);
}

function endOf({ migration, result }: Result, ended: readonly Migration[]): string {
  return ended.find(({ id }) => id === migration)?.result ?? result;
}

function rowOf({
  shardlet,
  result,
  migration,
  from,
  to,
  refusal,
}: Omit<Result, 'result'> & { result: string }) {
  const shown = refusal === undefined ? result : `refused (${refusal.reason})`;
  return { shardlet, result: shown, migration, from, to, detail: refusal?.detail ?? '' };
}

/** Losing a race may pass by itself; the rest is wrong however often it is tried. */
function failIfRefused(results: readonly Result[]): void {
  const refused = results.flatMap(({ refusal }) => (refusal === undefined ? [] : [refusal]));
  if (refused.length === 0) return;
  const mayPass = refused.some((r) => r.reason === 'changed' || r.reason === 'in_use');
  const details = refused.map((r) => r.detail).join('; ');
  throw new CommandFailure(details, mayPass ? EXIT_FAILURE : EXIT_BAD_INPUT);
}

async function drain(text: string, options: DrainOptions): Promise<void> {
  const { id: host } = await findHost(text, options);
  const answer = await runOperation(options.undo ? hosts.undrain : hosts.drain, { host }, options);
  const waits = options.wait && !options.undo && options.dryRun !== true;
  const last = waits ? await untilEmpty(host, options) : answer;
  if (options.json) return printJson(waits ? { ...last, dryRun: false } : answer);
  if (answer.dryRun && !options.undo)
    return printRows(rowsOf(answer), false, 'nothing is on it: remove it with "foreshard hosts remove"');
  printRows([{ host, ...stateOf(last, options) }], false, '');
}

function rowsOf({ moves, waiting }: Drain) {
  return [
    ...moves.map((one) => ({ ...one, detail: '' })),
    ...waiting.flatMap(({ why, shardlets }) =>
      shardlets.map((shardlet) => ({ shardlet, to: null, detail: why })),
    ),
  ];
}

function stateOf({ host, state, left }: Drain, { dryRun }: DrainOptions) {
  const next = state === 'active' ? 'it takes shardlets again' : nextOfDrain(host, left);
  return { state: dryRun === true ? `would be ${state}` : state, shardletsLeft: left, next };
}

function nextOfDrain(host: number, left: number): string {
  return left === 0 ? `remove it with "foreshard hosts remove ${host}"` : 'see "foreshard migrations"';
}

async function untilEmpty(host: number, options: DrainOptions): Promise<Drain> {
  for (let before = -1; ; await sleep(LOOK_EVERY_MS)) {
    const answer = await runOperation(hosts.drain, { host }, { ...options, dryRun: true });
    if (answer.left === 0) return answer;
    if (answer.left !== before) printLine(`${answer.left} shardlets left on host ${host}`);
    before = answer.left;
  }
}
