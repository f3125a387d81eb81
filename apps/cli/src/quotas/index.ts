/** foreshard quotas: what single tokens and streams may bring in a second. */
import { PER_SECOND_MAX, QUOTA_SCOPES, quotas } from '@foreshard/core/operations';
import { Argument, type Command, InvalidArgumentError } from 'commander';
import { badInput } from '../failure.ts';
import { type OperationOptions, operating, runOperation } from '../operations/run-operation.ts';
import { printJson, writeOut } from '../output.ts';
import { printRows } from '../table.ts';

type Scope = (typeof QUOTA_SCOPES)[number];

interface SetOptions extends OperationOptions {
  readonly eventsPerSecond?: number;
  readonly bytesPerSecond?: number;
}

const HELP = `
A quota holds for all edges together; while the control Redis is away, for each by itself.
Edges read quotas anew every 3 s. Tokens and streams without one have those of the edge's settings
(EDGE_QUOTA_TOKEN_EVENTS_PER_SECOND and others), which are none by default.`;

export function register(program: Command): void {
  const group = program
    .command('quotas')
    .description('list, set and remove quotas of tokens and streams')
    .addHelpText('after', HELP);
  operating(group.command('list', { isDefault: true }), quotas.list)
    .description('the tokens and streams that have a quota of their own')
    .action(list);
  withSubject(operating(group.command('set'), quotas.set))
    .description('set the quota of a token or stream')
    .option('--events-per-second <number>', 'most events a second', perSecond)
    .option('--bytes-per-second <number>', 'most bytes of requests a second', perSecond)
    .action(set);
  withSubject(operating(group.command('remove'), quotas.remove))
    .description('let the settings of the edges hold for it again')
    .action(remove);
}

function withSubject(command: Command): Command {
  return command
    .addArgument(new Argument('<scope>').choices(QUOTA_SCOPES))
    .argument('<name>', 'name of the stream; id or name of the token');
}

async function list(options: OperationOptions): Promise<void> {
  const answer = await runOperation(quotas.list, {}, options);
  if (options.json) return printJson(answer);
  const rows = answer.quotas.map(({ name, eventsPerSecond, bytesPerSecond, ...subject }) => ({
    ...subject,
    name: name ?? '',
    eventsPerSecond: eventsPerSecond ?? 'none',
    bytesPerSecond: bytesPerSecond ?? 'none',
  }));
  printRows(
    rows,
    false,
    'no quota yet: set one with "foreshard quotas set stream NAME --events-per-second 1000"',
  );
}

async function set(scope: Scope, subject: string, options: SetOptions): Promise<void> {
  const { eventsPerSecond, bytesPerSecond } = options;
  if (eventsPerSecond === undefined && bytesPerSecond === undefined)
    throw badInput('no quota is given: see "foreshard quotas set --help"');
  const answer = await runOperation(quotas.set, { scope, subject, eventsPerSecond, bytesPerSecond }, options);
  if (options.json) return printJson(answer);
  writeOut(`the quota of ${scope} ${subject} holds on every edge within 3 s\n`);
}

async function remove(scope: Scope, subject: string, options: OperationOptions): Promise<void> {
  const answer = await runOperation(quotas.remove, { scope, subject }, options);
  if (options.json) return printJson(answer);
  writeOut(`${scope} ${subject} has no quota of its own any more\n`);
}

function perSecond(text: string): number {
  const value = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= PER_SECOND_MAX) return value;
  throw new InvalidArgumentError(`a whole number from 1 to ${PER_SECOND_MAX} is needed.`);
}
