/** What people ask of clusters of others over the API, as it comes in. */
import { z } from 'zod';
import { SHIFTS } from './cluster-operator.ts';
import { NAME_MAX, prometheusSchema } from './description.ts';
import type { HostCapacity } from './load-rows.ts';

/** Of one body of load; some 80,000 lines. Longer records come in pieces, or by the command line. */
export const LOAD_LENGTH_MAX = 4 * 1_048_576;
const HOSTS_MAX = 10_000;
const STEP_SECONDS_MAX = 86_400;

const load = z
  .string()
  .min(1)
  .max(LOAD_LENGTH_MAX)
  .describe('a CSV: time,partition,host,events_per_second[,bytes_per_second,bytes]');
const shift = z
  .enum(SHIFTS)
  .default('auto')
  .describe('auto: a record that ended long ago is moved so that it ends now; end-now: in any case');
const stepSeconds = z
  .number()
  .positive()
  .max(STEP_SECONDS_MAX)
  .optional()
  .describe('how long one line holds; left out: found out from the lines');

const amount = z.number().positive().max(1e15).nullable().default(null);

export const capacitiesSchema = z
  .array(
    z
      .strictObject({
        name: z.string().min(1).max(NAME_MAX),
        zone: z.string().min(1).max(NAME_MAX).default('default'),
        eventsPerSecond: amount.describe('null: what the policy says a host takes'),
        bytesPerSecond: amount,
        memoryBytes: amount,
      })
      .transform((host): HostCapacity => host),
  )
  .max(HOSTS_MAX)
  .describe('what hosts can take; a host that is named is described anew as a whole, the others stay');

const webhook = z
  .string()
  .min(1)
  .max(63)
  .nullable()
  .describe('name of the target of notifications that is told what was approved; null: nobody');

export const newClusterSchema = z
  .strictObject({
    load: load.optional(),
    prometheus: prometheusSchema.strict().optional().describe('instead of load: it is read every minute'),
    hosts: capacitiesSchema.default([]),
    webhook: webhook.default(null),
    shift,
    stepSeconds,
  })
  .refine((order) => (order.load === undefined) !== (order.prometheus === undefined), {
    error: 'a cluster is described by its load: give either "load" or "prometheus"',
  });
export type NewClusterOrder = z.output<typeof newClusterSchema>;

export const newLoadSchema = z.strictObject({
  load,
  shift,
  stepSeconds,
  replace: z.boolean().default(false).describe('remove what was recorded before, and begin anew'),
});
export type NewLoadOrder = z.output<typeof newLoadSchema>;

export const clusterChangeSchema = z
  .strictObject({ webhook: webhook.optional(), hosts: capacitiesSchema.min(1).optional() })
  .refine(({ webhook, hosts }) => webhook !== undefined || hosts !== undefined, {
    error: 'nothing is said of the cluster',
  });
export type ClusterChangeOrder = z.output<typeof clusterChangeSchema>;
