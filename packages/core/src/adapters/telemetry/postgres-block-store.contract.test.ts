import { Client } from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { blockStoreSuite } from '../../telemetry/block-store.contract-suite.ts';
import { migratedDatabase } from '../prisma/migrated-database.fixture.ts';
import { PostgresBlockStore } from './postgres-block-store.ts';

let url: string;
let store: PostgresBlockStore;

beforeAll(async () => {
  url = await migratedDatabase(inject('postgresUrl'), 'blocks');
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

test('a session that is ended while nothing is asked fails the work, not the process', async () => {
  const other = new Client({ connectionString: url });
  await other.connect();
  const work = store.exclusively('ended', async () => {
    await other.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'test' AND state = 'idle in transaction'`,
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    return 'done';
  });
  await expect(work).rejects.toThrow();
  expect(await store.exclusively('ended', async () => 'done')).toBe('done');
  await other.end();
});
