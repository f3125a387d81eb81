/** What a process tells of its cache. */
import { z } from 'zod';

const count = z.int().min(0);

export const cacheReportSchema = z.strictObject({
  process: z.string().describe('name of the edge or worker'),
  hits: count.describe('reads that were answered without the host, since the process started'),
  misses: count.describe('reads that a host answered'),
  hitBytes: count.describe('bytes of events that were given out without the host'),
  bytes: count.describe('bytes of memory held now'),
  bytesMax: count.describe('the most it may hold; 0: the cache is off'),
  segments: count.describe('segments of 1,024 events held now'),
  evictions: count.describe('segments let go for want of room'),
  voided: count.describe(
    'segments dropped because events were lost, trimmed or deleted, or a host went back',
  ),
});
export type CacheReport = z.infer<typeof cacheReportSchema>;
