/** Consumers while everything is killed under load; with more seeds: kills.slow.contract.test.ts. */
import { describe, inject, it } from 'vitest';
import { BY_KEY, survivesKills } from './run.fixture.ts';

describe('groups that poll, are fed and are pushed to, while members, edges, workers and hosts are killed', () => {
  it(
    'process everything once, in the order of its key, over splits, rolls, merges and moves',
    () => survivesKills(inject('postgresUrl'), BY_KEY, { seed: 1, rounds: 1, caughtUpWithinMs: 30_000 }),
    120_000,
  );
});
