/** foreshard tokens: who may talk to the edge, and what each of them may do. */
import { PERMISSION_TABLE, scopeText, TOKEN_SCOPES, type TokenScope } from '@foreshard/core/access';
import {
  type OutputOf,
  TOKEN_LIFETIME_SECONDS_DEFAULT,
  TOKEN_OVERLAP_SECONDS_DEFAULT,
  tokens,
} from '@foreshard/core/operations';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type OperationOptions, operating, runOperation } from '../operations/run-operation.ts';
import { printJson, writeErr, writeOut } from '../output.ts';
import { type Amount, parseDuration } from '../streams/amounts.ts';
import { printRows } from '../table.ts';

interface CreateOptions extends OperationOptions {
  readonly scope: readonly TokenScope[];
  readonly stream?: readonly string[];
  readonly group?: readonly string[];
  readonly cluster?: readonly string[];
  readonly network?: readonly string[];
  readonly expires: Amount;
}

interface RotateOptions extends OperationOptions {
  readonly overlap: Amount;
  readonly expires?: Amount;
}

type Token = OutputOf<typeof tokens.list>['tokens'][number];

const MS_PER_SECOND = 1_000;
const LIFETIME_DEFAULT = TOKEN_LIFETIME_SECONDS_DEFAULT * MS_PER_SECOND;
const OVERLAP_DEFAULT = TOKEN_OVERLAP_SECONDS_DEFAULT * MS_PER_SECOND;

const PERMITTED = Object.entries(PERMISSION_TABLE).map(
  ([name, { allows }]) => `  ${name.padEnd(16)} ${allows}`,
);
const HELP = `
Scopes:
${PERMITTED.join('\n')}
In short: ingest, read and consume are what their names say, admin is everything else. A token that replaces another needs the same name to go on as the members that the other joined.
The first token is written by "foreshard up"; without one that has tokens:manage, use --direct. Edges know a new token at once, and refuse a revoked one within 2 s. Nobody can give a token more than it has itself.`;

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
    .option('--stream <names...>', 'only these streams; NAME:PREFIX for keys that begin so')
    .option('--group <names...>', 'only these consumer groups')
    .option('--cluster <names...>', 'only these external clusters; "." is this one')
    .option('--network <networks...>', 'only from these networks, such as 10.0.0.0/8')
    .option('--expires <time>', 'after so long, such as 30d or 12h, or none', lifetime, LIFETIME_DEFAULT)
    .action(create);
  operating(group.command('rotate'), tokens.rotate)
    .description('replace a token by a new one of the same name, scopes and limits; it is shown once')
    .argument('<id>', 'the id of the token to replace')
    .option(
      '--overlap <time>',
      'the old one expires after so long, such as 1d or 10m',
      lifetime,
      OVERLAP_DEFAULT,
    )
    .option(
      '--expires <time>',
      'of the new one, such as 30d, or none; as long as the old one without it',
      lifetime,
    )
    .action(rotate);
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

function rowOf({
  id,
  name,
  prefix,
  scopes,
  limits,
  cidrs,
  owner,
  createdAt,
  lastUsedAt,
  expiresAt,
  signInBy,
  state,
}: Token) {
  return {
    ...{ id, name, prefix, scopes: scopes.join(' '), limits: scopeText(limits) },
    ...{ networks: cidrs.join(' ') || 'any', owner: owner ?? '', created: createdAt },
    lastUsed: lastUsedAt ?? 'never',
    expires: expiresAt ?? 'never',
    signInBy: signInBy ?? '',
    state,
  };
}

async function create(name: string, given: CreateOptions): Promise<void> {
  const { scope, stream, group, cluster, network = [], expires, ...options } = given;
  const limits = {
    ...(stream === undefined ? {} : { streams: stream.map(streamScope) }),
    ...(group === undefined ? {} : { groups: [...group] }),
    ...(cluster === undefined ? {} : { clusters: [...cluster] }),
  };
  const input = {
    name,
    scopes: [...scope],
    limits,
    cidrs: [...network],
    lifetimeSeconds: secondsOf(expires),
  };
  const answer = await runOperation(tokens.create, input, options);
  if (options.json) return printJson(answer);
  // alone on stdout, so that a script can take it: TOKEN=$(foreshard tokens create ...)
  writeOut(`${answer.token}\n`);
  writeErr(`token ${answer.id} (${answer.scopes.join(', ')}) is shown this once: keep it\n`);
}

/** Names of streams have no colon. */
function streamScope(text: string): { name: string; keyPrefix?: string } {
  const colon = text.indexOf(':');
  return colon === -1 ? { name: text } : { name: text.slice(0, colon), keyPrefix: text.slice(colon + 1) };
}

function secondsOf(amount: Amount): number | null {
  return amount === 'none' ? null : amount / MS_PER_SECOND;
}

async function rotate(id: string, { overlap, expires, ...options }: RotateOptions): Promise<void> {
  const input = {
    id,
    overlapSeconds: secondsOf(overlap) ?? 0,
    ...(expires === undefined ? {} : { lifetimeSeconds: secondsOf(expires) }),
  };
  const answer = await runOperation(tokens.rotate, input, options);
  if (options.json) return printJson(answer);
  writeOut(`${answer.token}\n`);
  writeErr(
    `token ${answer.id} is shown this once: keep it; ${id} is valid until ${answer.replaces.expiresAt}\n`,
  );
}

async function revoke(id: string, options: OperationOptions): Promise<void> {
  const answer = await runOperation(tokens.revoke, { token: id }, options);
  if (options.json) return printJson(answer);
  writeOut(`token ${id} is revoked: edges refuse it within 2 s\n`);
}

function lifetime(text: string): Amount {
  const amount = parseDuration(text);
  if (amount !== undefined && amount !== 0) return amount;
  throw new InvalidArgumentError('a time such as 30d, 12h or 15m is needed, or none.');
}
