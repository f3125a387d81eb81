import { expect, it } from 'vitest';
import { comparisonLines } from './comparison.ts';
import { type HeatCells, marginsOf } from './heat-cells.ts';

const hex = (half: number) => (half === 2 ? '10000000000000000' : `${half * 8}000000000000000`);
const row = (half: number, keys: string[]) => ({
  ...{ from: hex(half), to: hex(half + 1), shard: half, owner: `host-${half}`, segments: 1 },
  ...{ keys, keyEvents: keys.length },
});
/** Two minutes and one of forecast; the second half of the keys has no name. */
const cells = {
  ...{ metric: 'events', fromMs: 0, columnMs: 60_000, columns: 3, forecastFrom: 2 },
  rows: [row(0, ['order-1']), row(1, [])],
  values: Float32Array.from([10, 30, 20, 20, 10, 10.2]),
} as unknown as HeatCells;
const top = (...keys: (string | null)[]) => keys.map((key, i) => ({ key, hash: `${i}`, events: 9 }));
const owners = (...names: string[]) => names.map((name) => ({ name, shardlets: 1 }));
const first = { left: 0, right: 2, top: 0, bottom: 1 };
const second = { left: 0, right: 1, top: 1, bottom: 2 };

function lines(...under: Parameters<typeof comparisonLines>[3]) {
  const all = comparisonLines(cells, marginsOf(cells), [first, second], under, 'utc');
  return Object.fromEntries(all.map(({ name, a, b, difference }) => [name, [a, b, difference]]));
}

it('says each figure of both, and how the second is to the first', () => {
  const a = {
    owners: owners('host-0', 'host-1', 'host-2', 'host-3', 'host-4'),
    topKeys: top('order-1', null),
  };
  const b = { owners: owners('host-1'), topKeys: top(null) };
  expect(lines(a, b)).toEqual({
    From: ['1970-01-01 00:00:00 UTC', '1970-01-01 00:00:00 UTC', undefined],
    Keys: ['order-1', 'shard 1, 50\u00a0% to 100\u00a0% of all keys', undefined],
    Events: ['15 events/s', '30 events/s', '2 times A'],
    'Share of its time': ['38\u00a0%', '75\u00a0%', '+38 points'],
    Highest: ['20 events/s', '30 events/s', '1.5 times A'],
    Forecast: ['10 events/s', '10 events/s', 'about the same'],
    'Hottest keys': ['order-1', 'none stood out', undefined],
    'Hosts now': ['host-0, host-1, host-2 and 2 more', 'host-1', undefined],
  });
});

it('says what is the same, and nothing of what is not there yet', () => {
  const under = { owners: owners('host-1'), topKeys: top('order-1') };
  expect(lines(under, under)['Hosts now']).toEqual(['host-1', 'host-1', 'the same']);
  expect(lines(undefined, undefined)['Hosts now']).toEqual(['…', '…', undefined]);
  expect(lines({ owners: [], topKeys: [] }, under)['Hosts now']).toEqual(['none', 'host-1', undefined]);
});

it('takes nothing for no number of times, and less for less', () => {
  const compared = (a: typeof first, b: typeof first, values: number[]) => {
    const other = { ...cells, values: Float32Array.from(values) };
    const all = comparisonLines(other, marginsOf(other), [a, b], [undefined, undefined], 'utc');
    return all.slice(2, 4).map(({ difference }) => difference);
  };
  expect(compared(second, first, [0, 0, 0, 0, 0, 0])).toEqual([undefined, undefined]);
  expect(compared(second, first, [10, 30, 20, 20, 10, 10])).toEqual(['0.5 times A', '−38 points']);
  expect(compared(first, first, [10, 30, 20, 20, 10, 10])).toEqual(['about the same', 'about the same']);
});
