/** What is done for operations on shard caches. */
import type { CacheReport } from '../../caching/index.ts';
import { ForeshardError } from '../../kernel/index.ts';
import type { cache } from '../cache.ts';
import type { RouterHandlers } from '../operation.ts';

export interface CacheStores {
  /** of the processes that run; undefined where the control Redis does not answer */
  readonly cacheReports: () => Promise<readonly CacheReport[] | undefined>;
}

export function cacheHandlers({ cacheReports }: CacheStores): RouterHandlers<typeof cache> {
  return {
    async stats() {
      const caches = await cacheReports();
      if (caches === undefined)
        throw new ForeshardError(
          'store_unreachable',
          'The control Redis does not answer. Check it and REDIS_URL.',
        );
      return { caches: [...caches] };
    },
  };
}
