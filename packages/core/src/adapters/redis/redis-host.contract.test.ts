/** The contract of EventHost on a real Redis. */
import { afterAll, beforeAll } from 'vitest';
import { eventHostContract } from '../../hosts/event-host.contract-suite.ts';
import { redisFixture, startTestServer, type TestServer } from './redis-server.fixture.ts';

let test: TestServer;
beforeAll(async () => {
  test = await startTestServer();
});
afterAll(async () => {
  await test.stop();
});

eventHostContract('Redis', { memoryLimit: true, durable: true, connected: true }, (options) =>
  redisFixture(test, options),
);
