/** foreshard notifications: who is notified of what, what was sent, and what is wrong. */
import { NOTICE_KINDS, PAUSE_S_DEFAULT, TARGET_FORMATS } from '@foreshard/core/notifying';
import { notifications, type OutputOf } from '@foreshard/core/operations';
import { type Command, Option } from 'commander';
import type { z } from 'zod';
import { CommandFailure } from '../failure.ts';
import { type OperationOptions, operating, runOperation } from '../operations/run-operation.ts';
import { print, printJson } from '../output.ts';
import { idOf } from '../restructure/arguments.ts';
import { addressFrom, SECRETLY } from '../secret-input.ts';
import { printRows } from '../table.ts';
import { whenSettled } from './settling.ts';

type Target = OutputOf<typeof notifications.changeTarget>;
type Delivery = OutputOf<typeof notifications.showDelivery>;

const LISTED_DEFAULT = 30;
const RESPONSE_SHOWN = 60;

const HELP = `
Kinds:
${Object.entries(NOTICE_KINDS)
  .map(([kind, meaning]) => `  ${kind.padEnd(24)}${meaning}`)
  .join('\n')}

Examples:
  foreshard notifications add ops https://example.com/hook
  foreshard notifications add slack @slack-hook.txt --format slack --kinds alarm.host,move.failed`;

interface AddFlags extends OperationOptions {
  readonly format: string;
  readonly kinds?: string;
  readonly pause: string;
}

export function register(program: Command): void {
  const group = program
    .command('notifications')
    .description('who is told of what waits for people and what is wrong');
  operating(group.command('list', { isDefault: true }), notifications.listTargets)
    .description('the targets')
    .action(list);
  operating(group.command('add'), notifications.addTarget)
    .description('tell an address; prints the secret that its messages are signed with, this once')
    .argument('<name>')
    .argument('<url>', `of a hook, or with a token: ${SECRETLY}`)
    .addOption(new Option('--format <format>', 'of the messages').choices(TARGET_FORMATS).default('webhook'))
    .option('--kinds <list>', 'only these, separated by commas; "" for none')
    .option('--pause <seconds>', 'between two messages', String(PAUSE_S_DEFAULT))
    .addHelpText('after', HELP)
    .action(add);
  operating(group.command('remove'), notifications.removeTarget)
    .description('tell it nothing any more; its log goes with it')
    .argument('<name>')
    .action(remove);
  for (const [command, enabled, what] of [
    ['pause', false, 'send nothing until it is resumed'],
    ['resume', true, 'send again'],
  ] as const)
    operating(group.command(command), notifications.changeTarget)
      .description(what)
      .argument('<name>')
      .action((name: string, options: OperationOptions) => turn(name, enabled, options));
  operating(group.command('test'), notifications.testTarget)
    .description('send a test message and wait for the answer')
    .argument('<name>')
    .action(test);
  operating(group.command('deliveries'), notifications.listDeliveries)
    .description('what was sent, and what became of it')
    .argument('[name]', 'only of this target')
    .option('--limit <count>', 'how many', idOf, LISTED_DEFAULT)
    .action(deliveries);
  operating(group.command('redeliver'), notifications.redeliver)
    .description('send a message again, under the same id, and wait for the answer')
    .argument('<id>', 'of the delivery')
    .action(again);
  operating(group.command('alarms'), notifications.listAlarms)
    .description('what is wrong now: incidents that have not ended')
    .action(alarms);
}

async function list(options: OperationOptions): Promise<void> {
  const answer = await runOperation(notifications.listTargets, {}, options);
  if (options.json) return printJson(answer);
  const empty = 'nobody is told: add a target with "foreshard notifications add NAME URL"';
  printRows(answer.targets.map(rowOf), false, empty);
}

function rowOf({ name, format, url, kinds, pauseSeconds, enabled, createdBy }: Target) {
  const isAll = kinds.length === Object.keys(NOTICE_KINDS).length;
  return {
    name,
    format,
    url,
    kinds: isAll ? 'all' : kinds.join(',') || 'none',
    pause: `${pauseSeconds} s`,
    state: enabled ? 'on' : 'paused',
    by: createdBy,
  };
}

async function add(
  name: string,
  given: string,
  { format, kinds, pause, ...options }: AddFlags,
): Promise<void> {
  const url = await addressFrom(given, 'the address of the target', { isHook: format === 'slack' });
  // what they say is judged by the operation
  const request = {
    ...{ name, url, format, pauseSeconds: Number(pause) },
    ...(kinds === undefined ? {} : { kinds: kinds.split(',').filter((kind) => kind !== '') }),
  } as z.input<typeof notifications.addTarget.input>;
  const answer = await runOperation(notifications.addTarget, request, options);
  if (options.json) return printJson(answer);
  await print(`${name} is told from now on; try it with "foreshard notifications test ${name}"\n`);
  await print(`secret of its signatures, shown this once: ${answer.secret}\n`);
}

async function remove(name: string, options: OperationOptions): Promise<void> {
  const answer = await runOperation(notifications.removeTarget, { name }, options);
  if (options.json) return printJson(answer);
  await print(`${name} is not told any more\n`);
}

async function turn(name: string, enabled: boolean, options: OperationOptions): Promise<void> {
  const answer = await runOperation(notifications.changeTarget, { name, enabled }, options);
  if (options.json) return printJson(answer);
  await print(`${name} is ${enabled ? 'on' : 'paused'}\n`);
}

async function test(name: string, options: OperationOptions): Promise<void> {
  const { id } = await runOperation(notifications.testTarget, { name }, options);
  await report(await whenSettled(id, 0, options), options);
}

async function again(id: string, options: OperationOptions): Promise<void> {
  const before = await runOperation(notifications.showDelivery, { id }, options);
  await runOperation(notifications.redeliver, { id }, options);
  await report(await whenSettled(id, before.attempts.length, options), options);
}

/** @throws CommandFailure unless the receiver has taken it */
async function report(delivery: Delivery, { json }: OperationOptions): Promise<void> {
  const { id, target, state, attempts } = delivery;
  if (json) printJson(delivery);
  const last = attempts.at(-1);
  if (last === undefined)
    throw new CommandFailure(`${id} waits to be sent: is the worker running, and is ${target} on?`);
  const answer = `${last.status ?? 'no answer'} in ${last.durationMs} ms${last.response === '' ? '' : `: ${last.response}`}`;
  if (state !== 'delivered') throw new CommandFailure(`${target} did not take ${id}: ${answer}`);
  if (!json) await print(`${target} took ${id}: ${answer}\n`);
}

interface ListFlags extends OperationOptions {
  readonly limit: number;
}

async function deliveries(target: string | undefined, { limit, ...options }: ListFlags): Promise<void> {
  const query = { limit, ...(target === undefined ? {} : { target }) };
  const answer = await runOperation(notifications.listDeliveries, query, options);
  if (options.json) return printJson(answer);
  const rows = answer.deliveries.map(({ id, target: to, state, title, createdAt, attempts, nextAt }) => {
    const last = attempts.at(-1);
    return {
      ...{ id, at: createdAt, target: to, state },
      attempts: attempts.length,
      status: last?.status ?? null,
      ms: last?.durationMs ?? null,
      ...{ next: nextAt, title },
      response: last?.response.slice(0, RESPONSE_SHOWN).replaceAll(/\s+/g, ' ') || null,
    };
  });
  printRows(rows, false, 'nothing was sent yet');
}

async function alarms(options: OperationOptions): Promise<void> {
  const answer = await runOperation(notifications.listAlarms, {}, options);
  if (options.json) return printJson(answer);
  printRows(
    answer.alarms.map(({ since, level, title, text }) => ({ since, level, title, text })),
    false,
    'nothing is wrong',
  );
}
