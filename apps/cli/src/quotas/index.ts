/** foreshard quotas: what single tokens and streams may bring in a second. */
import { Argument, type Command, InvalidArgumentError } from 'commander';
import type { Control } from '../composition.ts';
import { withControl } from '../deciding.ts';
import { badInput } from '../failure.ts';
import { printRows } from '../table.ts';

type Scope = 'token' | 'stream';

interface Values {
  readonly eventsPerSecond?: number;
  readonly bytesPerSecond?: number;
}

const HELP = `
A quota holds for all edges together; while the control Redis is away, for each by itself.
Edges read quotas anew every 3 s. Tokens and streams without one have those of the edge's settings
(EDGE_QUOTA_TOKEN_EVENTS_PER_SECOND and others), which are none by default.`;

export function register(program: Command): void {
  const quotas = program
    .command('quotas')
    .description('list, set and remove quotas of tokens and streams')
    .addHelpText('after', HELP);
  quotas
    .command('list', { isDefault: true })
    .description('the tokens and streams that have a quota of their own')
    .option('--json', 'one JSON document', false)
    .action(({ json }: { json: boolean }) => list(json));
  withSubject(quotas.command('set').description('set the quota of a token or stream'))
    .option('--events-per-second <number>', 'most events a second', perSecond)
    .option('--bytes-per-second <number>', 'most bytes of requests a second', perSecond)
    .action(set);
  withSubject(quotas.command('remove').description('let the settings of the edges hold for it again')).action(
    remove,
  );
}

function withSubject(command: Command): Command {
  return command
    .addArgument(new Argument('<scope>').choices(['token', 'stream']))
    .argument('<name>', 'name of the stream; id or name of the token');
}

async function list(json: boolean): Promise<void> {
  const rows = await withControl(async ({ quotas, tokens }) => {
    const names = new Map((await tokens.list()).map(({ id, name }) => [id, name]));
    return (await quotas.list()).map(({ scope, subject, eventsPerSecond, bytesPerSecond }) => ({
      scope,
      subject,
      name: scope === 'token' ? (names.get(subject) ?? '') : subject,
      eventsPerSecond: eventsPerSecond ?? 'none',
      bytesPerSecond: bytesPerSecond ?? 'none',
    }));
  });
  printRows(
    rows,
    json,
    'no quota yet: set one with "foreshard quotas set stream NAME --events-per-second 1000"',
  );
}

async function set(scope: Scope, name: string, { eventsPerSecond, bytesPerSecond }: Values): Promise<void> {
  if (eventsPerSecond === undefined && bytesPerSecond === undefined)
    throw badInput('no quota is given: see "foreshard quotas set --help"');
  await withControl(async (control) => {
    const subject = await subjectOf(control, scope, name);
    await control.quotas.set({ scope, subject, eventsPerSecond, bytesPerSecond });
    process.stdout.write(`the quota of ${scope} ${name} holds on every edge within 3 s\n`);
  });
}

async function remove(scope: Scope, name: string): Promise<void> {
  await withControl(async (control) => {
    // also of what is there no more
    const subject = await subjectOf(control, scope, name).catch(() => name);
    if (!(await control.quotas.remove(scope, subject)))
      throw badInput(`${scope} ${name} has no quota of its own`);
    process.stdout.write(`${scope} ${name} has no quota of its own any more\n`);
  });
}

async function subjectOf(control: Control, scope: Scope, name: string): Promise<string> {
  if (scope === 'stream') {
    const { streams } = await control.topology.snapshot();
    if (streams.some((stream) => stream.name === name)) return name;
    throw badInput(`there is no stream ${name}`);
  }
  const active = (await control.tokens.list()).filter(({ revokedAt }) => revokedAt === undefined);
  const found = active.filter((token) => token.id === name || token.name === name);
  if (found.length === 1) return found[0]!.id;
  throw badInput(
    found.length === 0 ? `there is no token ${name}` : `several tokens are called ${name}: give the id`,
  );
}

function perSecond(text: string): number {
  const value = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= 2 ** 31 - 1) return value;
  throw new InvalidArgumentError('a whole number from 1 to 2147483647 is needed.');
}
