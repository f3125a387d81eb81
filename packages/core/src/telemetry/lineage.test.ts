/** Load stays where its keys are, whatever became of the shardlets that carried it. */
import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryTopologyStore } from '../adapters/memory/index.ts';
import { MemoryBlockStore } from '../adapters/telemetry/index.ts';
import { ManualClock } from '../kernel/index.ts';
import { type Range, slices } from '../keyspace/index.ts';
import {
  addHost,
  createStream,
  restructure,
  type Shardlet,
  settleOpening,
  settleRestructure,
  TopologyMap,
} from '../topology/index.ts';
import { HOUR_MS, MINUTE_MS } from './levels.ts';
import { flushAt, record, rollUpHours, T0_MS } from './recording.fixture.ts';
import { TelemetryStore } from './telemetry-store.ts';

let topology: MemoryTopologyStore;
let map: TopologyMap;
let blocks: MemoryBlockStore;
let telemetry: TelemetryStore;
let nowMs: number;

beforeEach(async () => {
  topology = new MemoryTopologyStore(new ManualClock(T0_MS * 1_000));
  const host = { name: 'a', engine: 'redis', url: 'redis://127.0.0.1:1', incarnation: 'x' } as const;
  await topology.decide(addHost({ ...host, durability: 'always' }), 'test');
  await create('main', 2);
  blocks = new MemoryBlockStore();
  nowMs = T0_MS + 10 * MINUTE_MS;
  telemetry = new TelemetryStore({ blocks, map: () => map, nowMs: () => nowMs });
});

async function create(name: string, shardCount: number): Promise<number> {
  const reply = await topology.decide(createStream({ name, shardCount }), 'test');
  for (const { id, epoch, state } of (await topology.snapshot()).shardlets)
    if (state.kind === 'opening') await topology.decide(settleOpening(id, epoch), 'test');
  map = new TopologyMap(await topology.snapshot());
  return (reply as { result: { streamId: number } }).result.streamId;
}

async function replace(parents: readonly number[], ranges: readonly Range[]): Promise<Shardlet[]> {
  const at = parents.map((id) => ({ id, epoch: map.shardlet(id)!.epoch }));
  const reply = await topology.decide(restructure({ parents: at, children: ranges }), 'test');
  if (reply.kind !== 'decided') throw new Error(JSON.stringify(reply));
  const { children } = reply.result;
  const sealed = parents.map((id) => ({ id, finalSeq: 1, finalTs: 1 }));
  const settle = settleRestructure({ parents: sealed, children: children.map((c) => c.id) });
  expect(await topology.decide(settle, 'test')).toMatchObject({ kind: 'decided' });
  map = new TopologyMap(await topology.snapshot());
  return [...children];
}

/** Events of each shardlet in the minute so many after T0. */
async function load(minute: number, events: Readonly<Record<number, number>>): Promise<void> {
  const atMs = T0_MS + minute * MINUTE_MS;
  const count = (counters: Parameters<Parameters<typeof flushAt>[1]>[0]) => {
    for (const [id, n] of Object.entries(events)) counters.stored(Number(id), n, n * 100, undefined);
  };
  // every second is told, so that the minute is observed wholly
  const flushes = Array.from({ length: 60 }, (_, s) => flushAt(atMs + s * 1_000, s === 0 ? count : () => {}));
  await record(blocks, map, flushes, nowMs);
}

const span = (minutes: number) => ({
  ...({ metric: 'events', fromMs: T0_MS, toMs: T0_MS + minutes * MINUTE_MS, step: 'minute' } as const),
});

async function over(range: Range, minutes: number): Promise<number[]> {
  const scope = { kind: 'range', streamId: 1, range } as const;
  return [...(await telemetry.series({ ...span(minutes), scope })).values];
}

/** Per minute the events of each row: the picture is in events per second. */
async function heat(minutes: number): Promise<number[][]> {
  const { values, rows, columns } = await telemetry.heat({
    ...{ ...span(minutes), streamId: 1, columnsMax: 100, rowsMax: 100 },
  });
  return Array.from({ length: columns }, (_, c) =>
    [...values.slice(c * rows.length, (c + 1) * rows.length)].map((v) => Math.round(v * 60)),
  );
}

describe('load before and after', () => {
  test('a split lies at the positions of its keys', async () => {
    const [first, second] = [...map.shardlets(1)].sort((a, b) => a.id - b.id);
    await load(0, { [first!.id]: 100, [second!.id]: 40 });
    const [low, high] = await replace([first!.id], slices(first!.range, 2));
    await load(1, { [low!.id]: 90, [high!.id]: 30, [second!.id]: 40 });
    expect(await over(low!.range, 2)).toEqual([50, 90]);
    expect(await over(high!.range, 2)).toEqual([50, 30]);
    expect(await over(first!.range, 2)).toEqual([100, 120]);
    expect(await heat(2)).toEqual([
      [50, 50, 40],
      [90, 30, 40],
    ]);
    const shard = { kind: 'shard', streamId: 1, shard: first!.shard } as const;
    expect([...(await telemetry.series({ ...span(2), scope: shard })).values]).toEqual([100, 120]);
  });

  test('a split inside one minute adds up to what that minute had', async () => {
    const [first] = [...map.shardlets(1)].sort((a, b) => a.id - b.id);
    await load(0, { [first!.id]: 100 });
    const [low, high] = await replace([first!.id], slices(first!.range, 2));
    await load(0, { [low!.id]: 7, [high!.id]: 13 });
    expect(await over(first!.range, 1)).toEqual([120]);
    expect(await over(low!.range, 1)).toEqual([57]);
    expect((await heat(1))[0]!.slice(0, 2)).toEqual([57, 63]);
  });

  test('a merge belongs to the merged shardlet, and is shared out over what it was', async () => {
    const [first] = [...map.shardlets(1)].sort((a, b) => a.id - b.id);
    const [low, high] = await replace([first!.id], slices(first!.range, 2));
    await load(0, { [low!.id]: 90, [high!.id]: 30 });
    const [merged] = await replace([low!.id, high!.id], [first!.range]);
    await load(1, { [merged!.id]: 60 });
    expect(await over(merged!.range, 2)).toEqual([120, 60]);
    expect(await over(low!.range, 2)).toEqual([90, 30]);
    expect((await heat(2)).map((column) => column.slice(0, 2))).toEqual([
      [90, 30],
      [30, 30],
    ]);
  });

  test('rolls are one course, and hours keep them', async () => {
    let [current] = [...map.shardlets(1)].sort((a, b) => a.id - b.id);
    const { range } = current!;
    for (const minute of [0, 1, 2]) {
      await load(minute, { [current!.id]: 10 * (minute + 1) });
      [current] = await replace([current!.id], [range]);
    }
    expect(await over(range, 3)).toEqual([10, 20, 30]);
    expect((await heat(3)).map((column) => column[0])).toEqual([10, 20, 30]);
    nowMs = T0_MS + HOUR_MS + 5 * MINUTE_MS;
    await rollUpHours(blocks, map, nowMs);
    const scope = { kind: 'range', streamId: 1, range } as const;
    const hour = await telemetry.series({ ...span(60), scope, step: 'hour' });
    expect([...hour.values]).toEqual([60]);
  });
});

describe('before a stream existed', () => {
  const seriesOf = async (streamId: number, minutes: number, step: 'minute' | 'hour' = 'minute') => {
    const scope = { kind: 'stream', streamId } as const;
    return [...(await telemetry.series({ ...span(minutes), scope, step })).values];
  };

  test('nothing is known of it, also when it is idle at first; then none is 0', async () => {
    const first = [...map.shardlets(1)][0]!.id;
    await load(0, { [first]: 5 });
    const later = await create('later', 1);
    await load(1, { [first]: 5 });
    await load(2, { [[...map.shardlets(later)][0]!.id]: 8 });
    expect(await seriesOf(later, 3)).toEqual([Number.NaN, 0, 8]);
    expect(await seriesOf(1, 3)).toEqual([5, 5, 0]);
    const picture = await telemetry.heat({
      ...{ ...span(3), streamId: later, columnsMax: 100, rowsMax: 100 },
    });
    expect([...picture.values].map((v) => v * 60)).toEqual([Number.NaN, 0, expect.closeTo(8, 4)]);
  });

  test('an hour counts from where it begins in it, before and after it is rolled up', async () => {
    nowMs = T0_MS + HOUR_MS;
    const first = [...map.shardlets(1)][0]!.id;
    for (let minute = 0; minute < 60; minute++) {
      if (minute === 30) await create('later', 1);
      await load(minute, { [first]: 1, ...(minute === 45 ? { [lastId()]: 60 * 30 } : {}) });
    }
    const rate = async () => {
      const window = { streamId: 2, columnsMax: 10, rowsMax: 10 } as const;
      const from = { fromMs: T0_MS - 47 * HOUR_MS, toMs: T0_MS + HOUR_MS };
      return (await telemetry.heat({ ...window, ...from, columnsMax: 100, metric: 'events' })).values.at(-1);
    };
    expect(await seriesOf(2, 60, 'hour')).toEqual([60 * 30]);
    expect(await rate()).toBeCloseTo(1, 1);
    nowMs = T0_MS + HOUR_MS + 5 * MINUTE_MS;
    await rollUpHours(blocks, map, nowMs);
    expect(await rate()).toBeCloseTo(1, 1);
  });

  function lastId(): number {
    return Math.max(...[...map.shardlets()].map((s) => s.id));
  }
});
