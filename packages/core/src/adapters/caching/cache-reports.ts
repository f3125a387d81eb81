/** What each edge and worker tells of its shard cache, and each edge of its prefetching. */
import type { Redis } from 'ioredis';
import { type CacheReport, cacheReportSchema } from '../../caching/index.ts';
import { type PrefetchReport, prefetchReportSchema } from '../../prefetching/index.ts';
import { publishReport, reportsReader } from './process-reports.ts';

const CACHES = '{foreshard}:shard-caches';
const PREFETCHING = '{foreshard}:prefetching';

type Evaluating = Pick<Redis, 'eval'>;

export async function publishCache(redis: Evaluating, report: CacheReport): Promise<void> {
  await publishReport(redis, CACHES, report);
}

/** Undefined where the control Redis does not answer. */
export function cacheReportsReader(redis: Evaluating): () => Promise<readonly CacheReport[] | undefined> {
  return reportsReader(redis, CACHES, cacheReportSchema);
}

export async function publishPrefetching(redis: Evaluating, report: PrefetchReport): Promise<void> {
  await publishReport(redis, PREFETCHING, report);
}

/** Undefined where the control Redis does not answer. */
export function prefetchReportsReader(
  redis: Evaluating,
): () => Promise<readonly PrefetchReport[] | undefined> {
  return reportsReader(redis, PREFETCHING, prefetchReportSchema);
}
