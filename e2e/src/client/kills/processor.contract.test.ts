/** Processors while everything is killed under load; with more seeds: processor.slow.contract.test.ts. */
import { describe, inject, it } from 'vitest';
import { stateSurvivesKills } from './processor-run.fixture.ts';

describe('processors, while members, edges, workers and hosts are killed and checkpoints are lost', () => {
  it(
    'have the state of the log, each event once, over splits, rolls, merges and moves',
    () => stateSurvivesKills(inject('postgresUrl'), { seed: 1, rounds: 1, caughtUpWithinMs: 30_000 }),
    180_000,
  );
});
