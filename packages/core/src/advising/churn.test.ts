import { expect, test } from 'vitest';
import type { Move } from '../moves/index.ts';
import { policySchema } from '../planning/index.ts';
import { churnOf } from './churn.ts';
import type { RecommendationRecord } from './recommendation-log.ts';

const HOUR_MS = 3_600_000;
/** a move that goes back within four hours is a reversal */
const policy = policySchema.parse({ rest: { settle_time: 60 } });

function move(
  shardlet: number,
  from: number,
  to: number,
  hour: number,
  result: Move['result'] = 'moved',
): Move {
  return { shardlet, source: from, dest: to, endedAtMs: hour * HOUR_MS, result, bytes: 100 } as Move;
}

const worth = (promised: number, realised: number, bytes: number) =>
  ({
    body: { gain: { expected: promised }, cost: { bytes } },
    realised: { atMs: 11 * HOUR_MS, gain: realised },
  }) as RecommendationRecord;

test('a move back to the host that was left is a reversal, within four times the settle time', () => {
  const moves = [move(1, 7, 8, 10), move(1, 8, 7, 13), move(2, 7, 8, 10), move(2, 8, 7, 15)];
  expect(churnOf(moves, [], policy, 0)).toMatchObject({ moves: 4, bytes: 400, reversals: 1 });
});

test('what ended earlier is only what may be taken back; aborted moves moved nothing', () => {
  const moves = [move(1, 7, 8, 10), move(1, 8, 7, 13), move(3, 7, 8, 13, 'aborted')];
  expect(churnOf(moves, [], policy, 12 * HOUR_MS)).toMatchObject({
    moves: 1,
    bytes: 100,
    reversals: 1,
    failed: 1,
  });
});

test('bytes are told for each unit that was gained, where something was', () => {
  const records = [worth(0.5, 0.3, 600), worth(0.2, 0.1, 200)];
  expect(churnOf([], records, policy, 0)).toMatchObject({
    promised: 0.7,
    realised: 0.4,
    bytesPerGain: 2_000,
  });
  expect(churnOf([], [worth(0.5, -0.1, 600)], policy, 0).bytesPerGain).toBeNull();
  expect(churnOf([], records, policy, 12 * HOUR_MS).bytesPerGain).toBeNull();
});
