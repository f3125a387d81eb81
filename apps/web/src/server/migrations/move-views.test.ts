import type { Move } from '@foreshard/core/moves';
import { EMPTY_TOPOLOGY, TopologyMap } from '@foreshard/core/topology';
import { expect, test } from 'vitest';
import { moveView } from './move-views.ts';

const MAP = new TopologyMap(EMPTY_TOPOLOGY);
const MOVE: Move = {
  ...{ id: 7, shardlet: 3, kind: 'open', source: 1, dest: 2, actor: 'me', reason: 'a test' },
  ...{ createdAtMs: 0, deadlineAtMs: null, order: 'go', orderReason: '', orderedBy: null },
  ...{ bytesPerSecondMax: null, phase: 'copy', worker: null, startedAtMs: 0, updatedAtMs: 0 },
  ...{ bytes: 1_000, records: 10, bytesPerSecond: 500, sourceSeq: 20, copiedSeq: 10 },
  ...{ obstacle: '', endedAtMs: null, result: null, detail: '' },
};

test('the time left follows from what is missing and how fast it goes, and is unknown before it goes', () => {
  expect(moveView(MAP, MOVE)).toMatchObject({ lag: 10, secondsLeft: 2, step: 'backfill' });
  expect(moveView(MAP, { ...MOVE, bytesPerSecond: 0 }).secondsLeft).toBeNull();
});

test('a copy that has caught up is written by the edges as well', () => {
  expect(moveView(MAP, { ...MOVE, copiedSeq: 20 }).step).toBe('shadow');
  expect(moveView(MAP, { ...MOVE, phase: 'verify' }).step).toBe('verify');
});

test('only what makes sense can be ordered', () => {
  expect(moveView(MAP, MOVE).can).toEqual(['pause', 'abort']);
  expect(moveView(MAP, { ...MOVE, order: 'pause' }).can).toEqual(['resume', 'abort']);
  expect(moveView(MAP, { ...MOVE, order: 'abort' }).can).toEqual([]);
  expect(moveView(MAP, { ...MOVE, endedAtMs: 1, result: 'moved' }).can).toEqual(['moveBack']);
  expect(moveView(MAP, { ...MOVE, endedAtMs: 1, result: 'aborted' }).can).toEqual([]);
});

test('a host that was removed since is told as such', () => {
  expect(moveView(MAP, MOVE).sourceName).toBe('host 1 (removed)');
});
