import { beforeEach, expect, test } from 'vitest';
import { MemoryBlockStore } from '../adapters/telemetry/index.ts';
import type { TopologyMap } from '../topology/index.ts';
import { HistoryWriter } from './history.ts';
import { HOUR_MS, MINUTE_MS } from './levels.ts';
import { streamMap, T0_MS } from './recording.fixture.ts';
import { TelemetryStore } from './telemetry-store.ts';

const SOURCE = 'import:test';
const DAY_MS = 24 * HOUR_MS;

let map: TopologyMap;
let blocks: MemoryBlockStore;

beforeEach(async () => {
  map = await streamMap(4);
  blocks = new MemoryBlockStore();
});

function importing(work: (writer: HistoryWriter) => Promise<void>) {
  return blocks.exclusively('import', async (tx) => {
    await tx.removeSource(1, SOURCE);
    const times = { minutesFromMs: T0_MS - DAY_MS, hoursFromMs: T0_MS - 30 * DAY_MS };
    const writer = new HistoryWriter({ stream: 1, source: SOURCE, leaves: [...map.leaves(1)], ...times }, tx);
    await work(writer);
    await writer.finish();
    return writer.tooOld;
  });
}

async function total(fromMs: number, toMs: number, step: 'minute' | 'hour'): Promise<number[]> {
  const telemetry = new TelemetryStore({ blocks, map: () => map, nowMs: () => T0_MS });
  const scope = { kind: 'stream', streamId: 1 } as const;
  return [...(await telemetry.series({ scope, metric: 'events', fromMs, toMs, step })).values];
}

const at = (timeMs: number, keyHash: number) => ({
  timeMs,
  keyHash,
  key: `k${keyHash}`,
  events: 1,
  reads: 0,
  bytes: 10,
});

test('puts accesses to the shardlets that own their positions, once, however often it is repeated', async () => {
  const hashes = [0, 0x4000_0000, 0x4000_0001, 0xffff_ffff];
  for (let repeated = 0; repeated < 2; repeated++)
    await importing(async (writer) => {
      for (const hash of hashes) await writer.access(at(T0_MS - HOUR_MS, hash));
      await writer.cover(T0_MS - 2 * HOUR_MS, T0_MS);
    });
  const telemetry = new TelemetryStore({ blocks, map: () => map, nowMs: () => T0_MS });
  const span = { streamId: 1, metric: 'events', fromMs: T0_MS - 3 * HOUR_MS, toMs: T0_MS } as const;
  const { values, steps } = await telemetry.matrix({ ...span, step: 'hour' });
  expect([0, 1, 2, 3].map((i) => [...values.slice(i * steps, (i + 1) * steps)])).toEqual([
    [Number.NaN, 0, 1],
    [Number.NaN, 0, 2],
    [Number.NaN, 0, 0],
    [Number.NaN, 0, 1],
  ]);
  expect(await total(T0_MS - HOUR_MS, T0_MS - HOUR_MS + 2 * MINUTE_MS, 'minute')).toEqual([4, 0]);
  const keys = await telemetry.topKeys({ shardlet: 1, fromMs: T0_MS - DAY_MS, toMs: T0_MS });
  expect(keys!.topKeys).toEqual([{ keyHash: 0, key: 'k0', events: 1 }]);
});

test('counts a row of a sampled trace for its key as for the total', async () => {
  await importing(async (writer) => {
    for (let i = 0; i < 3; i++) await writer.access({ ...at(T0_MS - HOUR_MS, 0), events: 60 });
  });
  const telemetry = new TelemetryStore({ blocks, map: () => map, nowMs: () => T0_MS });
  const keys = await telemetry.topKeys({ shardlet: 1, fromMs: T0_MS - DAY_MS, toMs: T0_MS });
  expect(keys!.topKeys).toEqual([{ keyHash: 0, key: 'k0', events: 180 }]);
  expect(await total(T0_MS - HOUR_MS, T0_MS - HOUR_MS + MINUTE_MS, 'minute')).toEqual([180]);
});

test('spreads an amount over time and positions and loses none of it', async () => {
  const fromMs = T0_MS - 10 * DAY_MS;
  await importing(async (writer) => {
    for (let i = 0; i < 48; i++) {
      const span = { fromMs: fromMs + i * HOUR_MS, toMs: fromMs + (i + 1) * HOUR_MS };
      await writer.cover(span.fromMs, span.toMs);
      await writer.amount({ ...span, events: 100.25 });
    }
  });
  const hours = await total(fromMs, fromMs + 48 * HOUR_MS, 'hour');
  expect(hours.reduce((a, b) => a + b, 0)).toBe(Math.floor(48 * 100.25));
  expect(Math.max(...hours) - Math.min(...hours)).toBeLessThanOrEqual(1);
});

test('takes days in any order, and leaves out what is past its retention', async () => {
  const days = [3, 9, 1, 7, 5, 2, 3, 9];
  const tooOld = await importing(async (writer) => {
    for (const day of days) await writer.access(at(T0_MS - day * DAY_MS, 7));
    await writer.access(at(T0_MS - 31 * DAY_MS, 7));
  });
  expect(tooOld).toBe(1);
  const hours = await total(T0_MS - 10 * DAY_MS, T0_MS, 'hour');
  expect(hours.filter((events) => events > 0)).toEqual([2, 1, 1, 2, 1, 1]);
});

test('is taken back whole, and leaves what was observed', async () => {
  await importing((writer) => writer.access(at(T0_MS - HOUR_MS, 7)));
  expect(await blocks.sources(1)).toEqual([SOURCE]);
  await blocks.exclusively('import', (tx) => tx.removeSource(1, SOURCE));
  expect(await total(T0_MS - HOUR_MS, T0_MS, 'hour')).toEqual([Number.NaN]);
  expect(await blocks.sources(1)).toEqual([]);
});
