import { FIRST_RECOVERY_MODEL, groupCheckpointingSchema, recoveryOf } from '@foreshard/core/checkpointing';
import type { Group } from '@foreshard/core/consuming';
import type { Drill, FailedDrills, LostEvents } from '@foreshard/core/group-state';
import pino from 'pino';
import { beforeEach, expect, it } from 'vitest';
import { DrillRounds } from './drill-rounds.ts';

const NOW = Date.parse('2026-11-24T12:00:00Z');
const { signal } = new AbortController();
const MINUTE_MS = 60_000;

let clock: { nowMs: number };
let drilled: string[];
let candidates: number[];
/** of shardlets that lack events */
let lost: Map<number, readonly LostEvents[]>;
let unusable: Set<number>;
let away: Set<number>;
let written: FailedDrills[];
let rounds: DrillRounds;

beforeEach(() => {
  [clock, drilled, candidates, written] = [{ nowMs: NOW }, [], [3, 1, 2], []];
  [lost, unusable, away] = [new Map(), new Set(), new Set()];
  rounds = made();
});

function made(): DrillRounds {
  const group = (name: string, more: Partial<Group> = {}): Group => {
    return { name, stream: 1, sessionMs: 1_000, ...more };
  };
  return new DrillRounds({
    groups: {
      list: async () => [group('g', { checkpointing: groupCheckpointingSchema.parse({}) }), group('plain')],
    },
    drill: {
      candidates: async () => candidates,
      async run(name, shardlet) {
        drilled.push(`${name}/${shardlet}`);
        if (away.has(shardlet)) throw new Error('host away');
        return drillOf(shardlet);
      },
    },
    book: {
      read: async (name) => written.findLast(({ group: one }) => one === name)?.failed ?? [],
      write: async (drills) => void written.push(drills),
    },
    log: pino({ level: 'silent' }),
    nowMs: () => clock.nowMs,
  });
}

function drillOf(shardlet: number): Drill {
  const checkpoint = { id: 'x' } as Drill['unusable'][number]['checkpoint'];
  return {
    ...{ group: 'g', shardlet, seq: 9, steps: [], lost: lost.get(shardlet) ?? [] },
    unusable: unusable.has(shardlet) ? [{ checkpoint, error: 'damaged' }] : [],
    ...{ keys: 0, stateBytes: 0, bytes: 0, events: 0, restoreMs: 0 },
    estimate: recoveryOf(FIRST_RECOVERY_MODEL, { bytes: 0, events: 0 }),
  };
}

async function minutes(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await rounds.run(signal);
    clock.nowMs += MINUTE_MS;
  }
}

it('drills one shardlet of each group that keeps state a minute, each in its turn', async () => {
  await rounds.run(signal);
  clock.nowMs += MINUTE_MS - 1;
  expect(await rounds.run(signal)).toBeUndefined();
  expect(drilled).toEqual(['g/1']);
  clock.nowMs += 1;
  await minutes(4);
  expect(drilled).toEqual(['g/1', 'g/2', 'g/3', 'g/1', 'g/2']);
  candidates = [3, 9];
  await minutes(2);
  // one that was never drilled comes first
  expect(drilled.slice(5)).toEqual(['g/9', 'g/3']);
});

it('counts drills that failed, however much went wrong in one', async () => {
  lost.set(1, [
    { shardlet: 1, after: 0, through: 5 },
    { shardlet: 1, after: 7, through: 9 },
  ]);
  expect(await rounds.run(signal)).toEqual({ drilled: 1, failedDrills: 1 });
});

it('keeps what failed until it is repaired, over a restart as well', async () => {
  lost.set(1, [{ shardlet: 1, after: 0, through: 5 }]);
  expect(await rounds.run(signal)).toEqual({ drilled: 1, failedDrills: 1 });
  const error =
    'The state of shardlet 1 needs the events 1 to 5 of shardlet 1, which are past their retention.';
  expect(written.at(-1)).toEqual({ group: 'g', atMs: NOW, failed: [{ shardlet: 1, error, atMs: NOW }] });
  clock.nowMs += MINUTE_MS;
  await minutes(1);
  expect(drilled.slice(1)).toEqual(['g/2', 'g/1']);
  rounds = made();
  drilled = [];
  lost.clear();
  await minutes(2);
  // again from the first, which is also the one that failed
  expect(drilled).toEqual(['g/1', 'g/2']);
  expect(written.at(-2)!.failed).toEqual([]);
});

it('looks again first at what failed longest ago, and forgets shardlets that are finished', async () => {
  for (const id of [1, 2]) lost.set(id, [{ shardlet: id, after: 0, through: 5 }]);
  await minutes(4);
  // 1; 2 and again 1; 3 and again 1, as both failed in one minute; then 2 is both
  expect(drilled).toEqual(['g/1', 'g/2', 'g/1', 'g/3', 'g/1', 'g/2']);
  expect(
    written
      .at(-1)!
      .failed.map(({ shardlet }) => shardlet)
      .sort(),
  ).toEqual([1, 2]);
  candidates = [2, 3];
  await minutes(1);
  expect(written.at(-1)!.failed.map(({ shardlet }) => shardlet)).toEqual([2]);
});

it('leaves to the rows of checkpoints what they say themselves', async () => {
  unusable.add(1);
  expect(await rounds.run(signal)).toEqual({ drilled: 1, failedDrills: 1 });
  expect(written.at(-1)!.failed).toEqual([]);
});

it('gives the others their turn when one cannot be drilled now', async () => {
  away.add(1);
  await expect(rounds.run(signal)).rejects.toThrow('host away');
  clock.nowMs += MINUTE_MS;
  await minutes(1);
  expect(drilled).toEqual(['g/1', 'g/2']);
});
