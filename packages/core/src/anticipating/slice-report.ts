/** What the holder of a slice reports of it every few seconds: enough to put the slices of a stream together, and no more. */
import { z } from 'zod';

const count = z.number().min(0);

export const hitRatesSchema = z.strictObject({
  events: count.describe(
    'recent events that the shares stand on; an event counts half after a thousand others',
  ),
  hit1: z.number().describe('share of events whose type was the likeliest'),
  hit3: z.number().describe('share of events whose type was among the three likeliest'),
  frequent1: z.number().describe('the same of "most frequent", in the same events'),
  frequent3: z.number(),
});
export type HitRates = z.infer<typeof hitRatesSchema>;

const pairSchema = z.object({
  from: z.int(),
  to: z.int(),
  samples: count,
  lags: z.array(z.tuple([z.int(), count]).readonly()).readonly(),
});

export const expectedSchema = z.object({
  type: z.string(),
  key: z.string(),
  shardlet: z.int(),
  probability: z.number(),
  expectedAtMs: z.number().nullable(),
  /** the last events of the key, newest first */
  history: z.array(z.object({ type: z.string(), timeMs: z.number() })).readonly(),
});
export type ExpectedOfKey = z.infer<typeof expectedSchema>;

const placesSchema = z.tuple([z.number(), z.number()]).readonly();
const ratio = z.number().nullable();

export const surgeFiguresSchema = z.object({
  announced: count,
  came: count,
  falseAlarms: count,
  bursts: count,
  burstsAnnounced: count,
  precision: ratio,
  recall: ratio,
  leadMinutes: ratio,
  brier: ratio,
});

export const surgeReportSchema = z.object({
  announced: z
    .array(
      z.object({
        id: z.int(),
        type: z.string(),
        source: placesSchema,
        target: placesSchema,
        announcedAtMs: z.number(),
        expectedAtMs: z.number(),
        endsAtMs: z.number(),
        cameAtMs: z.number().nullable(),
        probability: z.number(),
        eventsPerSecond: z.number(),
        minutes: z.number(),
        hits: count,
        causes: count,
        byChance: count,
      }),
    )
    .readonly(),
  figures: surgeFiguresSchema,
  links: count,
  linksByChance: count,
});

export const sliceReportSchema = z.object({
  atMs: z.number(),
  learned: count,
  dropped: count,
  /** records that are not read yet */
  behind: count,
  keys: count,
  types: count,
  hits: hitRatesSchema,
  counts: z.object({
    total: count,
    types: z.array(z.string()).readonly(),
    events: z.array(count).readonly(),
    preceded: z.array(count).readonly(),
    pairs: z.array(pairSchema).readonly(),
  }),
  /** the likeliest of each type */
  expected: z.array(expectedSchema).readonly(),
  /** of all keys, by type and shardlet: events that are expected together, and the soonest of them */
  shardlets: z
    .array(
      z.object({
        type: z.string(),
        shardlet: z.int(),
        events: z.number(),
        keys: z.int(),
        nextAtMs: z.number().nullable(),
      }),
    )
    .readonly(),
  /** bursts that other events announce; absent in reports of an earlier release */
  surges: surgeReportSchema.optional(),
});
export type SliceReport = z.infer<typeof sliceReportSchema>;
