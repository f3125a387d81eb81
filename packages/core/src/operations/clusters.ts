/** Clusters that are not ours. Callers see and decide what an operator does. */
import { z } from 'zod';
import { clusterChangeSchema, LOAD_LENGTH_MAX, newClusterSchema, newLoadSchema } from '../external/index.ts';
import { time } from './fields.ts';
import { CREATES, command, query, type TextBody } from './operation.ts';

const summary = {
  name: z.string(),
  version: z.int().describe('one higher whenever hosts or places change: what an approval is bound to'),
  hostCount: z.int(),
  partitionCount: z.int(),
  observedTo: time.describe('its load is known up to then'),
  obstacle: z.string().nullable().describe('why nothing new is planned; null: it is, every minute'),
  webhook: z.string().nullable().describe('target of notifications that is told what was approved'),
  source: z
    .strictObject({
      address: z.string().describe('without user, password and query'),
      query: z.string(),
      partitionLabel: z.string(),
      hostLabel: z.string(),
    })
    .nullable()
    .describe('where its load is read from every minute; null: it is imported'),
  problem: z.string().nullable().describe('why the source could not be read last; null: it could'),
  shiftSeconds: z.number().describe('what was added to the times of the last import'),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
};

const amount = z.number().nullable();

const clusterSchema = z
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
        movedAt: time.describe('when it was first seen there'),
        cameFrom: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'Cluster' });

const loadReportSchema = z
  .strictObject({
    name: z.string(),
    hosts: z.int(),
    partitions: z.int(),
    rows: z.int().describe('lines that were new'),
    known: z.int().describe('lines that were known already'),
    tooOld: z.int().describe('measurements before what is kept'),
    shiftSeconds: z.number().describe('added to all times, so that the record ends now'),
    from: time,
    to: time,
    hostsAssumed: z.int().describe('hosts of which nobody said what they take'),
  })
  .meta({ id: 'ClusterLoadReport' });

const planSchema = z
  .strictObject({
    name: z.string(),
    plan: z
      .looseObject({ recommendations: z.array(z.looseObject({ action: z.string(), reason: z.string() })) })
      .describe('as `foreshard plan` prints it'),
    state: z.looseObject({}).nullable().describe('what it was planned on; null unless it was asked for'),
  })
  .meta({ id: 'ClusterPlan' });

const name = { name: z.string().min(1).max(63).describe('of the cluster') };
const common = { resource: 'cluster', permission: 'cluster:read' } as const;
const tag = 'clusters';

const EXAMPLE = 'time,partition,host,events_per_second\n2026-11-21T04:00:00Z,orders-0,broker-1,812.5\n';
const csv = {
  mediaType: 'text/csv',
  member: 'load',
  bytesMax: LOAD_LENGTH_MAX,
  description: 'time,partition,host,events_per_second[,bytes_per_second,bytes], a line for each measurement',
  example: EXAMPLE,
} as const satisfies TextBody;
/** Load as JSON has an escape before the end of each line. */
const JSON_BYTES_MAX = 2 * LOAD_LENGTH_MAX;
/** Longer than a worker takes for the longest record. */
const LOADED_WITHIN_MS = 125_000;
const PLANNED_WITHIN_MS = 35_000;

export const clusters = {
  list: query({
    ...common,
    name: 'clusters.list',
    judgedLater: true,
    input: z.strictObject({}),
    output: z.strictObject({ clusters: z.array(z.strictObject(summary).meta({ id: 'ClusterSummary' })) }),
    errors: ['store_unreachable'],
    http: {
      tag,
      method: 'get',
      path: '/v1/clusters',
      operationId: 'listClusters',
      summary: 'Clusters that are not ours',
      description: 'By name, with how far their load is known: those that the caller may see.',
      answers: { 200: 'The clusters' },
    },
  }),
  show: query({
    ...common,
    name: 'clusters.show',
    input: z.strictObject(name),
    output: clusterSchema,
    errors: ['not_found', 'store_unreachable'],
    http: {
      tag,
      method: 'get',
      path: '/v1/clusters/{name}',
      operationId: 'readCluster',
      summary: 'One cluster',
      description: 'With its hosts, and its partitions and where they lie.',
      answers: { 200: 'The cluster' },
    },
  }),
  add: command({
    ...common,
    name: 'clusters.add',
    before: CREATES,
    permission: 'clusters:manage',
    answerWithinMs: LOADED_WITHIN_MS,
    addresses: ['prometheus.url'],
    input: newClusterSchema.safeExtend(name),
    output: loadReportSchema,
    errors: [
      ...(['invalid_csv', 'invalid_record', 'invalid_parameter', 'conflict'] as const),
      ...(['overloaded', 'store_unreachable'] as const),
    ],
    http: {
      tag,
      method: 'post',
      path: '/v1/clusters/{name}',
      operationId: 'addCluster',
      summary: 'Describe a cluster by its load',
      description: [
        'Its load as a CSV, or as JSON with what its hosts can take, or with a Prometheus whose past week is read now',
        'and which is then read every minute. All of it is taken or nothing; every line that is wrong is named. Where no',
        'worker answers within two minutes (503), one may still be at it: look whether the cluster is there.',
      ].join('\n'),
      body: {
        description: 'its load, or a description with its load; the query holds for a body that is CSV',
        id: 'NewCluster',
        bytesMax: JSON_BYTES_MAX,
        text: { ...csv, query: ['shift', 'stepSeconds', 'webhook'] },
        example: {
          load: EXAMPLE,
          hosts: [{ name: 'broker-1', eventsPerSecond: 5000 }],
          webhook: null,
        },
      },
      answers: { 201: 'It is observed from now on' },
    },
  }),
  importLoad: command({
    ...common,
    name: 'clusters.importLoad',
    before: 'noted',
    permission: 'clusters:manage',
    answerWithinMs: LOADED_WITHIN_MS,
    input: newLoadSchema.extend(name),
    output: loadReportSchema,
    errors: ['invalid_csv', 'invalid_record', 'not_found', 'conflict', 'overloaded', 'store_unreachable'],
    http: {
      tag,
      method: 'post',
      path: '/v1/clusters/{name}/load',
      operationId: 'importClusterLoad',
      summary: 'Take in newer load',
      description: [
        'What is known already is left out, so the same lines may come again with more at their end, and a request that',
        'nobody answered may be repeated. All of it is taken or nothing; every line that is wrong is named.',
      ].join('\n'),
      body: {
        description: 'its load',
        text: { ...csv, query: ['shift', 'stepSeconds', 'replace'], only: true },
      },
      answers: { 200: 'What was new' },
    },
  }),
  change: command({
    ...common,
    name: 'clusters.change',
    before: 'noted',
    permission: 'clusters:manage',
    input: clusterChangeSchema.safeExtend(name),
    output: clusterSchema,
    errors: ['invalid_record', 'not_found', 'conflict', 'overloaded', 'store_unreachable'],
    http: {
      tag,
      method: 'patch',
      path: '/v1/clusters/{name}',
      operationId: 'changeCluster',
      summary: 'Say who is told of it, or what its hosts can take',
      description: 'What is not named stays; a host that is named is described anew as a whole.',
      body: {
        description: 'what changes',
        id: 'ClusterChange',
        bytesMax: JSON_BYTES_MAX,
        example: { webhook: 'runner', hosts: [{ name: 'broker-1', eventsPerSecond: 5000 }] },
      },
      answers: { 200: 'As it is now' },
    },
  }),
  remove: command({
    ...common,
    name: 'clusters.remove',
    before: 'noted',
    permission: 'clusters:manage',
    input: z.strictObject(name),
    output: z.strictObject({ removed: z.string() }),
    errors: ['not_found', 'store_unreachable'],
    http: {
      tag,
      method: 'delete',
      path: '/v1/clusters/{name}',
      operationId: 'removeCluster',
      summary: 'Forget a cluster and its load',
      description: 'What was recommended for it and not decided is rejected.',
      answers: { 200: 'Forgotten' },
    },
  }),
  plan: query({
    ...common,
    name: 'clusters.plan',
    answerWithinMs: PLANNED_WITHIN_MS,
    input: z.strictObject({
      ...name,
      withState: z
        .boolean()
        .default(false)
        .describe('also what it is planned on, as `foreshard plan` takes it'),
    }),
    output: planSchema,
    errors: ['not_found', 'in_the_way', 'store_unreachable'],
    http: {
      tag,
      params: { state: 'withState' },
      method: 'get',
      path: '/v1/clusters/{name}/plan',
      operationId: 'planCluster',
      summary: 'What would be recommended for it now',
      description:
        'A worker plans it, and nothing is changed. What is recommended, and can be approved, is at `/v1/recommendations?cluster=NAME`.',
      answers: { 200: 'The plan' },
    },
  }),
} as const;
