import { END, hashKey, range, slices, WHOLE } from '@foreshard/core/keyspace';
import type { Heat } from '@foreshard/core/telemetry';
import { createStream, TopologyMap } from '@foreshard/core/topology';
import { describe, expect, it } from 'vitest';
import { testMap, testStore } from '../cluster/test-cluster.ts';
import { recorded, T0_MS } from '../recorded.fixture.ts';
import { heatCell } from './heat-cell.ts';
import { heatPicture, rowsOf, streamOf } from './heat-picture.ts';
import { heatQuerySchema, heatWindowSchema } from './heat-query.ts';

const MINUTE_MS = 60_000;

/** Four minutes; the second is the busiest by far, on the first shardlet, all of one key. */
const LOADS = [
  [0, 2, 60],
  [1, 0, 6_000, 'hot'],
  [1, 3, 120],
  [2, 2, 60],
] as const;

const seen = await recorded(4, LOADS);
const nowMs = T0_MS + 4 * MINUTE_MS;
const window = { fromMs: T0_MS, toMs: nowMs };
const parts = {
  ...{ map: seen.map, telemetry: seen.telemetry, nowMs, eventsOf: () => 0 },
  forecasts: { forecastHeat: async () => undefined },
  topology: { changesAfter: async () => [] },
};

function cellsOf(values: string): number[] {
  return [...new Float32Array(Uint8Array.from(Buffer.from(values, 'base64')).buffer)];
}

describe('a heat map', () => {
  it('has a column for each minute and a row for each shardlet, in events a second', async () => {
    const picture = await heatPicture(parts, heatQuerySchema.parse(window));
    expect(picture).toMatchObject({
      ...{
        stream: 'main',
        unit: 'events/s',
        level: 'minute',
        fromMs: T0_MS,
        columnMs: MINUTE_MS,
        columns: 4,
      },
      ...{ forecastFrom: null, nowMs, marks: { marks: [], isWhole: true } },
    });
    // column by column, the lowest position first
    expect(cellsOf(picture.values)).toEqual([0, 0, 1, 0, 100, 0, 0, 2, 0, 0, 1, 0, 0, 0, 0, 0]);
    expect(picture.rows.map(({ from, to }) => [from[0], to[0]])).toEqual([
      ['0', '4'],
      ['4', '8'],
      ['8', 'c'],
      ['c', '1'],
    ]);
  });

  it('names the rows in which sampled keys lie, and no others', async () => {
    const key = 'order-17';
    const row = Math.floor(hashKey(key) / 2 ** 30);
    const { map, telemetry } = await recorded(4, [[1, row, 6_000, key]]);
    const { rows } = await heatPicture({ ...parts, map, telemetry }, heatQuerySchema.parse(window));
    expect(rows.map(({ keys }) => keys)).toEqual([0, 1, 2, 3].map((at) => (at === row ? [key] : [])));
    expect(rows[row]!.keyEvents).toBeGreaterThan(0);
    const elsewhere = { from: rows[(row + 1) % 4]!.from, to: rows[(row + 1) % 4]!.to };
    const other = await heatPicture(
      { ...parts, map, telemetry },
      heatQuerySchema.parse({ ...window, ...elsewhere }),
    );
    expect(other.rows.map(({ keys }) => keys)).toEqual([[]]);
  });

  it('merges columns and rows down to the size of the picture', async () => {
    const picture = await heatPicture(parts, heatQuerySchema.parse({ ...window, columns: 2, rows: 2 }));
    expect(picture).toMatchObject({
      columns: 2,
      columnMs: 2 * MINUTE_MS,
      stepsPerColumn: 2,
      segmentsPerRow: 2,
    });
    expect(cellsOf(picture.values)).toEqual([50, 1.5, 0, 0.5]);
  });

  it('shows a range or a shard alone', async () => {
    const range = { from: '8000000000000000', to: 'c000000000000000' };
    const one = await heatPicture(parts, heatQuerySchema.parse({ ...window, ...range }));
    expect(cellsOf(one.values)).toEqual([1, 0, 1, 0]);
    const shard = await heatPicture(parts, heatQuerySchema.parse({ ...window, shard: 3 }));
    expect(cellsOf(shard.values)).toEqual([0, 2, 0, 0]);
  });

  it.each([
    ['hotKey', 'one'],
    ['hotRange', undefined],
  ])('names the pattern: %s', async (kind, key) => {
    const loads = Array.from({ length: 10 }, (_, minute) => [minute, 0, 60, key] as const);
    const { map, telemetry } = await recorded(10, loads);
    const toMs = T0_MS + 10 * MINUTE_MS;
    const query = heatQuerySchema.parse({ fromMs: T0_MS, toMs });
    const { patterns } = await heatPicture({ ...parts, map, telemetry, nowMs: toMs }, query);
    expect(patterns).toMatchObject([{ kind, rows: { first: 0, last: 0 }, share: 1 }]);
  });

  it('reaches to the end of the key space', async () => {
    const range = { from: 'c000000000000000', to: '10000000000000000' };
    const { values } = await heatPicture(parts, heatQuerySchema.parse({ ...window, ...range }));
    expect(cellsOf(values)).toEqual([0, 2, 0, 0]);
    const { shardlets } = await heatCell(parts, {
      ...heatWindowSchema.parse({ ...window, ...range }),
      ...range,
    });
    expect(shardlets.map(({ id }) => id)).toEqual(seen.shardlets.slice(3));
  });
});

describe('rows', () => {
  const heat = (rows: number) =>
    ({ rows: slices(WHOLE, rows).map((range) => ({ ...range, segments: 1 })) }) as unknown as Heat;

  it('belong to the leaf that covers their begin', async () => {
    const map = await testMap();
    expect(rowsOf(heat(8), map, 1).map(({ shard, owner }) => [shard, owner])).toEqual([
      ...[
        [0, 'redis-a'],
        [0, 'redis-a'],
        [1, 'redis-b'],
        [1, 'redis-b'],
      ],
      ...[
        [2, 'redis-a'],
        [2, 'redis-a'],
        [3, 'redis-b'],
        [3, 'redis-b'],
      ],
    ]);
    expect(rowsOf(heat(2), map, 1).map(({ shard }) => shard)).toEqual([0, 2]);
  });

  it('are told apart inside one hash as well, where a key may be split', async () => {
    const topology = (await testMap()).toTopology();
    const at = (hi: number, lo: number) => ({ hi, lo });
    const bounds = [at(0, 0), at(5, 7), at(5, 9), at(6, 0), END];
    const shardlets = topology.shardlets.map((one, i) => ({
      ...{ ...one, range: range(bounds[i]!, bounds[i + 1]!) },
    }));
    const split = new TopologyMap({ ...topology, shardlets: shardlets.toReversed() });
    const rows = bounds.slice(0, -1).map((from, i) => ({ ...range(from, bounds[i + 1]!), segments: 1 }));
    expect(rowsOf({ rows } as unknown as Heat, split, 1).map(({ shard }) => shard)).toEqual([0, 1, 2, 3]);
    const [from, to] = ['0000000500000007', '0000000500000009'];
    const { shardlets: touched } = await heatCell(
      { ...parts, map: split },
      { ...heatWindowSchema.parse({ ...window, from, to }), from: from!, to: to! },
    );
    expect(touched.map(({ shard }) => shard)).toEqual([1]);
  });

  it('belong to nobody in a stream without leaves', async () => {
    expect(rowsOf(heat(1), await testMap(), 99)).toMatchObject([{ shard: null, owner: null }]);
  });
});

describe('the stream of a picture', async () => {
  const store = await testStore();
  await store.decide(createStream({ name: 'second', shardCount: 2 }), 'test');
  const map = new TopologyMap(await store.snapshot());
  const inSecond = new Set([...map.leaves(map.streamNamed('second')!.id)].map(({ id }) => id));

  it('is the busiest when none is named, the oldest of equally busy ones', () => {
    expect(streamOf({ map, eventsOf: (id) => (inSecond.has(id) ? 2 : 0.5) }, null).name).toBe('second');
    expect(streamOf({ map, eventsOf: (id) => (inSecond.has(id) ? 1 : 0.5) }, null).name).toBe('main');
  });

  it('is the named one, busy or not', () => {
    expect(streamOf({ map, eventsOf: () => 0 }, 'second').name).toBe('second');
  });
});

describe('a cell', () => {
  const cell = (from: string, to: string, eventsOf = (_: number) => 0) =>
    heatCell({ ...parts, eventsOf }, { ...heatWindowSchema.parse({ ...window, from, to }), from, to });

  it('lists the shardlets that it touches, the busiest of now first, with the keys of all', async () => {
    const [first, second] = seen.shardlets;
    const all = await cell('0000000000000000', '8000000000000000', (id) => (id === second ? 5 : 1));
    expect(all.shardlets.map(({ id }) => id)).toEqual([second, first]);
    expect(all.topKeys).toMatchObject([{ key: 'hot' }]);
    expect(all.owners).toEqual([{ name: 'a', shardlets: 2 }]);
    const hot = await cell('0000000000000000', '8000000000000000');
    expect(hot.shardlets.map(({ id }) => id)).toEqual([first, second]);
    expect(hot.topKeys).toMatchObject([{ key: 'hot', hash: hashKey('hot').toString(16), events: 6_000 }]);
    expect(hot.types[0]).toMatchObject({ type: 'tested' });
    expect((await cell('0000000000000000', '4000000000000000')).topKeys).toHaveLength(1);
  });

  it('has no key that lies beside it in the same shardlet', async () => {
    const at = hashKey('hot').toString(16).padStart(8, '0');
    const after = (hashKey('hot') + 1).toString(16).padStart(8, '0');
    const named = async (from: string, to: string) =>
      (await cell(from.padEnd(16, '0'), to.padEnd(16, '0'))).topKeys.map(({ key }) => key);
    expect(await named(at, after)).toEqual(['hot']);
    expect(await named('0', at)).toEqual([]);
    expect(await named(after, '4')).toEqual([]);
  });

  it('does not touch a shardlet that only borders on it', async () => {
    const { shardlets, more } = await cell('4000000000000000', '8000000000000000');
    expect(shardlets).toEqual([
      {
        ...{ id: seen.shardlets[1], shard: 1, owner: 'a', state: 'open' },
        ...{ from: '4000000000000000', to: '8000000000000000' },
      },
    ]);
    expect(more).toBe(0);
  });

  it('counts those it does not list', async () => {
    const store = await testStore();
    await store.decide(createStream({ name: 'wide', shardCount: 8 }), 'test');
    const map = new TopologyMap(await store.snapshot());
    const whole = { stream: 'wide', from: '0000000000000000', to: '10000000000000000' };
    const { shardlets, more } = await heatCell(
      { ...parts, map },
      { ...heatWindowSchema.parse({ ...window, ...whole }), ...whole },
    );
    expect([shardlets.length, more]).toEqual([5, 3]);
  });
});
