import { expect, it } from 'vitest';
import { overAllStates } from './kept-state.ts';

const state = { checkpointAt: 500, recoveryMs: 40, backlog: 3, due: false };

it('tells the oldest checkpoint and the worst recovery', () => {
  const others = [
    { checkpointAt: 300, recoveryMs: 900, backlog: 1, due: true },
    { checkpointAt: null, recoveryMs: 10, backlog: 70, due: true },
  ];
  expect(overAllStates([state, ...others])).toEqual({
    ...{ shardlets: 3, oldestCheckpointAt: 300, withoutCheckpoint: 1 },
    ...{ recoveryMs: 900, backlog: 70, due: 2 },
  });
});

it('knows nothing of none, and no age where there is no checkpoint', () => {
  expect(overAllStates([])).toBeUndefined();
  expect(overAllStates([{ ...state, checkpointAt: null }])!.oldestCheckpointAt).toBeNull();
});
