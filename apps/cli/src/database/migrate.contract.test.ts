/** foreshard migrate as CI and init containers run it: processes of their own on a real PostgreSQL. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createDatabase } from '@foreshard/local';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { MIGRATIONS, ROOT } from '../checkout.ts';

const UNREACHABLE = 'postgresql://me:secret@127.0.0.1:1/t';
/** any that only creates tables */
const HOST_PROOF = '20261123101000_host_proof';

let databases = 0;
let url: string;
let empty: string;
let all: string[];

beforeEach(async () => {
  url = await createDatabase(inject('postgresUrl'), `migrate_${process.pid}_${++databases}`);
  empty = await mkdtemp(join(tmpdir(), 'foreshard-migrate-'));
  const entries = await readdir(MIGRATIONS, { withFileTypes: true });
  all = entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
});
afterEach(() => rm(empty, { recursive: true }));

/** Knows nothing but the database: no Redis, no credentials. */
async function foreshard(env: Readonly<Record<string, string>>, ...args: string[]) {
  const { DATABASE_URL, REDIS_URL, ...others } = process.env;
  const child = spawn(process.execPath, [join(ROOT, 'apps/cli/src/main.ts'), ...args], {
    env: { ...others, FORESHARD_DATA_DIR: empty, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { exitCode, stdout, stderr };
}

const migrate = (...args: string[]) => foreshard({ DATABASE_URL: url }, 'migrate', ...args);

async function sql<T extends object>(query: string): Promise<T[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(query)).rows;
  } finally {
    await client.end();
  }
}

test('a fresh database: all is pending, is applied, and nothing is left', async () => {
  const before = await migrate('--check');
  expect(before).toMatchObject({ exitCode: 1, stderr: '' });
  expect(before.stdout.split('\n')).toEqual([
    `${all.length} migrations pending, run "foreshard migrate":`,
    ...all.map((name) => `  ${name}`),
    '',
  ]);
  expect(await sql(`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`)).toEqual([]);
  const applied = await migrate('--json');
  expect(JSON.parse(applied.stdout)).toEqual({ applied: all, pending: [] });
  expect(applied).toMatchObject({ exitCode: 0, stderr: '' });
  const upToDate = { exitCode: 0, stdout: 'The database is up to date\n', stderr: '' };
  expect(await migrate('--check')).toEqual(upToDate);
  expect(await migrate()).toEqual(upToDate);
  const [shardlets] = await sql<{ count: string }>('SELECT count(*) FROM shardlet');
  expect(shardlets).toEqual({ count: '0' });
});

test('a database of an older release: what is new is applied, and --database names it', async () => {
  await migrate();
  await sql(`DELETE FROM _prisma_migrations WHERE migration_name = '${HOST_PROOF}'`);
  await sql('DROP TABLE host_proof, host_claim');
  const checked = await migrate('--check', '--json');
  expect(checked.exitCode).toBe(1);
  expect(JSON.parse(checked.stdout)).toEqual({ applied: [], pending: [HOST_PROOF] });
  const elsewhere = { DATABASE_URL: UNREACHABLE };
  // it has a password, so it comes from a file
  await writeFile(join(empty, 'address'), url);
  expect(await foreshard(elsewhere, 'migrate', '--database', `@${join(empty, 'address')}`)).toEqual({
    ...{ exitCode: 0, stdout: `Applied 1 migration:\n  ${HOST_PROOF}\n`, stderr: '' },
  });
});

test('several at the same time apply each migration once', async () => {
  const results = await Promise.all([migrate('--json'), migrate('--json'), migrate('--json')]);
  expect(results.map((r) => r.exitCode)).toEqual([0, 0, 0]);
  expect(results.flatMap((r) => JSON.parse(r.stdout).applied).sort()).toEqual(all);
}, 120_000);

test('a database that a newer release has migrated is refused, and left as it is', async () => {
  await migrate();
  await sql(`INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at)
    VALUES ('newer', 'x', '29990101000000_newer', now())`);
  for (const args of [[], ['--check']])
    expect(await migrate(...args)).toEqual({
      exitCode: 1,
      stdout: '',
      stderr:
        'foreshard: the database has migration 29990101000000_newer, which this release does not know: use the release that applied it or a newer one, or restore a backup from before it\n',
    });
});

test('a database that cannot be reached: cause and cure in one line, without the password', async () => {
  const detail =
    'PostgreSQL at 127.0.0.1:1/t cannot be reached (connect ECONNREFUSED 127.0.0.1:1): check DATABASE_URL';
  const failed = (...args: string[]) => foreshard({ DATABASE_URL: UNREACHABLE }, 'migrate', ...args);
  const plain = { exitCode: 1, stdout: '', stderr: `foreshard: ${detail}\n` };
  expect(await failed()).toEqual(plain);
  expect(await failed('--check')).toEqual(plain);
  const document = JSON.stringify({ error: { code: 'failed', detail } });
  expect(await failed('--json')).toEqual({ ...plain, stderr: `${document}\n` });
});

test('without a database or with a wrong address it is bad input', async () => {
  expect(await foreshard({}, 'migrate')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(/set DATABASE_URL\n$/),
  });
  const wrong = 'mysql://me:s3cret-canary@db/x';
  const { exitCode, stderr } = await foreshard({ DATABASE_URL: wrong }, 'migrate');
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('must be an address such as')]);
  expect(stderr).not.toContain('canary');
  // everybody on the machine could read it
  const plain = await foreshard({}, 'migrate', '--database', UNREACHABLE);
  expect([plain.exitCode, plain.stderr]).toEqual([2, expect.stringContaining('holds a password')]);
  expect(plain.stderr).not.toContain('secret');
  expect(await migrate('12')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('foreshard move'),
  });
});
