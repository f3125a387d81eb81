import { describe, expect, test } from 'vitest';
import { slices, WHOLE } from '../keyspace/index.ts';
import { type Change, changeSchema, EMPTY_TOPOLOGY, type Shardlet } from './model.ts';
import { TopologyMap } from './topology-map.ts';

const stream = {
  id: 1,
  name: 'main',
  shardCount: 1,
  splitKeys: false,
  retentionMs: null,
  retentionBytes: null,
  dedupWindowMs: 900_000,
};

const change = (version: number, puts: Partial<Change>): Change => ({
  version,
  at: 0,
  decision: 'test',
  actor: 'test',
  streams: [],
  streamsRemoved: [],
  hosts: [],
  hostsRemoved: [],
  shardlets: [],
  garbage: [],
  garbageRemoved: [],
  ...puts,
});

const shardlet = (id: number, over: Partial<Shardlet> = {}): Shardlet => ({
  id,
  stream: 1,
  shard: 0,
  range: WHOLE,
  owner: 1,
  epoch: 1,
  state: { kind: 'open' },
  parents: [],
  lost: [],
  ...over,
});

describe('TopologyMap', () => {
  test('a follower must not skip a version, and ignores one it has seen', () => {
    const map = new TopologyMap(EMPTY_TOPOLOGY);
    map.apply(change(1, { streams: [stream] }));
    expect(() => map.apply(change(3, {}))).toThrow('does not follow');
    map.apply(change(1, { streamsRemoved: [1] }));
    expect(map.streamNamed('main')).toEqual(stream);
  });

  test('follows a split: the children are leaves, the parent is in the lineage', () => {
    const map = new TopologyMap(EMPTY_TOPOLOGY);
    const [left, right] = slices(WHOLE, 2);
    map.apply(change(1, { streams: [stream], shardlets: [shardlet(1)] }));
    map.apply(
      change(2, {
        shardlets: [
          shardlet(1, { state: { kind: 'closing', successors: [2, 3] } }),
          shardlet(2, { range: left!, parents: [1] }),
          shardlet(3, { range: right!, parents: [1] }),
        ],
      }),
    );
    expect([...map.leaves(1)].map((s) => s.id)).toEqual([2, 3]);
    expect(map.lineageOf(1, { hi: 5, lo: 0 }).map((s) => s.id)).toEqual([1, 2]);
    expect(map.lineageOf(1, { hi: 0xffff_0000, lo: 0 }).map((s) => s.id)).toEqual([1, 3]);
  });

  test('a removed stream takes its shardlets along', () => {
    const map = new TopologyMap(EMPTY_TOPOLOGY);
    map.apply(change(1, { streams: [stream], shardlets: [shardlet(1)] }));
    map.apply(change(2, { streamsRemoved: [1] }));
    expect([...map.shardlets()]).toEqual([]);
    expect(map.streamNamed('main')).toBeUndefined();
  });

  test('tells listeners what a change replaced', () => {
    const map = new TopologyMap(EMPTY_TOPOLOGY);
    const seen: unknown[] = [];
    map.apply(change(1, { streams: [stream], shardlets: [shardlet(1)] }));
    map.onChange((_, before) => seen.push(before.map((s) => s?.epoch)));
    map.apply(change(2, { shardlets: [shardlet(1, { epoch: 2 }), shardlet(2)] }));
    expect(seen).toEqual([[1, undefined]]);
  });

  test('garbage is added and removed', () => {
    const map = new TopologyMap(EMPTY_TOPOLOGY);
    map.apply(change(1, { garbage: [{ host: 1, shardlet: 9, epoch: 4, since: 0 }] }));
    expect(map.garbage()).toHaveLength(1);
    map.apply(change(2, { garbageRemoved: [{ host: 1, shardlet: 9, epoch: 4 }] }));
    expect(map.garbage()).toHaveLength(0);
  });
});

describe('wire form of a change', () => {
  test('survives JSON: ranges keep all 64 bits and the open end', () => {
    const before = change(5, {
      streams: [stream],
      shardlets: [shardlet(1), shardlet(2, { range: slices(WHOLE, 3)[1]! })],
    });
    const json = JSON.parse(JSON.stringify(changeSchema.encode(before)));
    expect(changeSchema.decode(json)).toEqual(before);
  });
});
