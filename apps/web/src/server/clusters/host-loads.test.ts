import { MemoryBlockStore } from '@foreshard/core/adapters/telemetry';
import { externalClusterSchema, partitionId, streamIdOf, topologyOf } from '@foreshard/core/external';
import { type BlockStore, TelemetryStore } from '@foreshard/core/telemetry';
import { TopologyMap } from '@foreshard/core/topology';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { flushAt, record, T0_MS } from '../../../../../packages/core/src/telemetry/recording.fixture.ts';
import { hostViews } from './host-loads.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const CLUSTER = externalClusterSchema.parse({
  ...{ name: 'kafka', number: 1, revision: 0, version: 1, hostsChangedMs: null, webhook: null, source: null },
  hosts: [
    { number: 1, name: 'broker-1', eventsPerSecond: 50 },
    { number: 2, name: 'broker-2' },
  ],
  partitions: [1, 2, 3, 4, 5].map((number) => ({
    ...{ number, name: `p${number}`, host: number === 5 ? 'broker-2' : 'broker-1' },
  })),
  ...{ observedToMs: T0_MS + 10 * MINUTE_MS, stepMs: MINUTE_MS, shiftMs: 0, createdMs: 0, createdBy: 'me' },
});
const map = new TopologyMap(topologyOf(CLUSTER));

beforeEach(() => void vi.spyOn(Date, 'now').mockReturnValue(T0_MS + HOUR_MS));
afterEach(() => void vi.restoreAllMocks());

/** Ten minutes; partition n has n events a second in the last five, a hundred times as many before. */
async function telemetry(): Promise<TelemetryStore> {
  const blocks: BlockStore = new MemoryBlockStore();
  const flushes = Array.from({ length: 600 }, (_, second) =>
    flushAt(T0_MS + second * 1_000, (counters) => {
      for (let number = 1; number <= 5; number++)
        counters.stored(partitionId(CLUSTER, number), number * (second < 300 ? 100 : 1), 1, undefined);
    }),
  );
  await record(blocks, map, flushes, T0_MS + 10 * MINUTE_MS);
  return new TelemetryStore({ blocks, map: () => map, nowMs: () => T0_MS + 10 * MINUTE_MS });
}

it('a host has the load of its partitions over the last five minutes that are known, and the heaviest three', async () => {
  expect(map.stream(streamIdOf(CLUSTER))?.name).toBe('kafka');
  expect(await hostViews(await telemetry(), CLUSTER, 20)).toEqual([
    {
      ...{
        name: 'broker-1',
        zone: 'default',
        partitions: 4,
        eventsPerSecond: 10,
        capacity: 50,
        isCapacityKnown: true,
      },
      heaviest: [
        { name: 'p4', eventsPerSecond: 4 },
        { name: 'p3', eventsPerSecond: 3 },
        { name: 'p2', eventsPerSecond: 2 },
      ],
    },
    {
      ...{
        name: 'broker-2',
        zone: 'default',
        partitions: 1,
        eventsPerSecond: 5,
        capacity: 20,
        isCapacityKnown: false,
      },
      heaviest: [{ name: 'p5', eventsPerSecond: 5 }],
    },
  ]);
});

it('a cluster that was never observed has no load', async () => {
  const views = await hostViews(await telemetry(), { ...CLUSTER, observedToMs: null }, 20);
  expect(views.map(({ eventsPerSecond }) => eventsPerSecond)).toEqual([0, 0]);
});
