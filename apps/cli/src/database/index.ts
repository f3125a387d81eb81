/**
 * foreshard migrate: the database of the control plane gets the tables of this release. Needs the database and nothing
 * else, so that CI and init containers can run it before the product starts.
 */
import type { Command } from 'commander';
import { migrate, pendingMigrations } from '../composition.ts';
import { databaseAccess } from '../credentials.ts';
import { EXIT_FAILURE } from '../failure.ts';
import { counted, writeOut } from '../output.ts';
import { addressFrom, SECRETLY } from '../secret-input.ts';

interface Options {
  readonly database?: string;
  readonly check: boolean;
  readonly json: boolean;
}

/** What `--json` prints. */
interface Outcome {
  readonly applied: readonly string[];
  readonly pending: readonly string[];
}

const NOTES = `
The database is that of --database, else of DATABASE_URL, else of "foreshard up". Several may run at the same
time: one applies, the others wait. A database that a newer release has migrated is refused.
Exit codes of --check: 0 nothing is pending, 1 something is, or the database cannot be used.
To move shardlets to another host: foreshard move`;

export function register(program: Command): void {
  program
    .command('migrate')
    .description('apply the database migrations of this release')
    .option('--check', 'list what is pending and change nothing; exit code 1 if something is', false)
    .option('--database <url>', `address of PostgreSQL, with a password: ${SECRETLY}; else DATABASE_URL`)
    .option('--json', 'one JSON document', false)
    .addHelpText('after', NOTES)
    .showHelpAfterError('(to move shardlets: foreshard move SHARDLET... --to HOST)')
    .action((options: Options) => run(options));
}

async function run({ database, check, json }: Options): Promise<void> {
  const url = databaseAccess(database && (await addressFrom(database, 'the address of --database')));
  const outcome = check
    ? { applied: [], pending: await pendingMigrations(url) }
    : { applied: await migrate(url), pending: [] };
  writeOut(`${json ? JSON.stringify(outcome) : shown(outcome)}\n`);
  if (outcome.pending.length > 0) process.exitCode = EXIT_FAILURE;
}

function shown({ applied, pending }: Outcome): string {
  if (applied.length > 0) return listed(`Applied ${counted(applied.length, 'migration')}`, applied);
  if (pending.length > 0)
    return listed(`${counted(pending.length, 'migration')} pending, run "foreshard migrate"`, pending);
  return 'The database is up to date';
}

function listed(heading: string, names: readonly string[]): string {
  return [`${heading}:`, ...names.map((name) => `  ${name}`)].join('\n');
}
