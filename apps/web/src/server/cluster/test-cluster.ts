/** A small cluster for tests: two hosts and a stream of four shardlets, decided by the real rules. */
import { MemoryTopologyStore } from '@foreshard/core/adapters/memory';
import { ManualClock } from '@foreshard/core/kernel';
import type { HostUsageReport } from '@foreshard/core/telemetry';
import { addHost, createStream, settleOpening, TopologyMap } from '@foreshard/core/topology';

export const NOW_MS = 1_800_000_000_000;
const PASSWORD = 'hunter2';

export async function testStore(): Promise<MemoryTopologyStore> {
  const store = new MemoryTopologyStore(new ManualClock(NOW_MS * 1_000));
  for (const [i, name] of ['redis-a', 'redis-b'].entries()) {
    const url = `redis://:${PASSWORD}@127.0.0.1:${6_401 + i}`;
    await store.decide(
      addHost({ name, engine: 'redis', url, incarnation: `run-${i}`, durability: 'always' }),
      'test',
    );
  }
  await store.decide(createStream({ name: 'main', shardCount: 4 }), 'test');
  return store;
}

/** With every shardlet open, as the worker would leave it. */
export async function testMap(): Promise<TopologyMap> {
  const store = await testStore();
  for (const { id, epoch } of (await store.snapshot()).shardlets)
    await store.decide(settleOpening(id, epoch), 'test');
  return new TopologyMap(await store.snapshot());
}

export function usage(changes: Partial<HostUsageReport> = {}): HostUsageReport {
  return {
    measuredAtMs: NOW_MS - 1_000,
    reachable: true,
    incarnationKnown: true,
    usedBytes: 100e6,
    limitBytes: 1e9,
    ...changes,
  };
}

/** Its first host has gone back to an older state. */
export function wentBack(map: TopologyMap, more: { readonly accepted?: number } = {}): TopologyMap {
  const topology = map.toTopology();
  const regressed = { detail: 'it holds mark 3 again', byMarks: true, certainTs: 0, promise: 0, ...more };
  const readmission = { incarnation: 'run-0', since: topology.version, before: 'active', regressed } as const;
  const [first, ...others] = topology.hosts;
  const suspended = { ...first!, state: 'readmitting', readmission } as const;
  return new TopologyMap({ ...topology, hosts: [suspended, ...others] });
}
