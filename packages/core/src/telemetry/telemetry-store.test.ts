import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryBlockStore } from '../adapters/telemetry/index.ts';
import type { TopologyMap } from '../topology/index.ts';
import { latencyBucket } from './latency-sketch.ts';
import { HOUR_MS, MINUTE_MS } from './levels.ts';
import { flushAt, record, rollUpHours, streamMap, T0_MS } from './recording.fixture.ts';
import { TelemetryStore } from './telemetry-store.ts';

let map: TopologyMap;
let blocks: MemoryBlockStore;
let nowMs: number;
let telemetry: TelemetryStore;

beforeEach(async () => {
  map = await streamMap(4);
  blocks = new MemoryBlockStore();
  nowMs = T0_MS + 10 * MINUTE_MS;
  telemetry = new TelemetryStore({ blocks, map: () => map, nowMs: () => nowMs });
});

/** `perSecond[i]` events of shardlet i + 1 in every second of the minute. */
function minuteOf(startMs: number, perSecond: readonly number[], latencyMicros = 1_000) {
  return Array.from({ length: 60 }, (_, s) =>
    flushAt(startMs + s * 1_000, (counters) =>
      perSecond.forEach((events, i) => {
        if (events > 0) counters.stored(i + 1, events, events * 100, latencyBucket(latencyMicros));
      }),
    ),
  );
}

const series = (metric: 'events' | 'p99' | 'distinctKeys', step: 'minute' | 'hour', from = 0, to = 4) =>
  telemetry
    .series({
      scope: { kind: 'shardlet', shardlet: 1 },
      metric,
      fromMs: T0_MS + from * (step === 'minute' ? MINUTE_MS : HOUR_MS),
      toMs: T0_MS + to * (step === 'minute' ? MINUTE_MS : HOUR_MS),
      step,
    })
    .then((s) => [...s.values]);

describe('series', () => {
  test('tells totals of each step, zero where nothing happened, NaN where nothing is known', async () => {
    await record(blocks, map, [...minuteOf(T0_MS, [5]), ...minuteOf(T0_MS + 2 * MINUTE_MS, [0, 3])], nowMs);
    expect(await series('events', 'minute')).toEqual([300, Number.NaN, 0, Number.NaN]);
    expect((await series('p99', 'minute'))[0]).toBeGreaterThan(950);
    expect((await series('p99', 'minute'))[0]).toBeLessThan(1_050);
    expect((await series('p99', 'minute'))[2]).toBeNaN();
  });

  test('merges a minute that comes in parts as if it had come at once', async () => {
    const whole = [...minuteOf(T0_MS, [5], 1_000).slice(0, 30), ...minuteOf(T0_MS, [5], 80_000).slice(30)];
    await record(blocks, map, whole, nowMs);
    const atOnce = [await series('events', 'minute'), await series('p99', 'minute')];
    blocks = new MemoryBlockStore();
    telemetry = new TelemetryStore({ blocks, map: () => map, nowMs: () => nowMs });
    for (const flush of whole.toReversed()) await record(blocks, map, [flush], nowMs);
    expect([await series('events', 'minute'), await series('p99', 'minute')]).toEqual(atOnce);
    expect(atOnce[0]![0]).toBe(300);
    expect(atOnce[1]![0]).toBeGreaterThan(75_000);
  });

  test('makes hours of minutes, the running one included, and again when a flush comes late', async () => {
    nowMs = T0_MS + HOUR_MS + 2 * MINUTE_MS;
    const minutes = [0, 1, 59, 60].flatMap((m) => minuteOf(T0_MS + m * MINUTE_MS, [2]));
    await record(blocks, map, minutes, nowMs);
    expect(await series('events', 'hour', 0, 3)).toEqual([360, 120, Number.NaN]);
    nowMs = T0_MS + HOUR_MS + 5 * MINUTE_MS;
    await rollUpHours(blocks, map, nowMs);
    expect(await series('events', 'hour', 0, 3)).toEqual([360, 120, Number.NaN]);
    await record(blocks, map, minuteOf(T0_MS + 30 * MINUTE_MS, [1], 50_000), nowMs);
    expect(await series('events', 'hour', 0, 3)).toEqual([420, 120, Number.NaN]);
    await rollUpHours(blocks, map, nowMs);
    await rollUpHours(blocks, map, nowMs);
    expect(await series('events', 'hour', 0, 3)).toEqual([420, 120, Number.NaN]);
    expect((await series('p99', 'hour', 0, 1))[0]).toBeGreaterThan(47_000);
  });

  test('counts different keys of an hour once, however many minutes they come in', async () => {
    const keys = (counters: Parameters<Parameters<typeof flushAt>[1]>[0]) => {
      for (let k = 0; k < 40; k++) counters.key(1, k * 7_919, () => undefined);
    };
    await record(
      blocks,
      map,
      [0, 1, 2].map((m) => flushAt(T0_MS + m * MINUTE_MS, keys)),
      nowMs,
    );
    nowMs = T0_MS + HOUR_MS + 5 * MINUTE_MS;
    await rollUpHours(blocks, map, nowMs);
    expect((await series('distinctKeys', 'hour', 0, 1))[0]).toBeGreaterThan(35);
    expect((await series('distinctKeys', 'hour', 0, 1))[0]).toBeLessThan(45);
  });

  test('adds up over a shard, a range and a stream', async () => {
    await record(blocks, map, minuteOf(T0_MS, [1, 2, 3, 4]), nowMs);
    const span = { metric: 'events', fromMs: T0_MS, toMs: T0_MS + MINUTE_MS, step: 'minute' } as const;
    const of = async (scope: Parameters<TelemetryStore['series']>[0]['scope']) =>
      (await telemetry.series({ ...span, scope } as never)).values[0];
    expect(await of({ kind: 'stream', streamId: 1 })).toBe(600);
    expect(await of({ kind: 'shard', streamId: 1, shard: 2 })).toBe(180);
    const { range } = map.shardlet(2)!;
    const half = { from: range.from, to: { hi: (range.from.hi + range.to.hi) / 2, lo: 0 } };
    expect(await of({ kind: 'range', streamId: 1, range: half })).toBeCloseTo(60, 6);
    expect(await of({ kind: 'shardlet', shardlet: 99 })).toBeNaN();
  });
});

describe('heat', () => {
  const heat = (changes: object = {}) =>
    telemetry.heat({
      streamId: 1,
      metric: 'events',
      fromMs: T0_MS,
      toMs: T0_MS + 4 * MINUTE_MS,
      columnsMax: 1_000,
      rowsMax: 500,
      ...changes,
    });

  test('is load per second over time and position, NaN where nothing is known', async () => {
    await record(
      blocks,
      map,
      [...minuteOf(T0_MS, [1, 2, 3, 4]), ...minuteOf(T0_MS + 2 * MINUTE_MS, [8])],
      nowMs,
    );
    const { values, rows, columns, unit, stepsPerColumn, segmentsPerRow } = await heat();
    expect({ columns, unit, stepsPerColumn, segmentsPerRow }).toEqual({
      columns: 4,
      unit: 'events/s',
      stepsPerColumn: 1,
      segmentsPerRow: 1,
    });
    expect(rows.map((r) => r.from)).toEqual([1, 2, 3, 4].map((id) => map.shardlet(id)!.range.from));
    const unknown = [Number.NaN, Number.NaN, Number.NaN, Number.NaN];
    expect([...values]).toEqual([1, 2, 3, 4, ...unknown, 8, 0, 0, 0, ...unknown]);
  });

  test('says what it merged, and loses no load by merging', async () => {
    await record(
      blocks,
      map,
      [...minuteOf(T0_MS, [1, 2, 3, 4]), ...minuteOf(T0_MS + MINUTE_MS, [3, 2, 1, 0])],
      nowMs,
    );
    const merged = await heat({ toMs: T0_MS + 2 * MINUTE_MS, columnsMax: 1, rowsMax: 2 });
    expect(merged).toMatchObject({
      columns: 1,
      columnMs: 2 * MINUTE_MS,
      stepsPerColumn: 2,
      segmentsPerRow: 2,
    });
    expect([...merged.values]).toEqual([4, 4]);
  });

  test('shows one shard, or a range, alone', async () => {
    await record(blocks, map, minuteOf(T0_MS, [1, 2, 3, 4]), nowMs);
    const toMs = T0_MS + MINUTE_MS;
    expect([...(await heat({ shard: 2, toMs })).values]).toEqual([3]);
    expect([...(await heat({ range: map.shardlet(4)!.range, toMs })).values]).toEqual([4]);
  });

  test('shows the highest latency, and the keys of different shardlets together', async () => {
    await record(
      blocks,
      map,
      [...minuteOf(T0_MS, [1, 0, 0, 0], 1_000), ...minuteOf(T0_MS, [0, 1], 90_000)],
      nowMs,
    );
    const { values, unit } = await heat({ metric: 'p99', rowsMax: 2, columnsMax: 4 });
    expect(unit).toBe('us');
    expect(values[0]! / 90_000).toBeCloseTo(1, 1);
    expect(values[1]).toBeNaN();
  });
});

describe('hot shardlets', () => {
  test('are ranked, with their share, their course and their keys', async () => {
    const keys = flushAt(T0_MS + 5_000, (counters) => {
      for (let i = 0; i < 100; i++) counters.key(3, 42, () => ({ key: 'ORD', type: 'departed' }));
    });
    await record(blocks, map, [...minuteOf(T0_MS, [1, 0, 6, 3]), keys], nowMs);
    const window = { streamId: 1, fromMs: T0_MS, toMs: T0_MS + 2 * MINUTE_MS, n: 2 };
    const [first, second, ...rest] = await telemetry.top({ ...window, metric: 'events' });
    expect(rest).toEqual([]);
    expect(first).toMatchObject({ shardlet: 3, value: 6, share: 0.6 });
    expect([...first!.sparkline]).toEqual([360, Number.NaN]);
    expect(first!.keys.topKeys).toEqual([{ keyHash: 42, key: 'ORD', events: 100 }]);
    expect(first!.keys.types).toEqual([{ type: 'departed', events: 100 }]);
    expect(second).toMatchObject({ shardlet: 4, share: 0.3 });
    nowMs = T0_MS + HOUR_MS + 5 * MINUTE_MS;
    await rollUpHours(blocks, map, nowMs);
    const keysOfHour = await telemetry.topKeys({ shardlet: 3, fromMs: T0_MS, toMs: nowMs });
    expect(keysOfHour!.topKeys).toEqual([{ keyHash: 42, key: 'ORD', events: 100 }]);
  });
});
