import { expect, test } from 'vitest';
import { slices, WHOLE } from '../keyspace/index.ts';
import { RowIndex } from '../telemetry/index.ts';
import { type Host, NO_FACTS, type Shardlet, type Stream, TopologyMap } from '../topology/index.ts';
import { ForecastRows } from './forecast-rows.ts';
import type { StreamForecast } from './stream-forecast.ts';

const SHARDLETS = 8;
const ROWS = 3;

function mapOf(): TopologyMap {
  const shardlets = slices(WHOLE, SHARDLETS).map(
    (range, i): Shardlet => ({
      ...{ id: i + 1, stream: 1, shard: i, range, owner: 1, epoch: 1 },
      ...{ state: { kind: 'open' }, parents: [], lost: [] },
    }),
  );
  const stream: Stream = {
    ...{ id: 1, name: 'main', shardCount: SHARDLETS, splitKeys: false },
    ...{ retentionMs: null, retentionBytes: null, dedupWindowMs: 900_000 },
  };
  const host: Host = {
    ...{ id: 1, name: 'one', engine: 'redis', url: 'redis://one', incarnation: 'run', generation: 0 },
    ...{ durability: 'always', state: 'active', ...NO_FACTS },
  };
  return new TopologyMap({ version: 1, streams: [stream], hosts: [host], shardlets, garbage: [] });
}

/** Shardlet 3 has a model of its own. */
function forecast(): StreamForecast {
  const table = [Float64Array.of(0, 0, 0, 0, 0, 0, 0)];
  const tables = { total: table, parts: table };
  return {
    ...{ streamId: 1, resolution: '1h', originMs: 0, model: 'x', version: null, unfit: [] },
    total: { point: Float64Array.of(100, 200), spread: Float64Array.of(1, 1) },
    ...{ base: tables, calibrated: tables },
    shares: new Map(Array.from({ length: SHARDLETS }, (_, i) => [i + 1, (i + 1) / 36])),
    own: new Map([[3, { point: Float64Array.of(7, 9), spread: Float64Array.of(1, 1) }]]),
  };
}

test('a step laid by shares is the same as its loads laid one by one', () => {
  const kept = forecast();
  const rows = new ForecastRows(mapOf(), new RowIndex(slices(WHOLE, ROWS)), ROWS);
  for (const step of [0, 1]) {
    const loads = new Map(
      [...kept.shares].map(([id, share]) => [
        id,
        kept.own.get(id)?.point[step] ?? share * kept.total.point[step]!,
      ]),
    );
    const laid = rows.laid(loads);
    expect([...rows.baseline(kept, step)].map((v) => v.toFixed(9))).toEqual(
      [...laid].map((v) => v.toFixed(9)),
    );
    expect(laid.reduce((sum, v) => sum + v, 0)).toBeCloseTo(
      [...loads.values()].reduce((a, b) => a + b, 0),
      6,
    );
  }
});

test('a shardlet that is gone from the map has no rows', () => {
  const rows = new ForecastRows(mapOf(), new RowIndex(slices(WHOLE, ROWS)), ROWS);
  expect([...rows.laid(new Map([[99, 5]]))]).toEqual([0, 0, 0]);
});
