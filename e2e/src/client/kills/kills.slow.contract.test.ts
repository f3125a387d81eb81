/** The same as kills.contract.test.ts for longer, with more seeds. */
import { describe, inject, it } from 'vitest';
import { BY_KEY, survivesKills } from './run.fixture.ts';

describe('groups that poll, are fed and are pushed to, while members, edges, workers and hosts are killed for long', () => {
  it.each([2, 3])(
    'process everything once, in the order of its key; seed %i',
    (seed) => survivesKills(inject('postgresUrl'), BY_KEY, { seed, rounds: 3, caughtUpWithinMs: 60_000 }),
    240_000,
  );
});
