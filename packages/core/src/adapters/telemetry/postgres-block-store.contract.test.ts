import { createDatabase } from '@foreshard/local';
import { Client } from 'pg';
import { afterAll, beforeAll, inject } from 'vitest';
import { blockStoreSuite } from '../../telemetry/block-store.contract-suite.ts';
import { applyMigrations } from '../prisma/index.ts';
import { PostgresBlockStore } from './postgres-block-store.ts';

const MIGRATIONS = new URL('../../../../../prisma/migrations', import.meta.url).pathname;

let url: string;
let store: PostgresBlockStore;

beforeAll(async () => {
  url = await createDatabase(inject('postgresUrl'), `blocks_${process.pid}`);
  await applyMigrations(url, MIGRATIONS);
  store = new PostgresBlockStore(url, 'test');
});
afterAll(() => store.close());

blockStoreSuite('PostgresBlockStore', async () => {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('TRUNCATE telemetry_block, telemetry_feed');
  await client.end();
  return store;
});
