/** Clusters of others, as programs see them. Times are RFC 3339. */
import {
  clusterChangeSchema,
  LOAD_LENGTH_MAX,
  newClusterSchema as newCluster,
  newLoadSchema as newLoad,
} from '@foreshard/core/external';
import { z } from 'zod';

const time = z.iso.datetime();

export const csvSchema = z
  .string()
  .max(LOAD_LENGTH_MAX)
  .describe('time,partition,host,events_per_second[,bytes_per_second,bytes], a line for each measurement');

export const newClusterSchema = newCluster.meta({ id: 'NewCluster' });
export const newLoadSchema = newLoad.meta({ id: 'NewClusterLoad' });
export const changeSchema = clusterChangeSchema.meta({ id: 'ClusterChange' });

const summary = {
  name: z.string(),
  version: z.int().describe('one higher whenever hosts or places change: what an approval is bound to'),
  hostCount: z.int(),
  partitionCount: z.int(),
  observedTo: time.nullable().describe('its load is known up to then'),
  obstacle: z.string().nullable().describe('why nothing new is planned; null: it is, every minute'),
  webhook: z.string().nullable().describe('target of notifications that is told what was approved'),
  source: z
    .strictObject({
      address: z.string().describe('without user and password'),
      query: z.string(),
      partitionLabel: z.string(),
      hostLabel: z.string(),
    })
    .nullable()
    .describe('where its load is read from every minute; null: it is imported'),
  problem: z.string().nullable().describe('why the source could not be read last; null: it could'),
  shiftSeconds: z.number().describe('what was added to the times of the last import'),
  createdAt: time,
  createdBy: z.string(),
};

const amount = z.number().nullable();

export const clustersSchema = z.strictObject({
  clusters: z.array(z.strictObject(summary).meta({ id: 'ClusterSummary' })),
});

export const clusterSchema = z
  .strictObject({
    ...summary,
    hosts: z.array(
      z.strictObject({
        name: z.string(),
        zone: z.string(),
        eventsPerSecond: amount.describe('null: what the policy says a host takes'),
        bytesPerSecond: amount,
        memoryBytes: amount,
      }),
    ),
    partitions: z.array(
      z.strictObject({
        name: z.string(),
        host: z.string(),
        bytes: amount,
        movedAt: time.nullable().describe('when it was first seen there'),
        cameFrom: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'Cluster' });

export const loadReportSchema = z
  .strictObject({
    name: z.string(),
    hosts: z.int(),
    partitions: z.int(),
    rows: z.int().describe('lines that were new'),
    known: z.int().describe('lines that were known already'),
    tooOld: z.int().describe('measurements before what is kept'),
    shiftSeconds: z.number().describe('added to all times, so that the record ends now'),
    from: time.nullable(),
    to: time.nullable(),
    hostsAssumed: z.int().describe('hosts of which nobody said what they take'),
  })
  .meta({ id: 'ClusterLoadReport' });

export const clusterPlanSchema = z
  .strictObject({
    name: z.string(),
    plan: z
      .looseObject({ recommendations: z.array(z.looseObject({ action: z.string(), reason: z.string() })) })
      .describe('as `foreshard plan` prints it'),
    state: z.looseObject({}).nullable().describe('what it was planned on; null unless it was asked for'),
  })
  .meta({ id: 'ClusterPlan' });

export const removedClusterSchema = z.strictObject({ removed: z.string() });
