/** The routes of clusters that are not ours. They see and decide what an operator does, so all of them need `admin`. */
import { SHIFTS } from '@foreshard/core/external';
import { z } from 'zod';
import { flag, json, type Operation } from '../api/index.ts';
import {
  changeSchema,
  clusterPlanSchema,
  clusterSchema,
  clustersSchema,
  csvSchema,
  loadReportSchema,
  newClusterSchema,
  removedClusterSchema,
} from './schemas.ts';

const EXAMPLE = 'time,partition,host,events_per_second\n2026-11-21T04:00:00Z,orders-0,broker-1,812.5\n';
const csv = { 'text/csv': { schema: csvSchema, example: EXAMPLE } };
const common = { tag: 'clusters', scope: 'admin' } as const;
const name = z.object({ name: z.string().min(1).max(63).describe('of the cluster') });
const answer = (description: string, schema: z.ZodType) => ({ description, content: json(schema) });

/** How load is taken in, of a body that is nothing but load. */
const taking = {
  shift: z
    .enum(SHIFTS)
    .optional()
    .describe(
      'auto (when left out): a record that ended long ago is moved so that it ends now; none; end-now',
    ),
  stepSeconds: z.coerce
    .number()
    .positive()
    .max(86_400)
    .optional()
    .describe('how long one line holds; left out: found out from the lines'),
};

export const listClusters = {
  ...common,
  method: 'get',
  path: '/v1/clusters',
  operationId: 'listClusters',
  summary: 'Clusters that are not ours',
  description: 'By name, with how far their load is known.',
  answers: { 200: answer('The clusters', clustersSchema) },
  errors: ['store_unreachable'],
} as const satisfies Operation;

export const readCluster = {
  ...common,
  method: 'get',
  path: '/v1/clusters/{name}',
  operationId: 'readCluster',
  summary: 'One cluster',
  description: 'With its hosts, and its partitions and where they lie.',
  params: name,
  answers: { 200: answer('The cluster', clusterSchema) },
  errors: ['not_found', 'store_unreachable'],
} as const satisfies Operation;

export const addCluster = {
  ...common,
  method: 'post',
  path: '/v1/clusters/{name}',
  operationId: 'addCluster',
  summary: 'Describe a cluster by its load',
  description: [
    'Its load as a CSV, or as JSON with what its hosts can take, or with a Prometheus whose past week is read now',
    'and which is then read every minute. All of it is taken or nothing; every line that is wrong is named. Where no',
    'worker answers within two minutes (503), one may still be at it: look whether the cluster is there.',
  ].join('\n'),
  params: name,
  query: z.object({
    ...taking,
    webhook: z.string().min(1).max(63).optional().describe('target that is told what was approved'),
  }),
  body: {
    description: 'its load, or a description with its load; the query holds for a body that is CSV',
    content: {
      ...csv,
      ...json(newClusterSchema, {
        load: EXAMPLE,
        hosts: [{ name: 'broker-1', eventsPerSecond: 5000 }],
        webhook: null,
      }),
    },
  },
  answers: { 201: answer('It is observed from now on', loadReportSchema) },
  errors: ['invalid_csv', 'invalid_record', 'conflict', 'overloaded', 'store_unreachable'],
} as const satisfies Operation;

export const importLoad = {
  ...common,
  method: 'post',
  path: '/v1/clusters/{name}/load',
  operationId: 'importClusterLoad',
  summary: 'Take in newer load',
  description: [
    'What is known already is left out, so the same lines may come again with more at their end, and a request that',
    'nobody answered may be repeated. All of it is taken or nothing; every line that is wrong is named.',
  ].join('\n'),
  params: name,
  query: z.object({
    ...taking,
    replace: flag.describe('remove what was recorded before, and begin anew'),
  }),
  body: { description: 'its load', content: csv },
  answers: { 200: answer('What was new', loadReportSchema) },
  errors: ['invalid_csv', 'invalid_record', 'not_found', 'conflict', 'overloaded', 'store_unreachable'],
} as const satisfies Operation;

export const changeCluster = {
  ...common,
  method: 'patch',
  path: '/v1/clusters/{name}',
  operationId: 'changeCluster',
  summary: 'Say who is told of it, or what its hosts can take',
  description: 'What is not named stays; a host that is named is described anew as a whole.',
  params: name,
  body: {
    description: 'what changes',
    content: json(changeSchema, { webhook: 'runner', hosts: [{ name: 'broker-1', eventsPerSecond: 5000 }] }),
  },
  answers: { 200: answer('As it is now', clusterSchema) },
  errors: ['invalid_record', 'not_found', 'conflict', 'overloaded', 'store_unreachable'],
} as const satisfies Operation;

export const removeCluster = {
  ...common,
  method: 'delete',
  path: '/v1/clusters/{name}',
  operationId: 'removeCluster',
  summary: 'Forget a cluster and its load',
  description: 'What was recommended for it and not decided is rejected.',
  params: name,
  answers: { 200: answer('Forgotten', removedClusterSchema) },
  errors: ['not_found', 'store_unreachable'],
} as const satisfies Operation;

export const planCluster = {
  ...common,
  method: 'get',
  path: '/v1/clusters/{name}/plan',
  operationId: 'planCluster',
  summary: 'What would be recommended for it now',
  description:
    'A worker plans it, and nothing is changed. What is recommended, and can be approved, is at `/v1/recommendations?cluster=NAME`.',
  params: name,
  query: z.object({ state: flag.describe('also what it is planned on, as `foreshard plan` takes it') }),
  answers: { 200: answer('The plan', clusterPlanSchema) },
  errors: ['not_found', 'in_the_way', 'store_unreachable'],
} as const satisfies Operation;
