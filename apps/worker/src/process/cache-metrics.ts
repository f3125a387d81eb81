/** The counters of the worker's shard cache, as those of an edge. */
import type { CacheStats } from '@foreshard/core/caching';
import { Counter, Gauge, type Registry } from 'prom-client';

export function addCacheMetrics(registry: Registry, stats: () => CacheStats): void {
  const registers = [registry];
  new Counter({
    name: 'foreshard_worker_cache_reads_total',
    help: 'Reads of shardlets for groups that are pushed: hit (answered from the shard cache), miss (asked of the host)',
    labelNames: ['result'],
    registers,
    collect() {
      this.reset();
      const { hits, misses } = stats();
      this.inc({ result: 'hit' }, hits);
      this.inc({ result: 'miss' }, misses);
    },
  });
  new Gauge({
    name: 'foreshard_worker_cache_bytes',
    help: 'Memory that the shard cache holds',
    registers,
    collect() {
      this.set(stats().bytes);
    },
  });
  const counter = (name: string, help: string, value: (stats: CacheStats) => number) =>
    new Counter({
      name: `foreshard_worker_cache_${name}_total`,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(value(stats()));
      },
    });
  counter('hit_bytes', 'Bytes of events given out from the shard cache', (all) => all.hitBytes);
  counter('evictions', 'Segments of the shard cache let go for want of room', (all) => all.evictions);
  counter(
    'voided',
    'Segments dropped because of a loss, retention or a host that went back',
    (all) => all.voided,
  );
}
