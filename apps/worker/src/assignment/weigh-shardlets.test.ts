import { MemoryGroupStore } from '@foreshard/core/adapters/memory';
import { EMPTY_GROUP } from '@foreshard/core/consuming';
import { ManualClock } from '@foreshard/core/kernel';
import { beforeEach, expect, it } from 'vitest';
import { weighShardlets } from './weigh-shardlets.ts';

const NOW = Date.parse('2026-11-24T12:00:00Z');
let groups: MemoryGroupStore;
let loads: Map<number, Map<number, number>>;
let asked: number[];
/** its forecast cannot be read */
let failing: number | undefined;

beforeEach(async () => {
  groups = new MemoryGroupStore(new ManualClock(NOW * 1_000));
  for (const [name, stream] of [
    ['a', 1],
    ['b', 1],
    ['c', 2],
  ] as const)
    await groups.create({ name, stream, sessionMs: 1_000 }, EMPTY_GROUP);
  loads = new Map([
    [
      1,
      new Map([
        [11, 100],
        [12, 5],
      ]),
    ],
    [2, new Map([[21, 7]])],
  ]);
  [asked, failing] = [[], undefined];
});

const weigh = (signal = new AbortController().signal) =>
  weighShardlets(
    {
      groups,
      async loadsAhead(stream) {
        asked.push(stream);
        if (stream === failing) throw new Error('away');
        const found = loads.get(stream) ?? new Map<number, number>();
        return new Map([...found].map(([id, p90]) => [id, { '0.5': p90 / 2, '0.9': p90 }]));
      },
      nowMs: () => NOW,
    },
    signal,
  );

it('writes what each shardlet will bring in nine of ten cases, once for all groups of a stream', async () => {
  expect(await weigh()).toEqual({ streams: 2 });
  expect(Object.fromEntries((await groups.weightsOf(1)).perSecond)).toEqual({ 11: 100, 12: 5 });
  expect(Object.fromEntries((await groups.weightsOf(2)).perSecond)).toEqual({ 21: 7 });
  expect(asked.filter((stream) => stream === 2).length * 2).toBe(asked.length);
  expect((await groups.find('b'))!.weights.perSecond.get(11)).toBe(100);
});

it('writes nothing that is no news, and nothing where nothing was forecast', async () => {
  await weigh();
  loads.get(1)!.set(11, 101);
  expect(await weigh()).toBeUndefined();
  expect((await groups.weightsOf(1)).perSecond.get(11)).toBe(100);
  loads.get(1)!.set(11, 300);
  expect(await weigh()).toEqual({ streams: 1 });
  expect((await groups.weightsOf(1)).perSecond.get(11)).toBe(300);
  loads.clear();
  expect(await weigh()).toBeUndefined();
  expect((await groups.weightsOf(2)).perSecond.get(21)).toBe(7);
});

it('goes on with other streams when one fails, and stops when it is told to', async () => {
  failing = 1;
  await expect(weigh()).rejects.toThrow('away');
  expect((await groups.weightsOf(2)).perSecond.get(21)).toBe(7);
  asked = [];
  expect(await weigh(AbortSignal.abort())).toBeUndefined();
  expect(asked).toEqual([]);
});
