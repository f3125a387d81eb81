import { beforeEach, expect, it } from 'vitest';
import { type DemandRead, PrefetchLedger, UNUSED_MS } from './ledger.ts';
import type { Source } from './queue.ts';

const SIZE = 10_000;

let ledger: PrefetchLedger;

beforeEach(() => {
  ledger = new PrefetchLedger(SIZE);
});

function fetched(id: string, source: Source = 'map', bytes = 1_000, nowMs = 0): void {
  ledger.fetched({ id, source, from: 1, nextSeq: 11, bytes, tookMs: 4 }, nowMs);
}
function read(id: string, how: DemandRead['how'], more: Partial<DemandRead> = {}): void {
  ledger.read({ id, from: 1, nextSeq: 11, bytes: 1_000, isKeyed: false, how, tookMs: 0, ...more }, 1_000);
}

it('counts an object as used once, when it is read', () => {
  fetched('1/0');
  read('1/0', 'hit');
  read('1/0', 'hit');
  expect(ledger.totals.map).toMatchObject({
    fetches: 1,
    uses: 1,
    fetchedBytes: 1_000,
    usedBytes: 1_000,
    savedMs: 4,
  });
  ledger.expire(UNUSED_MS * 2);
  expect(ledger.totals.map.wastedBytes).toBe(0);
});

it('saves less when the reader had to wait for it', () => {
  fetched('1/0', 'readAhead');
  read('1/0', 'wait', { tookMs: 3 });
  expect(ledger.totals.readAhead.savedMs).toBe(1);
});

it('counts as wasted what nobody reads in time, and what was gone when it was read', () => {
  fetched('1/0');
  fetched('1/1');
  read('1/1', 'miss', { tookMs: 4 });
  ledger.expire(UNUSED_MS + 1);
  expect(ledger.totals.map).toMatchObject({ uses: 0, wastedBytes: 2_000 });
  expect(ledger.takeOutcome(0).wastedMs).toBe(8);
});

it('does not hold against the map what certain prefetches waste', () => {
  fetched('1/0', 'readAhead');
  ledger.expire(UNUSED_MS + 1);
  expect(ledger.totals.readAhead.wastedBytes).toBe(1_000);
  expect(ledger.takeOutcome(0).wastedMs).toBe(0);
});

it('shows beside its hits those of the cache alone, and of plain LRU', () => {
  read('1/0', 'miss', { tookMs: 4 });
  read('1/0', 'hit');
  fetched('2/0', 'readAhead');
  read('2/0', 'hit');
  fetched('3/0', 'map');
  read('3/0', 'hit');
  expect(ledger.reads).toEqual({ reads: 4, hits: 3, waits: 0, cacheHits: 2, lruHits: 1 });
});

it('credits the map with hits that the cache would not have had, and debits those that it pushed out', () => {
  read('1/0', 'miss', { tookMs: 4 });
  ledger.takeOutcome(0);
  fetched('3/0', 'map');
  read('3/0', 'hit');
  read('1/0', 'miss', { tookMs: 5 });
  expect(ledger.takeOutcome(1)).toEqual({ reads: 2, savedMs: 4 - 5, wastedMs: 0 });
});

it('fills no shadow with the misses of a key, and keeps each within its size', () => {
  read('1/0', 'miss', { isKeyed: true });
  read('1/0', 'miss', { isKeyed: true });
  expect(ledger.reads.cacheHits).toBe(0);
  for (let i = 0; i < 100; i++) read(`2/${i}`, 'miss');
  for (let i = 0; i < 100; i++) read(`2/${i}`, 'miss');
  expect(ledger.reads.lruHits).toBe(0);
  expect(ledger.reads.cacheHits).toBeLessThan(20);
});

it('keeps a day of points, each with what was new in it', () => {
  read('1/0', 'miss');
  ledger.takeOutcome(300_000);
  fetched('1/1');
  for (let i = 2; i < 400; i++) ledger.takeOutcome(i * 300_000);
  expect(ledger.points.length).toBe(288);
  expect(ledger.points.at(-1)).toMatchObject({ reads: 0, fetchedBytes: 0 });
});
