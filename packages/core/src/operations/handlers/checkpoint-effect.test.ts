import { beforeEach, expect, it } from 'vitest';
import {
  FIRST_RECOVERY_MODEL,
  groupCheckpointingSchema,
  learnReplay,
  type RecoveryModel,
  type StateCheckpoint,
} from '../../checkpointing/index.ts';
import type { KnownGroup } from '../../consuming/index.ts';
import { type EffectStores, effectOf, type StreamHistory } from './checkpoint-effect.ts';

const FROM = Date.parse('2026-11-17T00:00:00Z');
const HOUR_MS = 3_600_000;
const EVEN = 3_000;
const GROUP = {
  group: {
    name: 'g',
    stream: 7,
    checkpointing: groupCheckpointingSchema.parse({ checkpoint_threshold: 52 }),
  },
} as unknown as KnownGroup;

let history: StreamHistory | undefined;
let valid: StateCheckpoint[];
let model: RecoveryModel | undefined;
let breaths: number;
let asked: unknown[];
let stores: EffectStores;

beforeEach(() => {
  [valid, model, breaths, asked] = [[], undefined, 0, []];
  const arrivals = Array.from({ length: 48 }, (_, step) => (step < 12 ? Number.NaN : EVEN));
  const forecast = { fromMs: FROM, stepMs: 1e9, eventsPerStep: [EVEN / 3e5] };
  history = {
    ...{ fromMs: FROM, stepMs: 300_000, all: 40 },
    shardlets: [
      { shardlet: 1, weight: 10, arrivals, forecasts: arrivals.map(() => undefined) },
      {
        shardlet: 2,
        weight: 30,
        arrivals,
        forecasts: arrivals.map((_, i) => (i < 30 ? undefined : forecast)),
      },
    ],
  };
  stores = {
    checkpoints: {
      async valid(group) {
        asked.push(group);
        return valid;
      },
    },
    measuredRecoveries: { model: async () => model && { model, fittedAtMs: 0 } },
    async ruleHistory(stream) {
      asked.push(stream);
      return history;
    },
    breathe: async () => void breaths++,
    nowMs: () => FROM + 0.5,
  };
});

const row = (shardlet: number, more: Partial<StateCheckpoint>) =>
  ({ shardlet, reason: 'due', bytes: 0, createdAtMs: 1, tookMs: 100, ...more }) as StateCheckpoint;

it('says what is known, and since when', async () => {
  const effect = await effectOf(stores, GROUP, {});
  expect(asked).toEqual([7, 'g']);
  expect(effect).toMatchObject({
    ...{ group: 'g', fromMs: FROM + HOUR_MS, toMs: FROM + 4 * HOUR_MS, replayed: 2, shardlets: 40 },
    forecastShare: 18 / 72,
  });
  // 16 in three hours, of each of 40
  expect(effect.saved!.checkpointsPerDay).toBeCloseTo(40 * 16 * 8, 6);
  expect(effect.saved!.bytesPerDay).toBeNull();
  expect(effect.hours.map(({ atMs }) => atMs)).toEqual([1, 2, 3].map((hour) => FROM + hour * HOUR_MS));
  for (const { saved, draft } of effect.hours) {
    expect(saved).toBeCloseTo(53, 3);
    expect(draft).toBe(saved);
  }
});

it('replays twice only where something changes, and lets others work meanwhile', async () => {
  await effectOf(stores, GROUP, { checkpoint_threshold: 52, aim: undefined });
  expect(breaths).toBe(8);
  const { saved, draft } = await effectOf(stores, GROUP, { checkpoint_threshold: 102 });
  expect(breaths).toBe(8 + 16);
  expect(draft!.checkpointsPerDay).toBeLessThan(saved!.checkpointsPerDay);
  expect(draft!.backlogMax).toBeCloseTo(104, 3);
});

it('goes by the newest checkpoint of each shardlet, and where there is none by the mean of the others', async () => {
  valid = [
    row(1, { bytes: 400, createdAtMs: 5 }),
    row(1, { bytes: 9_000, createdAtMs: 4 }),
    row(3, { bytes: 200 }),
    row(2, { bytes: 1e9, reason: 'start' }),
  ];
  const { saved } = await effectOf(stores, GROUP, {});
  const perShardlet = saved!.checkpointsPerDay / 40;
  expect(saved!.bytesPerDay).toBeCloseTo(perShardlet * (10 * 400 + 30 * 300), 3);
});

it('expects recoveries as they were learned', async () => {
  const before = (await effectOf(stores, GROUP, {})).saved!;
  model = FIRST_RECOVERY_MODEL;
  for (let i = 0; i < 50; i++) model = learnReplay(model, { events: 1e6, ms: 1e6 });
  // half as fast a replay: a checkpoint every 6 minutes
  const after = (await effectOf(stores, GROUP, {})).saved!;
  expect(after.checkpointsPerDay).toBeGreaterThan(1.5 * before.checkpointsPerDay);
});

it('says nothing of a stream of which nothing is known', async () => {
  const nothing = { fromMs: null, saved: null, draft: null, hours: [] };
  const unknown = { ...history!, shardlets: [{ ...history!.shardlets[0]!, arrivals: [Number.NaN] }] };
  history = undefined;
  expect(await effectOf(stores, GROUP, {})).toEqual({
    ...{ ...nothing, group: 'g', toMs: FROM, replayed: 0, shardlets: 0, forecastShare: 0 },
  });
  history = unknown;
  expect(await effectOf(stores, GROUP, { aim: 'cost' })).toMatchObject({ ...nothing, replayed: 1 });
});
