import { expect, test } from 'vitest';
import { latencyBucket } from './latency-sketch.ts';
import { LoadCounters } from './load-counters.ts';
import { packFlush, unpackFlush } from './load-flush.ts';

test('counts per shardlet until the flush, then begins anew', () => {
  const counters = new LoadCounters('edge-1', 500);
  counters.stored(9, 2, 600, latencyBucket(1_000));
  counters.stored(3, 1, 300, undefined);
  counters.stored(9, 1, 300, latencyBucket(9_000));
  counters.refused(3, 4);
  counters.read(3, 7);
  counters.duplicate(5);
  const flush = unpackFlush(packFlush(counters.flush(1_000)));
  expect(flush).toMatchObject({ edge: 'edge-1', runMs: 500, seq: 1, atMs: 1_000, duplicates: 5 });
  expect([...flush.loads.keys()]).toEqual([3, 9]);
  expect(flush.loads.get(3)).toMatchObject({ events: 1, bytes: 300, errors: 4, reads: 7 });
  expect(flush.loads.get(9)).toMatchObject({ events: 3, bytes: 900, errors: 0, reads: 0 });
  expect(flush.loads.get(9)!.latency.quantileBucket(0.99)).toBe(latencyBucket(9_000));
  const next = counters.flush(2_000);
  expect(next).toMatchObject({ seq: 2, duplicates: 0 });
  expect(next.loads.size).toBe(0);
});

test('knows the top keys by name and the share of the types', () => {
  const counters = new LoadCounters('edge-1', 0);
  for (let i = 0; i < 3_000; i++) {
    const isHot = i % 3 === 0;
    const text = { key: isHot ? 'hot' : `key-${i}`, type: isHot ? 'a' : 'b' };
    counters.key(1, isHot ? 7 : 1_000 + i, () => text);
  }
  const flush = unpackFlush(packFlush(counters.flush(0)));
  const load = flush.loads.get(1)!;
  const [first] = load.topKeys.reported();
  expect(first!.keyHash).toBe(7);
  expect(first!.events).toBeGreaterThan(800);
  expect(first!.events).toBeLessThanOrEqual(1_000);
  expect(flush.keyNames.get(7)).toBe('hot');
  expect(load.keys.estimate()).toBeGreaterThan(2_001 * 0.8);
  expect(load.keys.estimate()).toBeLessThan(2_001 * 1.2);
  const types = load.eventTypes;
  const share = types.get('a')! / (types.get('a')! + types.get('b')!);
  expect(share).toBeGreaterThan(0.2);
  expect(share).toBeLessThan(0.5);
});

test('reads a bounded number of events, also in a burst after a quiet second', () => {
  const counters = new LoadCounters('edge-1', 0);
  let read = 0;
  const burst = () => {
    for (let i = 0; i < 100_000; i++)
      counters.key(1, i, () => {
        read++;
        return { key: 'k', type: 't' };
      });
  };
  burst();
  expect(read).toBeLessThan(4_500);
  counters.flush(0);
  read = 0;
  burst();
  expect(read).toBeLessThanOrEqual(400);
  expect(read).toBeGreaterThan(300);
});

test('rows that are used again begin with nothing', () => {
  const counters = new LoadCounters('edge-1', 0);
  const count = (keys: number) => {
    counters.stored(1, keys, 300, latencyBucket(900 * keys));
    counters.refused(1, keys);
    counters.read(1, keys);
    for (let key = 0; key < keys; key++) counters.key(1, key * 7_919, () => ({ key: 'k', type: 'a' }));
  };
  count(90);
  counters.reuse(counters.flush(0));
  count(2);
  const load = counters.flush(1_000).loads.get(1)!;
  expect(load).toMatchObject({ events: 2, bytes: 300, errors: 2, reads: 2 });
  expect(load.keys.estimate()).toBe(2);
  expect(load.topKeys.reported().map(({ events }) => events)).toEqual([1, 1]);
  expect(load.latency.quantileBucket(1)).toBe(latencyBucket(1_800));
  expect([...load.eventTypes]).toEqual([['a', 2]]);
});
