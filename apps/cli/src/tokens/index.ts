/** foreshard tokens: who may talk to the edge, and what each of them may do. */
import { PERMISSION_TABLE, TOKEN_SCOPES, type TokenScope } from '@foreshard/core/access';
import { type OutputOf, tokens } from '@foreshard/core/operations';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type OperationOptions, operating, runOperation } from '../operations/run-operation.ts';
import { printJson } from '../output.ts';
import { type Amount, parseDuration } from '../streams/amounts.ts';
import { printRows } from '../table.ts';

interface CreateOptions extends OperationOptions {
  readonly scope: readonly TokenScope[];
  readonly expires: Amount;
}

type Token = OutputOf<typeof tokens.list>['tokens'][number];

const MS_PER_SECOND = 1_000;

const PERMITTED = Object.entries(PERMISSION_TABLE).map(
  ([name, { allows }]) => `  ${name.padEnd(16)} ${allows}`,
);
const HELP = `
Scopes:
${PERMITTED.join('\n')}
In short: ingest, read and consume are what their names say, admin is everything else. A token that replaces another needs the same name to go on as the members that the other joined.
The first token is written by "foreshard up"; without one that has tokens:manage, use --direct. Edges know a new token at once, and refuse a revoked one within 3 s.`;

export function register(program: Command): void {
  const group = program
    .command('tokens')
    .description('list, create and revoke the API tokens of the edge')
    .addHelpText('after', HELP);
  operating(group.command('list', { isDefault: true }), tokens.list)
    .description('all tokens, also revoked and expired ones')
    .action(list);
  operating(group.command('create'), tokens.create)
    .description('make a token; it is shown once')
    .argument('<name>', 'whom it is for')
    .addOption(
      new Option('--scope <scopes...>', 'what it may do').choices(TOKEN_SCOPES).makeOptionMandatory(),
    )
    .option('--expires <time>', 'after so long, such as 30d or 12h', lifetime, 'none')
    .action(create);
  operating(group.command('revoke'), tokens.revoke)
    .description('end a token')
    .argument('<id>', 'its id')
    .action(revoke);
}

async function list(options: OperationOptions): Promise<void> {
  const answer = await runOperation(tokens.list, {}, options);
  if (options.json) return printJson(answer);
  const none = 'no token yet: make one with "foreshard tokens create NAME --scope ingest read"';
  printRows(answer.tokens.map(rowOf), false, none);
}

function rowOf({ id, name, prefix, scopes, createdAt, lastUsedAt, expiresAt, state }: Token) {
  return {
    ...{ id, name, prefix, scopes: scopes.join(' '), created: createdAt },
    lastUsed: lastUsedAt ?? 'never',
    expires: expiresAt ?? 'never',
    state,
  };
}

async function create(name: string, { scope, expires, ...options }: CreateOptions): Promise<void> {
  const lifetimeSeconds = expires === 'none' ? undefined : expires / MS_PER_SECOND;
  const input = { name, scopes: [...scope], lifetimeSeconds };
  const answer = await runOperation(tokens.create, input, options);
  if (options.json) return printJson(answer);
  // alone on stdout, so that a script can take it: TOKEN=$(foreshard tokens create ...)
  process.stdout.write(`${answer.token}\n`);
  process.stderr.write(`token ${answer.id} (${answer.scopes.join(', ')}) is shown this once: keep it\n`);
}

async function revoke(id: string, options: OperationOptions): Promise<void> {
  const answer = await runOperation(tokens.revoke, { token: id }, options);
  if (options.json) return printJson(answer);
  process.stdout.write(`token ${id} is revoked: edges refuse it within 3 s\n`);
}

function lifetime(text: string): Amount {
  const amount = parseDuration(text);
  if (amount !== undefined && amount !== 0) return amount;
  throw new InvalidArgumentError('a time such as 30d, 12h or 15m is needed, or none.');
}
