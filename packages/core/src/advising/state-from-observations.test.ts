import { beforeAll, describe, expect, it } from 'vitest';
import { clusterStateSchema, compileState, policySchema } from '../planning/index.ts';
import { streamMap } from '../telemetry/recording.fixture.ts';
import { TopologyMap } from '../topology/index.ts';
import { NOW_MS, observed } from './observed.fixture.ts';
import { clusterStateOf, withHotKeys } from './state-from-observations.ts';

const HOUR_MS = 3_600_000;
const policy = policySchema.parse({ capacity: { events_per_second: 500 } });

let map: TopologyMap;
beforeAll(async () => {
  map = await streamMap(4);
});

describe('the live cluster as a document', () => {
  it('is one that people could have written, and that the planner takes', () => {
    const state = clusterStateOf(observed(map), policy);
    expect(clusterStateSchema.parse(state)).toEqual(state);
    expect(compileState(state, policy).shardletCount).toBe(4);
    expect(state.hosts[0]!.capacity.eventsPerSecond).toBe(500);
  });

  it('believes what is said of one host before what the policy says of all', async () => {
    const described = await streamMap(4, {
      zone: 'north',
      labels: { disk: 'ssd' },
      capacity: { eventsPerSecond: 70 },
    });
    const [host] = clusterStateOf(observed(described), policy).hosts;
    expect(host).toMatchObject({
      zone: 'north',
      labels: { disk: 'ssd' },
      capacity: { eventsPerSecond: 70, bytesPerSecond: policy.capacity.bytes_per_second },
    });
  });

  it('counts what edges tell of a key within seconds, where no whole minute shows as much', () => {
    const load = { eventsPerSecond: 40, bytesPerSecond: 1, readsPerSecond: 2 };
    const loads = new Map([
      [1, load],
      [2, { ...load, eventsPerSecond: 1_000 }],
    ]);
    const topKeyShares = new Map([[2, 0.3]]);
    const hotKeys = [1, 2, 3].map((shardlet) => ({ shardlet, keyHash: 9, perSecond: 200, atMs: NOW_MS }));
    const { shardlets } = clusterStateOf(
      withHotKeys(observed(map, { loads, topKeyShares }), hotKeys),
      policy,
    );
    expect(shardlets.map(({ load, topKeyShare }) => [load.eventsPerSecond, topKeyShare])).toEqual([
      [200, 1],
      [1_000, 0.3],
      [200, 1],
      [0, 0],
    ]);
    expect(shardlets[0]!.load).toMatchObject({ bytesPerSecond: 1, readsPerSecond: 2 });
  });

  it('lays the rules of placement to the shardlets that they speak of', () => {
    const placement = [
      { stream: 'main', pinned_to: { disk: 'ssd' } },
      { stream: 'main', shards: [1, 2], pinned_to: { rack: 'r1' }, spread_over_zones: true },
      { stream: 'main', shards: [3, 3], frozen: true },
      { stream: 'other', frozen: true },
    ];
    const ruled = policySchema.parse({ placement });
    const { shardlets } = clusterStateOf(observed(map), ruled);
    const of = (shard: number) => {
      const { pinnedTo, spreadGroup, frozen } = shardlets.find((one) => one.shard === shard)!;
      return { pinnedTo, spreadGroup, frozen };
    };
    expect(of(0)).toEqual({ pinnedTo: { disk: 'ssd' }, spreadGroup: undefined, frozen: false });
    expect(of(1)).toEqual({ pinnedTo: { disk: 'ssd', rack: 'r1' }, spreadGroup: 'rule 2', frozen: false });
    expect(of(3)).toEqual({ pinnedTo: { disk: 'ssd' }, spreadGroup: undefined, frozen: true });
  });

  it('leaves the shardlets of a demo alone', () => {
    const { shardlets, streams, ...rest } = map.toTopology();
    const renamed = streams.map((stream) => ({ ...stream, name: 'demo--watch-it-work' }));
    const demo = new TopologyMap({ ...rest, shardlets, streams: renamed });
    expect(clusterStateOf(observed(demo), policy).shardlets.every(({ frozen }) => frozen)).toBe(true);
    expect(clusterStateOf(observed(map), policy).shardlets.some(({ frozen }) => frozen)).toBe(false);
  });

  it('lays the memory of a host to its shardlets by what they took in', () => {
    const [a, b] = [...map.shardlets()].map(({ id }) => id) as [number, number];
    const owner = map.shardlet(a)!.owner;
    const bytes = new Map([
      [a, 3_000],
      [b, 1_000],
    ]);
    const hosts = new Map([[owner, { reachable: true, usedBytes: 8_000, limitBytes: 20_000 }]]);
    const state = clusterStateOf(observed(map, { bytes, hosts }), policy);
    const of = (id: number) => state.shardlets.find((one) => one.id === String(id))!;
    expect([of(a).load.memoryBytes, of(b).load.memoryBytes]).toEqual([6_000, 2_000]);
    expect([of(a).bytes, of(b).bytes]).toEqual([3_000, 1_000]);
    expect(state.hosts.find(({ id }) => id === String(owner))!.capacity.memoryBytes).toBe(20_000);
  });

  it('gives a host that does not answer no health, so that it receives nothing', () => {
    const [host] = map.hosts();
    const hosts = new Map([[host!.id, { reachable: false, health: 90 }]]);
    const state = clusterStateOf(observed(map, { hosts }), policy);
    expect(state.hosts[0]).toMatchObject({ state: 'active', health: 0 });
  });

  it('tells the newest move of a shardlet, and counts those of the last day', () => {
    const id = [...map.shardlets()][0]!.id;
    const [host] = map.hosts();
    const move = (hours: number, source: number) => ({
      ...{ shardlet: id, source, dest: host!.id },
      atMs: NOW_MS - hours * HOUR_MS,
    });
    const moves = [move(1, host!.id), move(5, 99), move(30, 99)];
    const state = clusterStateOf(observed(map, { moves }), policy);
    expect(state.shardlets.find((one) => one.id === String(id))).toMatchObject({
      lastMovedAt: new Date(NOW_MS - HOUR_MS).toISOString(),
      cameFrom: String(host!.id),
      movesLastDay: 2,
    });
  });
});
