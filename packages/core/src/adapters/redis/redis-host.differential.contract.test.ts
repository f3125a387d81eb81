/** Redis answers random operations as the reference in memory does, out of memory included. */
import { afterAll, beforeAll, test } from 'vitest';
import { differ } from '../../hosts/differential.ts';
import { memoryFixture } from '../memory/memory-host.fixture.ts';
import { redisFixture, startTestServer, type TestServer } from './redis-server.fixture.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  await server.stop();
});

/** A seed from outside looks for what the fixed ones miss: FORESHARD_SEED=123 vitest run ... */
const SEED = Number(process.env.FORESHARD_SEED ?? 1);

test('Redis and the memory host give equal replies', async () => {
  const run = { seed: SEED, sequences: 60, stepsPerSequence: 120 };
  await differ(
    (options) => memoryFixture(options),
    (options) => redisFixture(server, options),
    run,
  );
}, 120_000);
