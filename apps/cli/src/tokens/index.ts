/** foreshard tokens: who may talk to the edge, and what each of them may do. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { withControl } from '../deciding.ts';
import { badInput } from '../failure.ts';
import { type Amount, parseDuration } from '../streams/amounts.ts';
import { printRows } from '../table.ts';

/** As T knows them; the store's own list would load the database's client for every help text. */
const SCOPES = ['ingest', 'read', 'consume', 'admin'] as const;
type Scope = (typeof SCOPES)[number];

interface CreateOptions {
  readonly scope: readonly Scope[];
  readonly expires: Amount;
  readonly json: boolean;
}

const HELP = `
Scopes: ingest posts events and records of the query layer, read reads events, the map and how far groups are,
consume creates consumer groups and is a member of them, admin changes hints. A token that replaces another
needs the same name to go on as the members that the other joined. Edges know a new token at once, and refuse a revoked one within 3 s.`;

export function register(program: Command): void {
  const tokens = program
    .command('tokens')
    .description('list, create and revoke the API tokens of the edge')
    .addHelpText('after', HELP);
  tokens
    .command('list', { isDefault: true })
    .description('all tokens, also revoked and expired ones')
    .option('--json', 'one JSON document', false)
    .action(({ json }: { json: boolean }) => list(json));
  tokens
    .command('create')
    .description('make a token; it is shown once')
    .argument('<name>', 'whom it is for')
    .addOption(new Option('--scope <scopes...>', 'what it may do').choices(SCOPES).makeOptionMandatory())
    .option('--expires <time>', 'after so long, such as 30d or 12h', lifetime, 'none')
    .option('--json', 'one JSON document', false)
    .action(create);
  tokens.command('revoke').description('end a token').argument('<id>', 'its id').action(revoke);
}

async function list(json: boolean): Promise<void> {
  const tokens = await withControl((control) => control.tokens.list());
  const nowMs = Date.now();
  const rows = tokens.map(({ id, name, prefix, scopes, createdAt, lastUsedAt, expiresAt, revokedAt }) => ({
    id,
    name,
    begins: prefix,
    scopes: json ? scopes : scopes.join(' '),
    created: createdAt.toISOString(),
    lastUsed: lastUsedAt?.toISOString() ?? 'never',
    expires: expiresAt?.toISOString() ?? 'never',
    state:
      revokedAt !== undefined
        ? 'revoked'
        : (expiresAt?.getTime() ?? Infinity) <= nowMs
          ? 'expired'
          : 'active',
  }));
  printRows(rows, json, 'no token yet: make one with "foreshard tokens create NAME --scope ingest read"');
}

async function create(name: string, { scope, expires, json }: CreateOptions): Promise<void> {
  const request = {
    name,
    scopes: [...new Set(scope)],
    ...(expires === 'none' ? {} : { expiresAt: new Date(Date.now() + expires) }),
  };
  const { token, plaintext } = await withControl((control) => control.tokens.create(request));
  const { id, scopes } = token;
  if (json) process.stdout.write(`${JSON.stringify({ id, name, scopes, token: plaintext })}\n`);
  else {
    // alone on stdout, so that a script can take it: TOKEN=$(foreshard tokens create ...)
    process.stdout.write(`${plaintext}\n`);
    process.stderr.write(`token ${id} (${scopes.join(', ')}) is shown this once: keep it\n`);
  }
}

async function revoke(id: string): Promise<void> {
  if (!(await withControl((control) => control.tokens.revoke(id))))
    throw badInput(`there is no active token ${id}: see "foreshard tokens"`);
  process.stdout.write(`token ${id} is revoked: edges refuse it within 3 s\n`);
}

function lifetime(text: string): Amount {
  const amount = parseDuration(text);
  if (amount !== undefined && amount !== 0) return amount;
  throw new InvalidArgumentError('a time such as 30d, 12h or 15m is needed, or none.');
}
