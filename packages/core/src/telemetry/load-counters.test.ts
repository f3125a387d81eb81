import { expect, test } from 'vitest';
import { LoadCounters } from './load-counters.ts';
import { loadFlushSchema } from './load-flush.ts';

test('counts per shardlet until the flush, then begins anew', () => {
  const counters = new LoadCounters();
  counters.stored(9, 2, 600);
  counters.stored(3, 1, 300);
  counters.stored(9, 1, 300);
  counters.refused(3, 4);
  counters.duplicate(5);
  const flush = counters.flush('edge-1', 1_000);
  expect(loadFlushSchema.parse(flush)).toEqual({
    edge: 'edge-1',
    atMs: 1_000,
    shardlets: [
      [3, 1, 300, 4],
      [9, 3, 900, 0],
    ],
    duplicates: 5,
  });
  expect(counters.flush('edge-1', 2_000)).toBeUndefined();
});
