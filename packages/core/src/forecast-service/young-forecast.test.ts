/** What a cluster of some minutes is answered: the finer forecast alone, which plans do not stand on yet. */
import { expect, it } from 'vitest';
import { END, START } from '../keyspace/index.ts';
import { EMPTY_TOPOLOGY, TopologyMap } from '../topology/index.ts';
import { ForecastStore } from './forecast-store.ts';
import { RESOLUTIONS, type Resolution, STEPS_TO_TRUST } from './resolution.ts';
import { LEVELS, packForecast, type StreamForecast, unpackForecast } from './stream-forecast.ts';

const { stepMs, horizon } = RESOLUTIONS['5m'];
const ORIGIN = Date.parse('2026-11-24T14:05:00Z');
const NOW = ORIGIN + 90_000;
const DAY_MS = 86_400_000;
const WHOLE = { kind: 'stream', streamId: 1 } as const;
const PER_STEP = 390_000;

function forecastFrom(known: number | undefined): StreamForecast {
  const table = Array.from({ length: horizon }, () => Float64Array.from(LEVELS, (level) => level - 0.5));
  const tables = { total: table, parts: table };
  return {
    ...{ streamId: 1, resolution: '5m', originMs: ORIGIN, model: 'naive', version: null, known },
    total: { point: new Float64Array(horizon).fill(PER_STEP), spread: new Float64Array(horizon).fill(10) },
    ...{ base: tables, calibrated: tables, unfit: [], own: new Map(), shares: new Map([[1, 1]]) },
  };
}

function youngStore(known: number | undefined): ForecastStore {
  const settings = { retentionMs: null, retentionBytes: null, dedupWindowMs: 900_000 };
  const streams = [{ id: 1, name: 'main', shardCount: 1, splitKeys: false, ...settings }];
  const place = { id: 1, stream: 1, shard: 0, range: { from: START, to: END }, owner: 1, epoch: 1 };
  const shardlets = [{ ...place, state: { kind: 'open' as const }, parents: [], lost: [] }];
  const map = new TopologyMap({ ...EMPTY_TOPOLOGY, streams, shardlets });
  const kept = forecastFrom(known);
  const latest = async (_: number, resolution: Resolution) => (resolution === '5m' ? kept : undefined);
  return new ForecastStore({
    ...{ records: { latest, between: async () => [] }, hints: { list: async () => [] } },
    ...{ map: () => map, nowMs: () => NOW, telemetry: undefined as never, blocks: undefined as never },
  });
}

it('answers a question about a day with the two hours that are foreseen', async () => {
  const answer = (await youngStore(1).forecastOf({ scope: WHOLE, horizonMs: DAY_MS }))!;
  expect([answer.resolution, answer.point.length]).toEqual(['5m', horizon]);
  expect(await youngStore(1).arrivalsAhead(1, DAY_MS)).toBeDefined();
});

it('says nothing of steps of an hour to who asks for just these', async () => {
  const asked = { scope: WHOLE, horizonMs: DAY_MS, resolution: '1h' } as const;
  expect(await youngStore(1).forecastOf(asked)).toBeUndefined();
});

it('draws the forecast half of a long heat map with what is foreseen', async () => {
  const span = { fromMs: ORIGIN, toMs: ORIGIN + 12 * 3_600_000, columnsMax: 1_000, rowsMax: 4 };
  const heat = (await youngStore(1).forecastHeat({ streamId: 1, show: 'forecast', ...span }))!;
  expect(heat.values[0]).toBeCloseTo((PER_STEP * 1_000) / stepMs, 3);
  expect(heat.values.at(-1)).toBeNaN();
});

it.each([
  [STEPS_TO_TRUST['5m'] - 1, 0],
  [STEPS_TO_TRUST['5m'], 1],
  [undefined, 1],
])('with %s known steps gives plans the load of %i shardlets, and others of all', async (known, given) => {
  const store = youngStore(known);
  expect((await store.loadsAhead(1, NOW, { sureOnly: true })).size).toBe(given);
  expect((await store.loadsAhead(1, NOW)).size).toBe(1);
});

it('is still known to be young when it is read back', () => {
  expect(unpackForecast(packForecast(forecastFrom(3))).known).toBe(3);
});
