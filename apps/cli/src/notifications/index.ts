/** foreshard notifications: who is told what, and what was sent. */
import {
  type AddReply,
  addTarget,
  changeTarget,
  type Delivery,
  NOTICE_KINDS,
  PAUSE_S_DEFAULT,
  redeliver,
  type ShownTarget,
  shownTarget,
  TARGET_FORMATS,
  type TargetRequest,
  targetRequestSchema,
  testTarget,
} from '@foreshard/core/notifying';
import { type Command, Option } from 'commander';
import { withControl } from '../deciding.ts';
import { badInput, CommandFailure } from '../failure.ts';
import { print } from '../output.ts';
import { idOf } from '../restructure/arguments.ts';
import { printRows } from '../table.ts';
import { deskOf } from './desk.ts';
import { whenSettled } from './settling.ts';

const LISTED_DEFAULT = 30;
const RESPONSE_SHOWN = 60;

const HELP = `
Kinds:
${Object.entries(NOTICE_KINDS)
  .map(([kind, meaning]) => `  ${kind.padEnd(24)}${meaning}`)
  .join('\n')}

Examples:
  foreshard notifications add ops https://example.com/hook
  foreshard notifications add slack https://hooks.slack.com/services/... --format slack --kinds alarm.host,move.failed`;

interface AddFlags {
  readonly format: string;
  readonly kinds?: string;
  readonly pause: string;
  readonly json: boolean;
}

export function register(program: Command): void {
  const notifications = program
    .command('notifications')
    .description('who is told of what waits for people and what is wrong');
  notifications
    .command('list', { isDefault: true })
    .description('the targets')
    .option('--json', 'one JSON document', false)
    .action(list);
  notifications
    .command('add')
    .description('tell an address; prints the secret that its messages are signed with, this once')
    .argument('<name>')
    .argument('<url>')
    .addOption(new Option('--format <format>', 'of the messages').choices(TARGET_FORMATS).default('webhook'))
    .option('--kinds <list>', 'only these, separated by commas; "" for none')
    .option('--pause <seconds>', 'between two messages', String(PAUSE_S_DEFAULT))
    .option('--json', 'one JSON document', false)
    .addHelpText('after', HELP)
    .action(add);
  notifications
    .command('remove')
    .description('tell it nothing any more; its log goes with it')
    .argument('<name>')
    .action(remove);
  for (const [command, enabled, what] of [
    ['pause', false, 'send nothing until it is resumed'],
    ['resume', true, 'send again'],
  ] as const)
    notifications
      .command(command)
      .description(what)
      .argument('<name>')
      .action((name: string) => turn(name, enabled));
  notifications
    .command('test')
    .description('send a test message and wait for the answer')
    .argument('<name>')
    .action(test);
  notifications
    .command('deliveries')
    .description('what was sent, and what became of it')
    .argument('[name]', 'only of this target')
    .option('--limit <count>', 'how many', idOf, LISTED_DEFAULT)
    .option('--json', 'one JSON document, with bodies and every attempt', false)
    .action(deliveries);
  notifications
    .command('redeliver')
    .description('send a message again, under the same id, and wait for the answer')
    .argument('<id>', 'of the delivery')
    .action(again);
}

async function list({ json }: { json: boolean }): Promise<void> {
  const targets = (await withControl(({ notifications }) => notifications.targets())).map(shownTarget);
  if (json) return void (await print(`${JSON.stringify(targets)}\n`));
  printRows(
    targets.map(rowOf),
    false,
    'nobody is told: add a target with "foreshard notifications add NAME URL"',
  );
}

function rowOf({ name, format, url, kinds, pauseSeconds, enabled, createdBy }: ShownTarget) {
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

async function add(name: string, url: string, flags: AddFlags): Promise<void> {
  const request = requestOf(name, url, flags);
  const reply = await withControl(async (control) => addTarget(await deskOf(control), request));
  const secret = secretOf(reply, name);
  if (flags.json) return void (await print(`${JSON.stringify({ name, secret })}\n`));
  await print(`${name} is told from now on; try it with "foreshard notifications test ${name}"\n`);
  await print(`secret of its signatures, shown this once: ${secret}\n`);
}

function requestOf(name: string, url: string, { format, kinds, pause }: AddFlags): TargetRequest {
  const parsed = targetRequestSchema.safeParse({
    ...{ name, url, format, pauseSeconds: Number(pause) },
    ...(kinds === undefined ? {} : { kinds: kinds.split(',').filter((kind) => kind !== '') }),
  });
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw badInput(`${path[0] === 'pauseSeconds' ? 'pause' : String(path[0])}: ${message}`);
}

function secretOf(reply: AddReply, name: string): string {
  if (reply.kind === 'exists') throw badInput(`there is a target "${name}" already`);
  if (reply.kind === 'refused') throw badInput(reply.detail);
  return reply.secret;
}

async function remove(name: string): Promise<void> {
  if (!(await withControl(({ notifications }) => notifications.remove(name)))) throw unknown(name);
  await print(`${name} is not told any more\n`);
}

async function turn(name: string, enabled: boolean): Promise<void> {
  const done = await withControl(async (control) => changeTarget(await deskOf(control), name, { enabled }));
  if (!done) throw unknown(name);
  await print(`${name} is ${enabled ? 'on' : 'paused'}\n`);
}

async function test(name: string): Promise<void> {
  await withControl(async (control) => {
    const id = await testTarget(await deskOf(control), name);
    if (id === undefined) throw unknown(name);
    await tell(await whenSettled(control.notifications, id, 0));
  });
}

async function again(id: string): Promise<void> {
  await withControl(async (control) => {
    const before = await control.notifications.delivery(id);
    if (before === undefined || !(await redeliver(await deskOf(control), id)))
      throw badInput(`there is no delivery ${id}`);
    await tell(await whenSettled(control.notifications, id, before.attempts.length));
  });
}

async function tell({ id, target, state, attempts }: Delivery): Promise<void> {
  const last = attempts.at(-1);
  if (last === undefined)
    throw new CommandFailure(`${id} waits to be sent: is the worker running, and is ${target} on?`);
  const answer = `${last.status ?? 'no answer'} in ${last.durationMs} ms${last.response === '' ? '' : `: ${last.response}`}`;
  if (state !== 'delivered') throw new CommandFailure(`${target} did not take ${id}: ${answer}`);
  await print(`${target} took ${id}: ${answer}\n`);
}

interface ListFlags {
  readonly limit: number;
  readonly json: boolean;
}

async function deliveries(target: string | undefined, { limit, json }: ListFlags): Promise<void> {
  const query = { limit, ...(target === undefined ? {} : { target }) };
  const found = await withControl(({ notifications }) => notifications.deliveries(query));
  if (json) return void (await print(`${JSON.stringify(found)}\n`));
  const rows = found.map(({ id, target, state, title, createdMs, attempts, nextMs }) => {
    const last = attempts.at(-1);
    return {
      id,
      at: new Date(createdMs).toISOString(),
      target,
      state,
      attempts: attempts.length,
      status: last?.status ?? null,
      ms: last?.durationMs ?? null,
      next: state === 'waiting' ? new Date(nextMs).toISOString() : null,
      title,
      response: last?.response.slice(0, RESPONSE_SHOWN).replaceAll(/\s+/g, ' ') || null,
    };
  });
  printRows(rows, false, 'nothing was sent yet');
}

function unknown(name: string): CommandFailure {
  return badInput(`there is no target "${name}"; see "foreshard notifications"`);
}
