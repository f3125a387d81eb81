/** The same as log-order.contract.test.ts for longer, with more seeds. */
import { describe, inject, it } from 'vitest';
import { IN_LOG_ORDER, survivesKills } from './run.fixture.ts';

describe('a group in the order of the log, while everything is killed and frozen for long', () => {
  it.each([2, 3])(
    'gets everything once, each member merged by time; seed %i',
    (seed) =>
      survivesKills(inject('postgresUrl'), IN_LOG_ORDER, {
        ...{ seed, rounds: 3, caughtUpWithinMs: 60_000, comparedMin: 2_000 },
      }),
    300_000,
  );
});
