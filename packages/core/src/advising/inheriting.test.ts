import { beforeAll, describe, expect, it } from 'vitest';
import { type Range, range, START } from '../keyspace/index.ts';
import { streamMap } from '../telemetry/recording.fixture.ts';
import { type Shardlet, TopologyMap } from '../topology/index.ts';
import { withInheritance, youngParents } from './inheriting.ts';
import { NOW_MS, observed } from './observed.fixture.ts';

const load = (eventsPerSecond: number) => ({ eventsPerSecond, bytesPerSecond: 10, readsPerSecond: 0 });
const ahead = (p90: number) => [{ aheadMinutes: 30, quantiles: { '0.9': p90 } }];

/** 1 is split into 2 and 3, and 3 into 4 and 5, all on one host. */
let map: TopologyMap;
beforeAll(async () => {
  const { shardlets, ...rest } = (await streamMap(1)).toTopology();
  const [first] = shardlets as [Shardlet];
  const { from, to } = first.range;
  const at = (hi: number) => ({ hi, lo: 0 });
  const made = (id: number, parent: number, own: Range): Shardlet => ({
    ...{ ...first, id, range: own, parents: [parent], epoch: first.epoch + id },
  });
  const closed: Shardlet['state'] = { kind: 'closed', successors: [], finalSeq: 0, finalTs: 0 };
  map = new TopologyMap({
    ...rest,
    shardlets: [
      { ...first, state: closed },
      made(2, 1, range(from, at(100))),
      { ...made(3, 1, range(at(100), to)), state: closed },
      made(4, 3, range(at(100), at(200))),
      made(5, 3, range(at(200), to)),
    ],
  });
  expect(from).toEqual(START);
});

describe('what a split hands on', () => {
  it('comes from those that were closed lately, over as many splits as there were', () => {
    const young = new Map([2, 3, 4, 5].map((id) => [id, NOW_MS]));
    expect(youngParents(map, young, NOW_MS - 1)).toEqual(new Set([1, 3]));
    expect(youngParents(map, new Map([...young, [3, NOW_MS - 5]]), NOW_MS - 1)).toEqual(new Set([1, 3]));
    const onlyLast = new Map([2, 3, 4, 5].map((id) => [id, id < 4 ? NOW_MS - 5 : NOW_MS]));
    expect(youngParents(map, onlyLast, NOW_MS - 1)).toEqual(new Set([3]));
    expect(youngParents(map, new Map(), NOW_MS - 1)).toEqual(new Set());
  });

  it('is equal parts of load and forecast while nothing is known of the children', () => {
    const before = observed(map, { loads: new Map([[1, load(80)]]), forecasts: new Map([[1, ahead(120)]]) });
    const { loads, forecasts } = withInheritance(before, new Set([1, 3]));
    expect([2, 4, 5].map((id) => loads.get(id)!.eventsPerSecond)).toEqual([40, 20, 20]);
    expect([2, 4, 5].map((id) => forecasts.get(id))).toEqual([ahead(60), ahead(30), ahead(30)]);
    expect(loads.get(2)!.bytesPerSecond).toBe(5);
  });

  it('follows what the children are seen to have, keeps the sum, and leaves them forecasts of their own', () => {
    const before = observed(map, {
      loads: new Map([1, 2, 3, 4, 5].map((id) => [id, load(id === 1 ? 10 : id === 2 ? 90 : 0)])),
      forecasts: new Map([
        [1, ahead(120)],
        [2, ahead(7)],
      ]),
    });
    const { loads, forecasts } = withInheritance(before, new Set([1, 3]));
    expect(loads.get(2)!.eventsPerSecond).toBeCloseTo(90 + 9.5);
    expect([2, 4, 5].reduce((sum, id) => sum + loads.get(id)!.eventsPerSecond, 0)).toBeCloseTo(100);
    expect(forecasts.get(2)).toEqual(ahead(7));
    expect(forecasts.get(4)![0]!.quantiles['0.9']).toBeCloseTo(3);
  });
});
