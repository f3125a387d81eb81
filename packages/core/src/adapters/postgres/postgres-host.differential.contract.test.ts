import { afterAll, inject, test } from 'vitest';
import { differ } from '../../hosts/differential.ts';
import { memoryFixture } from '../memory/memory-host.fixture.ts';
import { postgresFixtures } from './postgres-host.fixture.ts';

const fixtures = await postgresFixtures(inject('postgresUrl'), 'host_differential');
afterAll(() => fixtures.end());

test('PostgreSQL answers random operations like the memory host, byte for byte', {
  timeout: 300_000,
}, async () => {
  const seed = Number(process.env.FORESHARD_TEST_SEED ?? 1);
  await differ((options) => memoryFixture(options), fixtures.make, {
    seed,
    sequences: 30,
    stepsPerSequence: 120,
  });
});
