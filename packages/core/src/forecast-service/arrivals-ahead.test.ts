/** What is read once for all shardlets of a stream has to be what is answered for each of them. */
import { expect, it, vi } from 'vitest';
import type { Hint } from '../hints/index.ts';
import { END, type Range, range, START } from '../keyspace/index.ts';
import { EMPTY_TOPOLOGY, type Shardlet, TopologyMap } from '../topology/index.ts';
import { ForecastStore } from './forecast-store.ts';
import { RESOLUTIONS } from './resolution.ts';
import { LEVELS, type StreamForecast } from './stream-forecast.ts';

const { stepMs: STEP_MS, horizon } = RESOLUTIONS['5m'];
const ORIGIN = Date.parse('2026-11-24T12:00:00Z');
const NOW = ORIGIN + 2 * 60_000;
const HORIZON_MS = 7_200_000;
const [MIDDLE, LATE] = [
  { hi: 2 ** 31, lo: 0 },
  { hi: 3 * 2 ** 30, lo: 0 },
];

const at = (id: number, own: Range, stream = 1, shard = 0): Shardlet => ({
  ...{ id, stream, shard, range: own, owner: 1, epoch: 1, state: { kind: 'open' } },
  ...{ parents: [], lost: [] },
});
const points = (of: (step: number) => number) => Float64Array.from({ length: horizon }, (_, h) => of(h));
const table = Array.from({ length: horizon }, () => Float64Array.from(LEVELS, (level) => level - 0.5));

function forecastWith(shares: ReadonlyMap<number, number>): StreamForecast {
  const tables = { total: table, parts: table };
  return {
    ...{ streamId: 1, resolution: '5m', originMs: ORIGIN, model: 'theta', version: null },
    total: { point: points((h) => 1_000 + 10 * h), spread: points(() => 50) },
    ...{ base: tables, calibrated: tables, shares, unfit: [] },
    own: new Map([[1, { point: points((h) => 700 - 3 * h), spread: points(() => 20) }]]),
  };
}

const doubled: Hint = {
  ...{ id: 'h', stream: 's', fromMs: ORIGIN + STEP_MS, toMs: ORIGIN + 6 * STEP_MS, factor: 2 },
  ...{ perSecond: null, scope: { shards: [0] }, repeat: null, because: 'sale', createdMs: ORIGIN },
  ...{ createdBy: 'test', removedMs: null, removedBy: null },
};

function storeWith(shardlets: readonly Shardlet[], kept: StreamForecast | undefined, hints: Hint[] = []) {
  const stream = { id: 1, name: 's', shardCount: 2, splitKeys: false };
  const settings = { retentionMs: null, retentionBytes: null, dedupWindowMs: 900_000 };
  const streams = [
    { ...stream, ...settings },
    { ...stream, ...settings, id: 2, name: 'other' },
  ];
  const map = new TopologyMap({ ...EMPTY_TOPOLOGY, streams, shardlets });
  const [latest, list] = [vi.fn(async () => kept), vi.fn(async () => hints)];
  const store = new ForecastStore({
    ...{ records: { latest, between: async () => [] }, hints: { list }, map: () => map, nowMs: () => NOW },
    ...{ telemetry: undefined as never, blocks: undefined as never },
  });
  return { store, latest, list };
}

const two = [at(1, range(START, MIDDLE)), at(2, range(MIDDLE, END), 1, 1)];

it.each([
  ['with models of their own, and with a share', two, [], [1, 2]],
  ['with a hint for one shard', two, [doubled], [1, 2]],
  ['that are newer than the forecast', [...two, at(3, range(LATE, END), 1, 1)], [doubled], [1, 2, 3]],
] as const)('answers of shardlets %s what is answered of one', async (_, shardlets, hints, ids) => {
  const kept = forecastWith(
    new Map([
      [1, 0.6],
      [2, 0.4],
    ]),
  );
  const { store, latest, list } = storeWith(shardlets, kept, [...hints]);
  const ahead = (await store.arrivalsAhead(1, HORIZON_MS))!;
  const found = ids.map((id) => ahead(id)!);
  expect([latest, list].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
  for (const [i, shardlet] of ids.entries()) {
    const one = (await store.forecastOf({ scope: { kind: 'shardlet', shardlet }, horizonMs: HORIZON_MS }))!;
    expect(found[i]!.eventsPerStep).toEqual([...one.point]);
    expect(found[i]).toMatchObject({ fromMs: ORIGIN, stepMs: STEP_MS });
    expect(found[i]!.eventsPerStep[2]).toBeGreaterThan(0);
  }
});

it.each([[[]], [[doubled]]])(
  'gives the only shardlet what was forecast for the stream',
  async (hints: Hint[]) => {
    const kept = forecastWith(new Map([[1, 1]]));
    const { store } = storeWith([at(1, range(START, END))], kept, hints);
    const { eventsPerStep } = (await store.arrivalsAhead(1, HORIZON_MS))!(1)!;
    const scope = { kind: 'shardlet', shardlet: 1 } as const;
    const one = (await store.forecastOf({ scope, horizonMs: HORIZON_MS }))!;
    for (const [h, events] of eventsPerStep.entries()) expect(events).toBeCloseTo(one.point[h]!, 6);
    expect(eventsPerStep[0]).toBeCloseTo(1_000, 6);
    expect(eventsPerStep).toHaveLength(one.point.length);
  },
);

it('knows nothing of a stream without a forecast, nor of shardlets of another stream', async () => {
  expect(await storeWith(two, undefined).store.arrivalsAhead(1, HORIZON_MS)).toBeUndefined();
  const { store } = storeWith([...two, at(9, range(START, END), 2)], forecastWith(new Map([[1, 1]])));
  const ahead = (await store.arrivalsAhead(1, HORIZON_MS))!;
  expect(ahead(9)).toBeUndefined();
  expect(ahead(10)).toBeUndefined();
});
