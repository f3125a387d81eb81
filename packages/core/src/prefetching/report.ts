/** What an edge reports of its prefetching. */
import { z } from 'zod';
import { SOURCES } from './queue.ts';

const count = z.number().min(0);
const bytes = (what: string) => count.describe(`bytes ${what}`);

const sourceTotalsSchema = z
  .strictObject({
    fetches: count,
    uses: count.describe('of these, read before they were given up'),
    fetchedBytes: bytes('that were fetched'),
    usedBytes: bytes('of objects that were read in time'),
    wastedBytes: bytes('of objects that nobody read within ten minutes'),
    savedMs: count.describe('wait that readers were spared'),
  })
  .meta({ id: 'PrefetchedBySource' });
export type SourceTotals = z.infer<typeof sourceTotalsSchema>;

const pointSchema = z
  .strictObject({
    atMs: count.describe('the start of five minutes, in milliseconds since 1970'),
    reads: count,
    hits: count,
    cacheHits: count,
    lruHits: count,
    fetchedBytes: bytes('fetched'),
    wastedBytes: bytes('wasted'),
  })
  .meta({ id: 'PrefetchPoint' });
export type PrefetchPoint = z.infer<typeof pointSchema>;

const intervalSchema = z
  .strictObject({ low: z.number(), mean: z.number(), high: z.number() })
  .describe('milliseconds gained a read, with an interval of 90 % by the bootstrap');

export const prefetchReportSchema = z
  .strictObject({
    process: z.string().describe('name of the edge'),
    threshold: z.number().describe('of the policy; 0: only what is certain to be needed is fetched'),
    standing: z
      .enum(['off', 'trial', 'worth', 'aside'])
      .describe(
        'of what the map expects. off: no threshold; trial: it is measured; worth: it beats read-ahead and the cache alone; aside: it does not, so it rests for a day',
      ),
    since: z.iso.datetime(),
    until: z.iso.datetime().nullable().describe('when it is tried again'),
    gainMs: intervalSchema.nullable().describe('null: not measured yet'),
    reads: count.describe('reads of segments since the process started'),
    hits: count.describe('of these, answered from memory at once'),
    waits: count.describe('of these, that waited for a fetch under way'),
    cacheHits: count.describe(
      'hits that the cache would have had with read-ahead and warming, without the map',
    ),
    lruHits: count.describe('hits that plain LRU of the same size would have had, without prefetching'),
    sources: z.strictObject({
      readAhead: sourceTotalsSchema,
      warm: sourceTotalsSchema,
      map: sourceTotalsSchema,
      reads: sourceTotalsSchema,
    }),
    cancelled: count,
    late: count.describe('needed before they were fetched'),
    refused: count.describe('there was no room in the queue'),
    queue: z
      .array(
        z
          .strictObject({
            shardlet: z.int(),
            from: z.int().describe('its first seq'),
            source: z.enum(SOURCES),
            why: z.string(),
            neededAt: z.iso.datetime(),
            probability: z.number(),
            bytes: bytes('that are expected'),
            isInFlight: z.boolean(),
          })
          .meta({ id: 'QueuedPrefetch' }),
      )
      .describe('in the order in which they are fetched, at most 50'),
    points: z.array(pointSchema).describe('of the last day'),
    whatIf: z
      .array(
        z
          .strictObject({
            threshold: z.number(),
            fetchedBytes: bytes('that would have been fetched for the map'),
            wastedBytes: bytes('of these that nobody would have read in time'),
            hits: count.describe('reads that would have been hits, and were not without the map'),
          })
          .meta({ id: 'PrefetchWhatIf' }),
      )
      .describe('what each threshold would have meant in the last day'),
  })
  .meta({ id: 'Prefetching' });
export type PrefetchReport = z.infer<typeof prefetchReportSchema>;
