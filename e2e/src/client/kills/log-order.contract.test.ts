/** A group with `order: log` while everything is killed and frozen; with more seeds: log-order.slow.contract.test.ts. */
import { describe, inject, it } from 'vitest';
import { IN_LOG_ORDER, survivesKills } from './run.fixture.ts';

describe('a group in the order of the log, while members, edges, workers and hosts are killed and frozen', () => {
  it(
    'gets everything once, each member merged by time, also with a host on PostgreSQL',
    () =>
      survivesKills(inject('postgresUrl'), IN_LOG_ORDER, {
        ...{ seed: 1, rounds: 1, caughtUpWithinMs: 30_000, comparedMin: 500 },
      }),
    180_000,
  );
});
