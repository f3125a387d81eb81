import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase } from '@foreshard/local';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { openPrisma } from './client.ts';
import { applyMigrations, pendingMigrations } from './migrator.ts';

const MIGRATIONS = new URL('../../../../../prisma/migrations', import.meta.url).pathname;
const ONE = 'CREATE TABLE one (id int); INSERT INTO one VALUES (1);';
const TWO = 'CREATE TABLE two (id int);';

let databases = 0;
let url: string;
let dir: string;
let client: Client;

beforeEach(async () => {
  url = await createDatabase(inject('postgresUrl'), `migrator_${process.pid}_${++databases}`);
  dir = await mkdtemp(join(tmpdir(), 'foreshard-migrations-'));
  await writeFile(join(dir, 'migration_lock.toml'), 'provider = "postgresql"\n');
  client = new Client({ connectionString: url });
  await client.connect();
});
afterEach(async () => {
  await client.end();
  await rm(dir, { recursive: true });
});

async function write(name: string, sql: string): Promise<void> {
  await mkdir(join(dir, name), { recursive: true });
  await writeFile(join(dir, name, 'migration.sql'), sql);
}

async function tables(): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename !~ '^_' ORDER BY 1`,
  );
  return rows.map((r) => r.name);
}

it('applies what is new, in order, once', async () => {
  await write('20260102_two', 'ALTER TABLE one ADD COLUMN two int;');
  await write('20260101_one', ONE);
  expect(await applyMigrations(url, dir)).toEqual(['20260101_one', '20260102_two']);
  expect(await applyMigrations(url, dir)).toEqual([]);
  await write('20260103_three', TWO);
  expect(await applyMigrations(url, dir)).toEqual(['20260103_three']);
  expect(await tables()).toEqual(['one', 'two']);
});

it('writes the rows that Prisma writes', async () => {
  await write('20260101_one', ONE);
  await applyMigrations(url, dir);
  const { rows } = await client.query('SELECT * FROM _prisma_migrations');
  expect(rows).toEqual([
    {
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      checksum: createHash('sha256').update(ONE).digest('hex'),
      finished_at: expect.any(Date),
      migration_name: '20260101_one',
      logs: null,
      rolled_back_at: null,
      started_at: expect.any(Date),
      applied_steps_count: 1,
    },
  ]);
});

it('applies each migration once when several processes start together', async () => {
  await write('20260101_one', `${ONE} SELECT pg_sleep(0.1);`);
  await write('20260102_two', TWO);
  const applied = await Promise.all(Array.from({ length: 5 }, () => applyMigrations(url, dir)));
  expect(applied.flat().sort()).toEqual(['20260101_one', '20260102_two']);
  expect((await client.query('SELECT * FROM one')).rowCount).toBe(1);
});

it('leaves nothing of a migration that fails, and goes on when it is mended', async () => {
  await write('20260101_one', ONE);
  await write('20260102_two', `${TWO} SELECT 1 / 0;`);
  await expect(applyMigrations(url, dir)).rejects.toThrow(
    'migration 20260102_two failed and was rolled back (division by zero)',
  );
  expect(await tables()).toEqual(['one']);
  await write('20260102_two', TWO);
  expect(await applyMigrations(url, dir)).toEqual(['20260102_two']);
});

it('lists what is pending and changes nothing', async () => {
  await write('20260101_one', ONE);
  expect(await pendingMigrations(url, dir)).toEqual(['20260101_one']);
  const { rows } = await client.query(`SELECT to_regclass('_prisma_migrations') AS history`);
  expect(rows).toEqual([{ history: null }]);
  await applyMigrations(url, dir);
  await write('20260102_two', TWO);
  expect(await pendingMigrations(url, dir)).toEqual(['20260102_two']);
  expect(await tables()).toEqual(['one']);
});

it('names a user that may not create tables', async () => {
  const reader = `reader_${process.pid}`;
  await client.query(`CREATE ROLE ${reader} LOGIN PASSWORD 'r'`);
  await client.query('REVOKE CREATE ON SCHEMA public FROM public');
  const asReader = Object.assign(new URL(url), { username: reader, password: 'r' }).href;
  try {
    await expect(applyMigrations(asReader, dir)).rejects.toThrow(
      'cannot be created (permission denied for schema public): let the user of this address create tables',
    );
  } finally {
    await client.query(`DROP ROLE ${reader}`);
  }
});

it('refuses a migration that was edited after it was applied', async () => {
  await write('20260101_one', ONE);
  await applyMigrations(url, dir);
  await write('20260101_one', `${ONE} `);
  await write('20260102_two', TWO);
  await expect(applyMigrations(url, dir)).rejects.toThrow('20260101_one was edited after it was applied');
  expect(await tables()).toEqual(['one']);
});

it('refuses a database of a newer release, and one where Prisma failed half-way', async () => {
  await write('20260101_one', ONE);
  await write('20260102_two', TWO);
  await applyMigrations(url, dir);
  await rm(join(dir, '20260102_two'), { recursive: true });
  for (const refused of [applyMigrations, pendingMigrations])
    await expect(refused(url, dir)).rejects.toThrow(
      '20260102_two, which this release does not know: use the release that applied it or a newer one',
    );
  await write('20260102_two', TWO);
  await client.query(
    `UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = '20260102_two'`,
  );
  await expect(applyMigrations(url, dir)).rejects.toThrow('failed half-way');
  // as "prisma migrate resolve --rolled-back" leaves it
  await client.query(`UPDATE _prisma_migrations SET rolled_back_at = now() WHERE finished_at IS NULL`);
  await client.query('DROP TABLE two');
  expect(await applyMigrations(url, dir)).toEqual(['20260102_two']);
});

it('tells a database that is away in one line', async () => {
  await expect(applyMigrations('postgresql://me:secret@127.0.0.1:1/t', dir)).rejects.toThrow(
    /^PostgreSQL at 127.0.0.1:1\/t cannot be reached \(connect ECONNREFUSED 127.0.0.1:1\): check DATABASE_URL$/,
  );
});

it('makes the tables that the Prisma client asks for', async () => {
  await applyMigrations(url, MIGRATIONS);
  const prisma = openPrisma(url);
  const { clock, stream, host, shardlet, garbage, change, apiToken } = prisma;
  expect(await clock.findMany()).toEqual([
    { one: true, version: 0n, nextShardlet: 1n, nextStream: 1n, nextHost: 1n, restored: null },
  ]);
  const rows = [stream, host, shardlet, garbage, change, apiToken].map((table) =>
    (table as typeof stream).findMany(),
  );
  expect(await Promise.all(rows)).toEqual([[], [], [], [], [], []]);
  // the one row stays one
  await expect(clock.create({ data: { one: false } })).rejects.toThrow('clock_one');
  await prisma.$disconnect();
});
