/** The shard caches of edges and workers: how much they save. */
import { z } from 'zod';
import { cacheReportSchema } from '../caching/index.ts';
import { query } from './operation.ts';

export const cache = {
  stats: query({
    name: 'cache.stats',
    resource: 'shardlet',
    permission: 'cluster:read',
    input: z.strictObject({}),
    output: z.strictObject({ caches: z.array(cacheReportSchema.meta({ id: 'ShardCache' })) }),
    errors: ['store_unreachable'],
    http: {
      tag: 'administration',
      method: 'get',
      path: '/v1/cache',
      operationId: 'getCacheStats',
      summary: 'How much the shard caches save',
      description: [
        'Events that were read lately are kept in the memory of each edge and of the worker, so that hosts are asked for',
        'them once. One row per process, at most 5 seconds old.',
      ].join('\n'),
      answers: { 200: 'The caches' },
    },
  }),
} as const;
