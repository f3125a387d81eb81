/**
 * What health is made of: parts with a weight, and for each the raw values that count as well (100) and as
 * badly (0); between the two the score falls in a straight line. Every number can be set.
 */
import { z } from 'zod';

const part = (weight: number, good: number, bad: number) =>
  z
    .strictObject({
      /** 0 leaves the part out of the score; it is still told */
      weight: z.number().min(0).default(weight),
      good: z.number().default(good),
      bad: z.number().default(bad),
    })
    .refine((p) => p.good !== p.bad, 'good and bad must differ')
    .prefault({});

const shardletSchema = z.strictObject({
  /** its events against the average of its stream's shardlets */
  loadSkew: part(15, 2, 10),
  /** the share of its heaviest key */
  hotKey: part(15, 0.25, 0.9),
  /** 99th percentile of the append latency, us */
  latency: part(20, 20_000, 500_000),
  /** refused events of all events */
  errors: part(20, 0, 0.05),
  /** id sets it looks into for every event; a restructure waits at 16 */
  idSets: part(5, 2, 16),
  /** skewness of the record sizes */
  sizeSkew: part(5, 3, 30),
  /** the fullness of its host */
  fullness: part(10, 0.6, 0.9),
  /** hours until it alone has filled what its host has left, at the bytes it takes now */
  growth: part(5, 48, 1),
  /** seconds since an edge told about load at all */
  staleness: part(5, 90, 600),
});

const hostSchema = z.strictObject({
  /** used share of its limit; edges stop appends at 0.9 */
  fullness: part(25, 0.6, 0.9),
  /** hours until it is full, as it grows now */
  growth: part(15, 48, 1),
  /** its events against the average of the hosts */
  loadSkew: part(15, 1.5, 4),
  /** 99th percentile of the append latency of its slowest shardlet, us */
  latency: part(15, 20_000, 500_000),
  errors: part(10, 0, 0.05),
  /** 1: answers, trusted, and keeps every acknowledged write; 0.5: may lose the last second; 0: does not answer or waits for readmission */
  durability: part(15, 1, 0),
  /** seconds since it was measured */
  staleness: part(5, 60, 600),
});

export const healthSettingsSchema = z.strictObject({
  shardlet: shardletSchema.prefault({}),
  host: hostSchema.prefault({}),
});
export type HealthSettings = z.infer<typeof healthSettingsSchema>;
export type ShardletPart = keyof HealthSettings['shardlet'];
export type HostPart = keyof HealthSettings['host'];

/** For the console and the command line. */
export const UNITS: Readonly<Record<ShardletPart | HostPart, string>> = {
  loadSkew: 'x average',
  hotKey: 'share',
  latency: 'us',
  errors: 'share',
  idSets: 'sets',
  sizeSkew: 'skewness',
  fullness: 'share',
  staleness: 's',
  growth: 'h',
  durability: '0-1',
};
