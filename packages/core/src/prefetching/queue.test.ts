import { beforeEach, expect, it } from 'vitest';
import { PrefetchQueue, type Wanted } from './queue.ts';

const LIMITS = { entriesMax: 3, bytesInFlightMax: 100, callsInFlightMax: 2, graceMs: 10 };

let queue: PrefetchQueue;

beforeEach(() => {
  queue = new PrefetchQueue(LIMITS);
});

function want(id: string, more: Partial<Wanted> = {}): boolean {
  const [shardlet, from] = id.split('/').map(Number) as [number, number];
  const wanted: Wanted = {
    ...{
      id,
      shardlet,
      from,
      source: 'readAhead',
      claim: 'a',
      why: '',
      neededAtMs: 0,
      probability: 1,
      bytes: 10,
    },
    ...more,
  };
  return queue.add(wanted, 0.5);
}
const ids = (entries: readonly { readonly id: string }[]) => entries.map(({ id }) => id);

it('fetches what is certain first, then what is expected soonest', () => {
  want('1/1', { source: 'map', neededAtMs: 1, probability: 0.9 });
  want('2/1', { source: 'warm', neededAtMs: 9 });
  want('3/1', { neededAtMs: 5 });
  expect(ids(queue.take(0))).toEqual(['3/1', '2/1']);
  queue.landed('3/1');
  expect(ids(queue.take(0))).toEqual(['1/1']);
});

it('wants nothing below the threshold', () => {
  expect(want('1/1', { source: 'map', probability: 0.4 })).toBe(false);
  expect(queue.take(0)).toEqual([]);
});

it('waits for room in flight, and lets nothing overtake', () => {
  want('1/1', { bytes: 80, neededAtMs: 1 });
  want('1/2', { bytes: 30, neededAtMs: 2 });
  want('1/3', { bytes: 5, neededAtMs: 3 });
  expect(ids(queue.take(0))).toEqual(['1/1']);
  expect(queue.landed('1/1')).toBe(true);
  expect(ids(queue.take(0))).toEqual(['1/2', '1/3']);
});

it('cancels what a member wanted of a shardlet that it lost, and not what another wants too', () => {
  want('1/1');
  want('1/1', { claim: 'b' });
  want('1/2');
  want('2/1');
  queue.cancel('a', 1);
  expect(ids(queue.list())).toEqual(['1/1', '2/1']);
  expect(queue.counts.cancelled).toBe(1);
});

it('says of one in flight that nobody wants it any more', () => {
  want('1/1');
  queue.take(0);
  queue.cancel('a', 1);
  expect(queue.landed('1/1')).toBe(false);
  expect(queue.list()).toEqual([]);
});

it('lets go what comes too late, and what a reader has asked for meanwhile', () => {
  want('1/1', { neededAtMs: 5 });
  want('1/2', { neededAtMs: 100 });
  queue.needed('1/2');
  expect(queue.take(16)).toEqual([]);
  expect(queue.counts).toEqual({ cancelled: 0, late: 2, refused: 0 });
});

it('has room for so many: the last in the order leaves', () => {
  for (const [i, id] of ['1/1', '1/2', '1/3'].entries()) want(id, { neededAtMs: i });
  expect(want('1/4', { neededAtMs: 9 })).toBe(false);
  expect(want('1/0', { neededAtMs: -1 })).toBe(true);
  expect(ids(queue.list())).toEqual(['1/0', '1/1', '1/2']);
  expect(queue.counts.refused).toBe(2);
});
