/** Moves in both directions between a real Redis and a real PostgreSQL. */
import { afterAll, beforeAll, inject } from 'vitest';
import { type PostgresFixtures, postgresFixtures } from '../adapters/postgres/postgres-host.fixture.ts';
import { redisFixture, startTestServer, type TestServer } from '../adapters/redis/redis-server.fixture.ts';
import { movesContract } from './moves.contract-suite.ts';
import type { HostServer } from './server-cluster.fixture.ts';

let server: TestServer;
let databases: PostgresFixtures;
let redis: HostServer;
let postgres: HostServer;
beforeAll(async () => {
  server = await startTestServer();
  databases = await postgresFixtures(inject('postgresUrl'), 'moves_contract');
  redis = { engine: 'redis', url: server.server.url, make: () => redisFixture(server, {}) };
  postgres = { engine: 'postgres', url: databases.url, make: () => databases.make({}) };
});
afterAll(async () => {
  await databases.end();
  await server.stop();
});

movesContract('from Redis to PostgreSQL', () => [redis, postgres]);
movesContract('from PostgreSQL to Redis', () => [postgres, redis]);
