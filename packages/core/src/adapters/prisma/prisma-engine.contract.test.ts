/**
 * Prisma's own schema engine (as WebAssembly: its binary has to be downloaded) judges what our migrator has
 * done: the history counts as applied, and the tables are those of prisma/schema.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createDatabase } from '@foreshard/local';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import { Client } from 'pg';
import { expect, inject, it } from 'vitest';
import { applyMigrations, readMigrations } from './migrator.ts';

const PRISMA = new URL('../../../../../prisma/', import.meta.url).pathname;
const MIGRATIONS = join(PRISMA, 'migrations');
const SCHEMA = readdirSync(join(PRISMA, 'schema')).map((name) => ({
  path: name,
  content: readFileSync(join(PRISMA, 'schema', name), 'utf8'),
}));
const FILTERS = { externalTables: [], externalEnums: [] };

let loaded: Promise<void> | undefined;

/** The bindings keep the one instance of the engine that was loaded last. */
async function load(): Promise<void> {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve('@prisma/schema-engine-wasm/schema_engine_bg'));
  const wasm = await WebAssembly.compile(readFileSync(join(folder, 'schema_engine_bg.wasm')));
  const imports = { './schema_engine_bg.js': bindings } as unknown as WebAssembly.Imports;
  const { exports } = await WebAssembly.instantiate(wasm, imports);
  bindings.__wbg_set_wasm(exports);
  (exports.__wbindgen_start as () => void)();
}

async function openEngine(databaseUrl: string) {
  await (loaded ??= load());
  // the engine keeps its advisory lock, the one our migrator takes, as long as its connection
  const adapter = new PrismaPg({ connectionString: databaseUrl, idleTimeoutMillis: 100 });
  const factory = bindMigrationAwareSqlAdapterFactory(adapter);
  return bindings.SchemaEngine.new(
    { datamodels: SCHEMA.map(({ path, content }): [string, string] => [path, content]) },
    () => {},
    factory,
  );
}

async function migrationList() {
  const migrations = await readMigrations(MIGRATIONS);
  return {
    baseDir: MIGRATIONS,
    lockfile: {
      path: 'migration_lock.toml',
      content: readFileSync(join(MIGRATIONS, 'migration_lock.toml'), 'utf8'),
    },
    shadowDbInitScript: '',
    migrationDirectories: migrations.map(({ name, sql }) => ({
      path: name,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value: sql } },
    })),
  };
}

it('finds nothing left to apply and nothing edited', async () => {
  const url = await createDatabase(inject('postgresUrl'), `engine_${process.pid}`);
  await applyMigrations(url, MIGRATIONS);
  const engine = await openEngine(url);
  const migrationsList = await migrationList();
  const history = { migrationsList, optInToShadowDatabase: false, filters: FILTERS };
  expect(await engine.diagnoseMigrationHistory(history)).toMatchObject({
    editedMigrationNames: [],
    failedMigrationNames: [],
    history: null,
    hasMigrationsTable: true,
  });
  const applied = await engine.applyMigrations({ migrationsList, filters: FILTERS });
  expect(applied).toEqual({ appliedMigrationNames: [] });
});

it('leaves a history that our migrator goes on with', async () => {
  const url = await createDatabase(inject('postgresUrl'), `engine_first_${process.pid}`);
  const engine = await openEngine(url);
  const migrationsList = await migrationList();
  const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList, filters: FILTERS });
  expect(appliedMigrationNames.length).toBe(migrationsList.migrationDirectories.length);
  expect(await applyMigrations(url, MIGRATIONS)).toEqual([]);
});

it('would make the same tables out of prisma/schema as the migrations do', async () => {
  const migrated = await createDatabase(inject('postgresUrl'), `migrated_${process.pid}`);
  await applyMigrations(migrated, MIGRATIONS);
  const modelled = await createDatabase(inject('postgresUrl'), `modelled_${process.pid}`);
  const engine = await openEngine(modelled);
  const { stdout } = await engine.diff({
    from: { tag: 'empty' },
    to: { tag: 'schemaDatamodel', files: SCHEMA },
    script: true,
    exitCode: null,
    filters: FILTERS,
  });
  await query(modelled, stdout ?? '');
  expect(await shapeOf(migrated)).toEqual(await shapeOf(modelled));
  expect((await shapeOf(migrated)).length).toBeGreaterThan(40);
});

/** Columns and indexes; not checks, which the schema language cannot say. */
async function shapeOf(databaseUrl: string): Promise<unknown[]> {
  const columns = await query(
    databaseUrl,
    `SELECT table_name, column_name, data_type, udt_name, is_nullable, column_default, ordinal_position
       FROM information_schema.columns WHERE table_schema = 'public' AND table_name !~ '^_' ORDER BY 1, 7`,
  );
  const indexes = await query(
    databaseUrl,
    `SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename !~ '^_' ORDER BY 1`,
  );
  return [...columns, ...indexes];
}

async function query(databaseUrl: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
