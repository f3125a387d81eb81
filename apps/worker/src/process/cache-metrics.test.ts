import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { addCacheMetrics } from './cache-metrics.ts';

test('the counters of the shard cache are read anew at each scrape', async () => {
  const stats = {
    hits: 3,
    misses: 1,
    hitBytes: 900,
    bytes: 500,
    bytesMax: 1_000,
    segments: 2,
    evictions: 4,
    voided: 5,
  };
  const registry = new Registry();
  addCacheMetrics(registry, () => stats);
  await registry.metrics();
  stats.evictions = 6;
  const lines = (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(lines).toEqual([
    'foreshard_worker_cache_reads_total{result="hit"} 3',
    'foreshard_worker_cache_reads_total{result="miss"} 1',
    'foreshard_worker_cache_bytes 500',
    'foreshard_worker_cache_hit_bytes_total 900',
    'foreshard_worker_cache_evictions_total 6',
    'foreshard_worker_cache_voided_total 5',
  ]);
});
