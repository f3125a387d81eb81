import { describe, expect, test } from 'vitest';
import { comparePositions, END, type Range, range, START, WHOLE } from '../keyspace/index.ts';
import { policySchema } from '../planning/index.ts';
import { EMPTY_TOPOLOGY, type Shardlet, type Stream, TopologyMap } from '../topology/index.ts';
import { type HotKey, hotKeyLimit, reliefFor } from './fast-lane.ts';

const KEY = 500;
const hot = (change: Partial<HotKey> = {}): HotKey => ({
  ...{ shardlet: 1, keyHash: KEY, perSecond: 350, atMs: 0 },
  ...change,
});
/** a key may have 100 a second */
const policy = policySchema.parse({ shardlet: { rate_cap: 125, fullness: 0.8, key_ways_max: 8 } });

function mapOf(ranges: readonly Range[], splitKeys = true, state: Shardlet['state'] = { kind: 'open' }) {
  const stream = { id: 1, name: 'main', splitKeys } as Stream;
  const shardlets = ranges.map(
    (one, i) =>
      ({ id: i + 1, stream: 1, shard: 0, range: one, owner: 1, epoch: 1, state, parents: [] }) as never,
  );
  return new TopologyMap({ ...EMPTY_TOPOLOGY, streams: [stream], shardlets });
}

describe('the fast lane', () => {
  test('cuts inside the key into as many parts as its rate asks for', () => {
    const relief = reliefFor(mapOf([WHOLE]), hot(), policy);
    expect(relief).toMatchObject({ kind: 'split', ways: 4 });
    const { children } = relief as Extract<typeof relief, { kind: 'split' }>;
    expect(children.map(({ from }) => from)).toEqual([
      START,
      { hi: KEY, lo: 2 ** 30 },
      { hi: KEY, lo: 2 ** 31 },
      { hi: KEY, lo: 3 * 2 ** 30 },
    ]);
    expect(children.at(-1)!.to).toEqual(END);
    for (const [i, child] of children.entries())
      if (i > 0) expect(comparePositions(children[i - 1]!.to, child.from)).toBe(0);
  });

  test('cuts only the part of the key that the shardlet has', () => {
    const half = range({ hi: KEY, lo: 2 ** 31 }, END);
    const map = mapOf([range(START, half.from), half]);
    const relief = reliefFor(map, hot({ shardlet: 2, perSecond: 150 }), policy);
    expect(relief).toMatchObject({ ways: 2, children: [{ from: half.from }, { from: { lo: 3 * 2 ** 30 } }] });
  });

  test.each<[string, TopologyMap, Partial<HotKey>]>([
    ['splits no keys', mapOf([WHOLE], false), {}],
    ['is opening', mapOf([WHOLE], true, { kind: 'opening', job: { kind: 'raise' } } as never), {}],
    ['takes no events', mapOf([WHOLE]), { shardlet: 9 }],
    ['not too hot', mapOf([WHOLE]), { perSecond: 100 }],
  ])('leaves it, because it %s', (because, map, change) => {
    expect(reliefFor(map, hot(change), policy)).toMatchObject({
      kind: 'left',
      because: expect.stringContaining(because),
    });
  });

  test('never makes more parts of a key than the policy allows', () => {
    const lo = (part: number) => ({ hi: KEY, lo: part * 2 ** 29 });
    const eight = [
      range(START, lo(1)),
      ...[1, 2, 3, 4, 5, 6].map((i) => range(lo(i), lo(i + 1))),
      range(lo(7), END),
    ];
    expect(reliefFor(mapOf(eight), hot({ perSecond: 1e6 }), policy)).toMatchObject({
      because: expect.stringContaining('8 parts'),
    });
    expect(reliefFor(mapOf([WHOLE]), hot({ perSecond: 1e6 }), policy)).toMatchObject({ ways: 8 });
  });

  test('a key may have no more than its shardlet, and no more than its part of a host', () => {
    expect(hotKeyLimit(policy)).toBe(100);
    expect(hotKeyLimit(policySchema.parse({ capacity: { events_per_second: 400 } }))).toBe(400 * 0.25 * 0.5);
  });
});
