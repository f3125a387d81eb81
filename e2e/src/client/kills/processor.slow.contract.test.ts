/** The same as processor.contract.test.ts for longer, with more seeds. */
import { describe, inject, it } from 'vitest';
import { stateSurvivesKills } from './processor-run.fixture.ts';

describe('processors, while everything is killed for long and checkpoints are lost', () => {
  it.each([2, 3])(
    'have the state of the log, each event once; seed %i',
    (seed) => stateSurvivesKills(inject('postgresUrl'), { seed, rounds: 3, caughtUpWithinMs: 60_000 }),
    300_000,
  );
});
