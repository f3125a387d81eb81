import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { slices, WHOLE } from '../keyspace/index.ts';
import {
  type Garbage,
  type Host,
  isLeaf,
  NO_FACTS,
  type Shardlet,
  type ShardletState,
  type Stream,
  type Topology,
} from './model.ts';
import { TopologyMap } from './topology-map.ts';

const RANGES = slices(WHOLE, 4);

const stateOf = fc.constantFrom<ShardletState>(
  { kind: 'open' },
  { kind: 'moving', dest: 2, nextEpoch: 9 },
  { kind: 'closing', successors: [7, 8] },
  { kind: 'gone', successors: [], finalSeq: 4, finalTs: 5 },
);
/** by id as in one store: the stream and the range of a shardlet never change */
const shardletOf = (store: number) =>
  fc.record({ id: fc.integer({ min: 1, max: 12 }), epoch: fc.nat(5), state: stateOf }).map(
    ({ id, epoch, state }): Shardlet => ({
      ...{
        id,
        stream: 1 + ((id + store) % 3),
        shard: 0,
        range: RANGES[(id + store) % 4]!,
        owner: 1,
        epoch,
        state,
      },
      ...{ parents: [], lost: [] },
    }),
  );
const streamOf = fc
  .record({ id: fc.integer({ min: 1, max: 3 }), retentionMs: fc.constantFrom(null, 3_600_000) })
  .map(
    ({ id, retentionMs }): Stream => ({
      ...{ id, name: `s${id}`, shardCount: 1, splitKeys: false, retentionMs },
      ...{ retentionBytes: null, dedupWindowMs: 900_000 },
    }),
  );
const hostOf = fc.record({ id: fc.integer({ min: 1, max: 4 }), incarnation: fc.constantFrom('r', 's') }).map(
  ({ id, incarnation }): Host => ({
    ...{ id, incarnation, name: `h${id}`, engine: 'redis', url: `redis://h${id}`, generation: 0 },
    ...{ durability: 'always', state: 'active', ...NO_FACTS },
  }),
);
const garbageOf = fc
  .record({ host: fc.nat(2), shardlet: fc.nat(2), epoch: fc.nat(2) })
  .map((garbage): Garbage => ({ ...garbage, since: 0 }));
const byId = { selector: ({ id }: { id: number }) => id };
const topologyOf = (store: number): fc.Arbitrary<Topology> =>
  fc
    .record({
      version: fc.integer({ min: 1, max: 99 }),
      streams: fc.uniqueArray(streamOf, byId),
      hosts: fc.uniqueArray(hostOf, byId),
      shardlets: fc.uniqueArray(shardletOf(store), byId),
      garbage: fc.uniqueArray(garbageOf, { selector: (g) => `${g.host}/${g.shardlet}/${g.epoch}` }),
    })
    .map((topology) => {
      const streams = new Set(topology.streams.map(({ id }) => id));
      return { ...topology, shardlets: topology.shardlets.filter((s) => streams.has(s.stream)) };
    });

function sorted({ version, streams, hosts, shardlets, garbage }: Topology) {
  const ordered = <T extends { id: number }>(rows: readonly T[]) => [...rows].sort((a, b) => a.id - b.id);
  const keys = garbage.map((g) => `${g.host}/${g.shardlet}/${g.epoch}`).sort();
  return { version, streams: ordered(streams), hosts: ordered(hosts), shardlets: ordered(shardlets), keys };
}

describe('a map that is replaced by a snapshot', () => {
  it.each([
    ['the same store', 0],
    ['another store', 1],
  ])('says what the snapshot of %s says, and so do its listeners', (_, store) => {
    fc.assert(
      fc.property(topologyOf(0), topologyOf(store), (from, to) => {
        const map = new TopologyMap(from);
        // as route tables are kept: leaves by stream, from changes alone
        const leaves = new Map([...map.shardlets()].filter(isLeaf).map((s) => [s.id, s]));
        const hosts = new Map(map.hosts().map((h) => [h.id, h]));
        map.onChange((change, before) => {
          for (const id of change.streamsRemoved)
            for (const leaf of [...leaves.values()]) if (leaf.stream === id) leaves.delete(leaf.id);
          for (const s of before) if (s !== undefined) leaves.delete(s.id);
          for (const s of change.shardlets) if (isLeaf(s)) leaves.set(s.id, s);
          for (const id of change.hostsRemoved) hosts.delete(id);
          for (const host of change.hosts) hosts.set(host.id, host);
        });
        map.replace(to);
        expect(sorted(map.toTopology())).toEqual(sorted(to));
        expect(new Set(leaves.values())).toEqual(new Set(to.shardlets.filter(isLeaf)));
        expect(new Set(hosts.values())).toEqual(new Set(to.hosts));
        for (const { id, name } of to.streams) {
          expect(map.streamNamed(name)?.id).toBe(id);
          const own = to.shardlets.filter((s) => s.stream === id);
          expect(new Set(map.shardlets(id))).toEqual(new Set(own));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is told nothing of what stays', () => {
    const topology = fc.sample(topologyOf(0), { numRuns: 1, seed: 7 })[0]!;
    const map = new TopologyMap(topology);
    const reported: unknown[] = [];
    map.onChange(({ streams, hosts, shardlets, garbage, garbageRemoved }) =>
      reported.push([streams, hosts, shardlets, garbage, garbageRemoved].flat()),
    );
    map.replace({ ...topology, version: topology.version + 1 });
    expect(reported).toEqual([[]]);
  });

  it('finds a stream by its new name only', () => {
    const [stream] = fc.sample(streamOf, { numRuns: 1, seed: 1 });
    const empty = { version: 1, hosts: [], shardlets: [], garbage: [] };
    const map = new TopologyMap({ ...empty, streams: [stream!] });
    map.replace({ ...empty, version: 9, streams: [{ ...stream!, name: 'recovered-1' }] });
    expect(map.streamNamed(stream!.name)).toBeUndefined();
    expect(map.streamNamed('recovered-1')?.id).toBe(stream!.id);
  });
});
