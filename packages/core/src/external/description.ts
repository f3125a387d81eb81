/**
 * A cluster that is not ours: its hosts with what they can take, and its partitions with where they lie. Nothing of
 * it is in the topology store, and no edge routes to it: it is observed, its load is forecast, and what is
 * recommended for it is told to whoever runs it.
 */
import { z } from 'zod';

export const clusterNameSchema = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,62}$/,
    'a name is a lower-case letter followed by up to 62 letters, digits or hyphens',
  );

/** Characters of the name of a host or a partition. */
export const NAME_MAX = 200;
const entityName = z.string().min(1).max(NAME_MAX);
const amount = z.number().positive();

const hostSchema = z.object({
  /** of this cluster, from 1; never given to another one */
  number: z.int().min(1),
  name: entityName,
  zone: entityName.default('default'),
  /** what it can take; null: what the policy says a host takes, or no limit */
  eventsPerSecond: amount.nullable().default(null),
  bytesPerSecond: amount.nullable().default(null),
  memoryBytes: amount.nullable().default(null),
});
export type ExternalHost = z.infer<typeof hostSchema>;

const partitionSchema = z.object({
  number: z.int().min(1),
  name: entityName,
  /** name of its host, as it was observed last */
  host: entityName,
  /** what it stores, where it is told */
  bytes: z.number().min(0).nullable().default(null),
  /** when it was first seen elsewhere than before, and where it was */
  movedMs: z.int().nullable().default(null),
  cameFrom: z.string().nullable().default(null),
});
export type ExternalPartition = z.infer<typeof partitionSchema>;

/** Where load is read from by itself. */
export const prometheusSchema = z.object({
  url: z.url({ protocol: /^https?$/, error: 'an address such as http://prometheus:9090 is needed' }),
  /** of events a second, one series for each partition */
  query: z.string().min(1),
  /** names of labels */
  partitionLabel: z.string().min(1).default('partition'),
  hostLabel: z.string().min(1).default('host'),
});
export type PrometheusSource = z.infer<typeof prometheusSchema>;

export const externalClusterSchema = z.object({
  name: clusterNameSchema,
  /** of all external clusters, from 1; its ids are made of it */
  number: z.int().min(1),
  /** one higher with every change: nobody overwrites another's */
  revision: z.int().min(0),
  /** one higher whenever hosts or places change: what an approval is bound to */
  version: z.int().min(1),
  hosts: z.array(hostSchema).min(1),
  partitions: z.array(partitionSchema),
  /** when a host came or went last */
  hostsChangedMs: z.int().nullable(),
  /** name of the target that actions are told to; null: people carry them out */
  webhook: z.string().nullable(),
  source: prometheusSchema.nullable(),
  /** why the source could not be read last; null: it could */
  problem: z.string().nullable().default(null),
  /** up to where its load is known */
  observedToMs: z.int().nullable(),
  /** the usual distance of two measurements */
  stepMs: z.int().min(1),
  /** what was added to the times of the last import, so that an old record ends now */
  shiftMs: z.int(),
  createdMs: z.int(),
  createdBy: z.string(),
});
export type ExternalCluster = z.infer<typeof externalClusterSchema>;

/** Older load says nothing about now: nothing new is planned on it. */
export const OBSERVATION_FRESH_MS = 30 * 60_000;
