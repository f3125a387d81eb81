/**
 * A PostgreSQL of our own: real PostgreSQL 18 out of an npm package, on 127.0.0.1 only, with a password.
 * A second start meets the data of the first.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import { freePort } from './free-port.ts';
import { diskFull, type LocalServer, startServer } from './local-server.ts';
import { passwordsIn } from './passwords.ts';
import { homeFor, type PostgresHome } from './postgres-home.ts';
import { SetupFailure } from './setup-failure.ts';

export interface PostgresOptions {
  readonly dir: string;
  readonly port?: number;
  /** settings of postgresql.conf, over the defaults below */
  readonly settings?: Readonly<Record<string, string>>;
  readonly name?: string;
  /** over the program's own */
  readonly env?: Readonly<Record<string, string>>;
}

const run = promisify(execFile);
const USER = 'foreshard';
/** two starts at once would change the same rows of the catalogue */
const OWNER_LOCK = 1_718_579_899;
const DEFAULTS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  synchronous_commit: 'on',
  max_connections: '200',
  // a line to the log for every checkpoint tells nobody anything
  log_checkpoints: 'off',
} as const;

export async function startPostgres(options: PostgresOptions): Promise<LocalServer> {
  const home = await homeFor(resolve(options.dir));
  const password = await passwordOf(home);
  if (!(await hasData(home))) await initialise(home);
  await removeStaleLock(home);
  const port = options.port ?? (await freePort());
  const url = `postgresql://${USER}:${password}@127.0.0.1:${port}/postgres`;
  const settings = { ...DEFAULTS, ...options.settings, port: String(port) };
  return startServer({
    url,
    port,
    dir: home.data,
    answers: () => query(url, 'SELECT 1').then(() => true),
    // the sessions of a killed server hold its memory until they notice
    passing: /pre-existing shared memory block/,
    spec: {
      name: options.name ?? 'postgres',
      program: home.program('postgres'),
      args: [
        '-D',
        home.data,
        ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
      ],
      cwd: home.data,
      env: { ...process.env, TZ: 'UTC', LC_ALL: 'C', ...options.env },
      logFile: join(home.dir, 'postgres.log'),
      // "fast": ends the sessions and writes a checkpoint
      endSignal: 'SIGINT',
      uid: home.uid,
    },
  });
}

/** Creates `name` on the server of `url` unless it is there, and answers its own url. */
export async function createDatabase(url: string, name: string): Promise<string> {
  const quoted = `"${name.replaceAll('"', '""')}"`;
  await query(url, `CREATE DATABASE ${quoted}`).catch((error: { code?: string }) => {
    if (error.code !== '42P04') throw error;
  });
  const created = new URL(url);
  created.pathname = `/${encodeURIComponent(name)}`;
  return created.href;
}

/**
 * Makes `role` the owner of the database of `url` and of all in it, and answers the address for that role, which is no
 * superuser. Its password stays in `dir`. `url` names a superuser; what an earlier release made belongs to the role too.
 */
export async function ownedBy(url: string, role: string, dir: string): Promise<string> {
  const password = (await passwordsIn(dir, [role])).get(role)!;
  const name = decodeURIComponent(new URL(url).pathname.slice(1));
  await query(url, ownerScript(role, password, name));
  const owned = new URL(url);
  owned.username = role;
  owned.password = password;
  return owned.href;
}

/** CREATEDB: another database beside it may be taken for a host. pg_monitor: the doctor looks at sessions of others. */
function ownerScript(role: string, password: string, database: string): string {
  const [roleName, databaseName] = [escapeIdentifier(role), escapeIdentifier(database)];
  return `
    SELECT pg_advisory_lock(${OWNER_LOCK});
    DO $$ BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ${escapeLiteral(role)}) THEN
        CREATE ROLE ${roleName};
      END IF;
    END $$;
    ALTER ROLE ${roleName} LOGIN NOSUPERUSER CREATEDB NOCREATEROLE NOREPLICATION PASSWORD ${escapeLiteral(password)};
    GRANT pg_monitor TO ${roleName};
    ALTER DATABASE ${databaseName} OWNER TO ${roleName};
    ALTER SCHEMA public OWNER TO ${roleName};
    DO $$ DECLARE command text; BEGIN
      FOR command IN ${statementsFor(role)} LOOP EXECUTE command; END LOOP;
    END $$;
    SELECT pg_advisory_unlock(${OWNER_LOCK});`;
}

/** Sequences of columns, indexes, and types of tables follow their tables. */
function statementsFor(name: string): string {
  const role = escapeIdentifier(name);
  const ours = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;
  const notYet = (owner: string) => `pg_get_userbyid(${owner}) <> ${escapeLiteral(name)}`;
  return `
    SELECT format('ALTER SCHEMA %I OWNER TO ${role}', n.nspname) FROM pg_namespace n
      WHERE ${ours} AND ${notYet('n.nspowner')}
    UNION ALL SELECT format('ALTER TABLE %I.%I OWNER TO ${role}', n.nspname, c.relname)
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE ${ours} AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND ${notYet('c.relowner')}
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND c.relkind = 'S' AND d.deptype IN ('a', 'i'))
    UNION ALL SELECT format('ALTER TYPE %I.%I OWNER TO ${role}', n.nspname, t.typname)
      FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
      WHERE ${ours} AND ${notYet('t.typowner')} AND t.typtype IN ('e', 'd', 'r')
    UNION ALL SELECT format('ALTER ROUTINE %s OWNER TO ${role}', p.oid::regprocedure)
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE ${ours} AND ${notYet('p.proowner')}`;
}

async function query(url: string, text: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // the server may end the session while it shuts down
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query(text);
  } finally {
    await client.end().catch(() => {});
  }
}

async function passwordOf(home: PostgresHome): Promise<string> {
  const file = join(home.dir, 'password');
  const known = await readFile(file, 'utf8').catch(() => '');
  if (known !== '') return known;
  const password = randomBytes(24).toString('base64url');
  await writeFile(file, password, { mode: 0o600 });
  await home.give(file);
  return password;
}

function hasData(home: PostgresHome): Promise<boolean> {
  return access(join(home.data, 'PG_VERSION')).then(
    () => true,
    () => false,
  );
}

/** Leaves nothing half made: initdb works in an empty folder and PG_VERSION comes early. */
async function initialise(home: PostgresHome): Promise<void> {
  await rm(home.data, { recursive: true, force: true });
  await mkdir(home.data, { recursive: true, mode: 0o700 });
  await home.give(home.data);
  const args = ['-D', home.data, '-U', USER, '--pwfile', join(home.dir, 'password'), '-A', 'scram-sha-256'];
  await run(home.program('initdb'), [...args, '-E', 'UTF8', '--no-locale', '--no-instructions'], {
    cwd: home.dir,
    env: { ...process.env, TZ: 'UTC', LC_ALL: 'C' },
    ...(home.uid === undefined ? {} : { uid: home.uid, gid: home.uid }),
  }).catch(async (error: Error & { stderr?: string }) => {
    await rm(home.data, { recursive: true, force: true });
    const details = error.stderr ?? error.message;
    if (/No space left/.test(details)) throw diskFull(details);
    throw new SetupFailure(
      'PostgreSQL could not make its data folder',
      `see whether ${home.dir} may be written:`,
      {
        details,
      },
    );
  });
}

/**
 * After a crash of the machine or container the lock file may name a pid that belongs to someone else now;
 * PostgreSQL would refuse to start. A real one of ours is recognised by its folder on its command line.
 */
async function removeStaleLock(home: PostgresHome): Promise<void> {
  const lock = join(home.data, 'postmaster.pid');
  const pid = (await readFile(lock, 'utf8').catch(() => '')).split('\n')[0];
  if (pid === undefined || pid === '') return;
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  const alive = command === undefined ? process.platform !== 'linux' : command.includes(home.data);
  if (!alive) await rm(lock, { force: true });
}
