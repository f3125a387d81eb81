import { describe, expect, it } from 'vitest';
import { MemoryBlockStore } from '../adapters/telemetry/index.ts';
import { compileState, DEFAULT_POLICY, documentOf, plan, policySchema } from '../planning/index.ts';
import { HOUR_MS, MINUTE_MS, TelemetryStore } from '../telemetry/index.ts';
import { TopologyMap } from '../topology/index.ts';
import { type ExternalCluster, OBSERVATION_FRESH_MS } from './description.ts';
import { isExternal, partitionId, streamIdOf, topologyOf, withClusters } from './external-map.ts';
import { EXTERNAL_PHASES, externalState, planningObstacle } from './external-state.ts';
import { refreshed } from './following.ts';
import { described, extentOf, inOrder, type LoadRow, withCapacities } from './load-rows.ts';
import { writeLoad } from './load-writer.ts';
import { hasComeTrue, inFlight, type Notified } from './notified-action.ts';
import { takeIn } from './taking-in.ts';

const NOW = Date.UTC(2026, 10, 21, 12);
const row = (minute: number, partition: string, host: string, eventsPerSecond = 1): LoadRow => ({
  ...{ timeMs: NOW + minute * MINUTE_MS, partition, host, eventsPerSecond },
  ...{ bytesPerSecond: null, bytes: null },
});

const host = (number: number, name: string, eventsPerSecond: number | null = 100) => ({
  ...{ number, name, zone: 'default', eventsPerSecond, bytesPerSecond: null, memoryBytes: null },
});

function cluster(change: Partial<ExternalCluster> = {}): ExternalCluster {
  return {
    ...{ name: 'legacy', number: 1, revision: 0, version: 1, hosts: [host(1, 'a')], partitions: [] },
    ...{ hostsChangedMs: null, webhook: null, source: null, problem: null, observedToMs: null },
    ...{ stepMs: MINUTE_MS, shiftMs: 0, createdMs: 0, createdBy: 'ann' },
    ...change,
  };
}

function taken(rows: LoadRow[], before = cluster()): ExternalCluster {
  const sorted = inOrder(rows);
  return described(before, sorted, [], extentOf(sorted)!);
}

describe('a description', () => {
  it('takes the place of a partition from its newest measurement, whatever the order of lines', () => {
    const { partitions } = taken([row(2, 'p', 'b'), row(1, 'p', 'a'), row(0, 'q', 'a')]);
    expect(partitions.map(({ name, host, movedMs }) => [name, host, movedMs])).toEqual([
      ['q', 'a', null],
      ['p', 'b', null],
    ]);
  });

  it('notes when a partition is seen elsewhere, and is another version then', () => {
    const first = taken([row(0, 'p', 'a'), row(0, 'q', 'b')]);
    const same = taken([row(1, 'p', 'a'), row(1, 'q', 'b')], first);
    expect([first.version, same.version]).toEqual([1, 1]);
    const moved = taken([row(2, 'p', 'b')], same);
    expect(moved.version).toBe(2);
    expect(moved.partitions.find(({ name }) => name === 'p')).toMatchObject({
      ...{ number: 1, host: 'b', cameFrom: 'a', movedMs: NOW + 2 * MINUTE_MS },
    });
  });

  it('keeps the numbers of hosts, and notes when one has come', () => {
    const first = taken([row(0, 'p', 'b')]);
    const more = taken([row(1, 'q', 'c')], first);
    expect(more.hosts.map(({ name, number }) => [name, number])).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ]);
    expect([first.hostsChangedMs, more.hostsChangedMs]).toEqual([null, NOW + MINUTE_MS]);
  });

  it('finds out how long a line holds', () => {
    const every5 = [0, 5, 10, 15].flatMap((minute) => [row(minute, 'p', 'a'), row(minute, 'q', 'a')]);
    expect(extentOf(every5)).toMatchObject({ stepMs: 5 * MINUTE_MS });
    expect(extentOf([row(0, 'p', 'a')])).toMatchObject({ stepMs: MINUTE_MS });
    expect(extentOf(every5, 1_000)).toMatchObject({ stepMs: 1_000 });
  });
});

describe('load', () => {
  async function recorded(rows: LoadRow[], partition: string, minutes: number): Promise<number[]> {
    const blocks = new MemoryBlockStore();
    const one = taken(rows);
    const sorted = inOrder(rows);
    await blocks.exclusively('import', (tx) => writeLoad(one, sorted, extentOf(sorted)!, tx, NOW + HOUR_MS));
    const map = new TopologyMap(topologyOf(one));
    const store = new TelemetryStore({ blocks, map: () => map, nowMs: () => NOW + HOUR_MS });
    const { number } = one.partitions.find(({ name }) => name === partition)!;
    const { values } = await store.series({
      ...{
        scope: { kind: 'shardlet', shardlet: partitionId(one, number) },
        metric: 'events',
        step: 'minute',
      },
      ...{ fromMs: NOW, toMs: NOW + minutes * MINUTE_MS },
    });
    return [...values];
  }

  it('holds until the next line of the partition', async () => {
    const rows = [row(0, 'p', 'a', 1), row(2, 'p', 'a', 2), row(4, 'p', 'a', 3)];
    expect(await recorded(rows, 'p', 6)).toEqual([60, 60, 120, 120, 180, 180]);
  });

  it('that is missing for long is not taken for the same as before', async () => {
    const rows = [row(0, 'p', 'a', 1), row(1, 'p', 'a', 1), row(2, 'p', 'a', 1), row(8, 'p', 'a', 1)];
    const missing = Array.from({ length: 5 }, () => Number.NaN);
    expect(await recorded(rows, 'p', 9)).toEqual([60, 60, 60, ...missing, 60]);
  });

  it('that is missing of one partition alone is none', async () => {
    const others = Array.from({ length: 9 }, (_, minute) => row(minute, 'q', 'a', 1));
    const rows = [row(0, 'p', 'a', 1), row(1, 'p', 'a', 1), row(2, 'p', 'a', 1), row(8, 'p', 'a', 1)];
    expect(await recorded([...others, ...rows], 'p', 9)).toEqual([60, 60, 60, 0, 0, 0, 0, 0, 60]);
  });

  it('of long ago is counted by lines', async () => {
    const rows = inOrder([{ ...row(0, 'p', 'a'), timeMs: 0 }, row(0, 'p', 'a'), row(1, 'p', 'a')]);
    const extent = { firstMs: 0, lastMs: NOW + MINUTE_MS, stepMs: 24 * HOUR_MS };
    const tooOld = await new MemoryBlockStore().exclusively('import', (tx) =>
      writeLoad(taken(rows), rows, extent, tx, NOW + HOUR_MS),
    );
    expect(tooOld).toBe(1);
  });

  it('whose lines lie more than a day apart is refused: nobody knows what lies between', async () => {
    const rows = [{ ...row(0, 'p', 'a'), timeMs: 86_400_000 }, row(0, 'p', 'a')];
    const parts = {
      clusters: { save: async () => true },
      telemetry: new MemoryBlockStore(),
      nowMs: NOW,
    };
    const reply = await takeIn(parts, cluster(), { rows, capacities: [], shiftMs: 0 });
    expect(reply).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('more than a day apart'),
    });
  });

  it('of less than an event a step is not lost', async () => {
    const rows = Array.from({ length: 10 }, (_, minute) => row(minute, 'p', 'a', 0.5 / 60));
    const values = await recorded(rows, 'p', 10);
    expect(values.reduce((sum, value) => sum + value, 0)).toBe(5);
  });
});

describe('the map of a cluster', () => {
  const ten = taken(Array.from({ length: 10 }, (_, i) => row(0, `p-${i + 1}`, 'a')));

  it('has partitions in the order in which people count', () => {
    const byPlace = topologyOf(ten).shardlets.toSorted((x, y) => x.range.from.hi - y.range.from.hi);
    const numbers = new Map(ten.partitions.map(({ name, number }) => [partitionId(ten, number), name]));
    expect(byPlace.map(({ id }) => numbers.get(id))).toEqual(
      Array.from({ length: 10 }, (_, i) => `p-${i + 1}`),
    );
  });

  it('stands beside ours with ids that ours never has, and ours keeps its names', () => {
    const stream = { name: 'legacy', id: 7, shardCount: 1, splitKeys: false };
    const settings = { retentionMs: null, retentionBytes: null, dedupWindowMs: 900_000 };
    const own = { version: 3, streams: [{ ...stream, ...settings }], hosts: [], shardlets: [], garbage: [] };
    const map = new TopologyMap(withClusters(own, [ten, { ...ten, name: 'other', number: 2 }]));
    expect(map.streamNamed('legacy')!.id).toBe(7);
    expect(map.streams().map(({ id }) => isExternal(id))).toEqual([false, true, true]);
    expect([...map.leaves(streamIdOf(ten))]).toHaveLength(10);
    expect([...map.shardlets()]).toHaveLength(20);
  });
});

describe('the plan of a cluster', () => {
  const busy = cluster({
    hosts: [host(1, 'a', 100), host(2, 'b', 100), host(3, 'c', null)],
    partitions: taken([row(0, 'p', 'a'), row(0, 'q', 'a'), row(0, 'r', 'b')]).partitions,
    observedToMs: NOW,
  });
  const policy = policySchema.parse({
    capacity: { events_per_second: 100 },
    scaling: { hosts_min: 3, hosts_max: 3 },
  });
  const loads = new Map([
    [partitionId(busy, 1), 70],
    [partitionId(busy, 2), 60],
  ]);
  const seen = { nowMs: NOW, loads, bytesPerSecond: new Map(), forecasts: new Map() };

  it('moves partitions by their names, and splits and merges nothing', () => {
    const state = externalState(busy, seen, policy);
    const { recommendations } = documentOf(
      plan(compileState(state, policy), policy, NOW, EXTERNAL_PHASES),
      policy,
    );
    expect(recommendations).toMatchObject([
      { action: 'move', source: 'a', shardlets: [expect.stringMatching(/^[pq]$/)] },
    ]);
  });

  it('takes the policy for what nobody has told', () => {
    const { hosts } = externalState(busy, seen, DEFAULT_POLICY);
    expect(hosts.map(({ capacity }) => capacity.eventsPerSecond)).toEqual([
      100,
      100,
      DEFAULT_POLICY.capacity.events_per_second,
    ]);
  });

  it('is not made on load that is old, or of nothing', () => {
    expect(planningObstacle(busy, NOW + OBSERVATION_FRESH_MS)).toBeUndefined();
    expect(planningObstacle(busy, NOW + OBSERVATION_FRESH_MS + 1)).toContain('30 minutes ago');
    expect(planningObstacle(cluster(), NOW)).toContain('no load');
  });
});

describe('what was told', () => {
  const one = taken([row(0, 'p', 'a'), row(0, 'q', 'b')]);
  const asked = (body: object) => ({ body }) as Notified;
  const notified = (shardlet: string, destination: string, action = 'move') =>
    asked({ action, shardlets: [shardlet], source: 'a', destination });

  it('counts as under way until it is seen, where both ends are known', () => {
    const moves = inFlight(
      [
        notified('p', 'b'),
        notified('q', 'b'),
        notified('gone', 'b'),
        notified('p', 'new'),
        notified('p', 'b', 'add-hosts'),
      ],
      one,
    );
    expect(moves).toEqual([{ shardlet: 'p', from: 'a', to: 'b' }]);
  });
});

describe('what hosts take', () => {
  const before = taken([row(0, 'p', 'a')]);

  it('is another version, and a host more is noted at its time', () => {
    const { number: _, ...a } = host(1, 'a', 500);
    const same = withCapacities(before, [], NOW);
    expect(same).toEqual(before);
    const larger = withCapacities(before, [a], NOW);
    expect(larger).toMatchObject({ version: 2, hostsChangedMs: null, observedToMs: before.observedToMs });
    expect(withCapacities(larger, [{ ...a, memoryBytes: 1e9 }], NOW).version).toBe(3);
    const more = withCapacities(before, [{ ...a, name: 'b' }], NOW);
    expect(more).toMatchObject({ version: 2, hostsChangedMs: NOW });
    expect(more.hosts.map(({ number, name }) => [number, name])).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
  });
});

describe('an action has come true', () => {
  const record = (body: object) => ({ body }) as Parameters<typeof hasComeTrue>[0];
  const one = taken([row(0, 'p', 'b'), row(0, 'q', 'a')]);

  it('when the partition is at its destination', () => {
    const move = (destination: string) => record({ action: 'move', shardlets: ['p'], destination });
    expect(hasComeTrue(move('b'), one, NOW)).toBe(true);
    expect(hasComeTrue(move('a'), one, NOW)).toBe(false);
  });

  it('when a host has come since, or is empty', () => {
    const added = { ...one, hostsChangedMs: NOW };
    expect(hasComeTrue(record({ action: 'add-hosts', shardlets: [] }), added, NOW - 1)).toBe(true);
    expect(hasComeTrue(record({ action: 'add-hosts', shardlets: [] }), added, NOW + 1)).toBe(false);
    const remove = (source: string) => record({ action: 'remove-host', shardlets: [], source });
    expect([remove('a'), remove('gone')].map((action) => hasComeTrue(action, one, NOW))).toEqual([
      false,
      true,
    ]);
  });
});

describe('a source', () => {
  const source = {
    url: 'http://prometheus:9090',
    query: 'load',
    partitionLabel: 'partition',
    hostLabel: 'host',
  };

  async function follow(read: () => Promise<LoadRow[]>, before: ExternalCluster): Promise<ExternalCluster> {
    let kept = before;
    const clusters = {
      find: async () => kept,
      save: async (next: ExternalCluster) => {
        kept = { ...next, revision: kept.revision + 1 };
        return true;
      },
    };
    return refreshed(
      { clusters, telemetry: new MemoryBlockStore(), nowMs: NOW + 5 * MINUTE_MS, read },
      before,
    );
  }

  it('is read from where load is known to, a minute late', async () => {
    const asked: unknown[] = [];
    const read = async (...[, range]: unknown[]) => {
      asked.push(range);
      return [row(1, 'p', 'a'), row(2, 'p', 'a'), row(3, 'p', 'a')];
    };
    const after = await follow(read as never, cluster({ source, observedToMs: NOW }));
    expect(asked).toEqual([{ fromMs: NOW, toMs: NOW + 4 * MINUTE_MS, stepMs: MINUTE_MS }]);
    expect(after).toMatchObject({ observedToMs: NOW + 4 * MINUTE_MS, problem: null });
  });

  it('that cannot be read is told, until it can', async () => {
    const down = await follow(
      async () => {
        throw new Error('it does not answer');
      },
      cluster({ source, observedToMs: NOW }),
    );
    expect(down.problem).toBe('it does not answer');
    expect((await follow(async () => [row(1, 'p', 'a')], down)).problem).toBeNull();
    expect((await follow(async () => [], down)).problem).toBe('the query gives no series');
  });
});
