/** The routes of hosts. */
import { json, type Operation } from '../api/index.ts';
import { common, dryRunQuery, idPath, orderAnswers } from './describing.ts';
import {
  acceptedLossSchema,
  acceptLossSchema,
  addedHostSchema,
  describedHostSchema,
  describeHostSchema,
  drainSchema,
  hostsSchema,
  lossSchema,
  newHostSchema,
  removedHostSchema,
} from './schemas.ts';

const order = { ...common, method: 'post', query: dryRunQuery } as const;
const REFUSALS = ['conflict', 'in_the_way', 'unexamined', 'store_unreachable'] as const;

export const listHosts = {
  ...common,
  method: 'get',
  path: '/v1/hosts',
  operationId: 'listHosts',
  summary: 'All hosts',
  description: 'The storage servers that T may use, with their state and how many shardlets they own.',
  answers: { 200: { description: 'The hosts', content: json(hostsSchema) } },
  errors: ['store_unreachable'],
} as const satisfies Operation;

export const addHost = {
  ...order,
  path: '/v1/hosts',
  operationId: 'addHost',
  summary: 'Take a storage server into use',
  description: [
    'A standalone Redis or Valkey primary, or a PostgreSQL database. Its settings must keep what it',
    'acknowledges; one that may lose events, or that belongs to another cluster, is refused with what to mend.',
    'Adding a host again changes nothing.',
  ].join('\n'),
  body: {
    description: 'its address',
    content: json(newHostSchema, { url: 'redis://127.0.0.1:6380', name: 'host-5' }),
  },
  answers: {
    200: { description: 'It was known before, or `dryRun`', content: json(addedHostSchema) },
    201: { description: 'It joined', content: json(addedHostSchema) },
  },
  errors: ['invalid_order', 'unsuitable_host', 'overloaded', ...REFUSALS],
} as const satisfies Operation;

export const describeHost = {
  ...order,
  method: 'patch',
  path: '/v1/hosts/{id}',
  operationId: 'describeHost',
  summary: 'Say what a host is and takes',
  description: [
    'Its zone, its labels and what it can take: the planner spreads over zones, places by labels and plans for the',
    'capacity. What is not named stays; `labels` and `capacity` are replaced as wholes.',
  ].join('\n'),
  params: idPath('host'),
  body: {
    description: 'what changes',
    content: json(describeHostSchema, {
      zone: 'north',
      labels: { disk: 'ssd' },
      capacity: { eventsPerSecond: 5000 },
    }),
  },
  answers: {
    200: { description: 'As it is now, or with `dryRun` would be', content: json(describedHostSchema) },
  },
  errors: ['invalid_order', 'unknown_host', 'overloaded', ...REFUSALS],
} as const satisfies Operation;

export const removeHost = {
  ...common,
  method: 'delete',
  path: '/v1/hosts/{id}',
  operationId: 'removeHost',
  summary: 'Take a storage server out of use',
  description: 'It must have no part in any shardlet: drain it first. What is stored on it is not touched.',
  params: idPath('host'),
  query: dryRunQuery,
  answers: { 200: { description: 'Removed, or with `dryRun` removable', content: json(removedHostSchema) } },
  errors: ['unknown_host', ...REFUSALS],
} as const satisfies Operation;

export const drainHost = {
  ...order,
  path: '/v1/hosts/{id}/drain',
  operationId: 'drainHost',
  summary: 'Empty a host',
  description: [
    'Everything on it, open and closed, moves to the others while events go on, and nothing new is placed there.',
    'Draining a host that is being drained changes nothing.',
  ].join('\n'),
  params: idPath('host'),
  answers: orderAnswers(drainSchema),
  errors: ['unknown_host', ...REFUSALS],
} as const satisfies Operation;

export const undrainHost = {
  ...order,
  path: '/v1/hosts/{id}/undrain',
  operationId: 'undrainHost',
  summary: 'Call a drain off',
  description: 'The host takes shardlets again. What has moved stays where it is.',
  params: idPath('host'),
  answers: orderAnswers(drainSchema),
  errors: ['unknown_host', ...REFUSALS],
} as const satisfies Operation;

export const reviewLoss = {
  ...common,
  method: 'get',
  path: '/v1/hosts/{id}/loss',
  operationId: 'reviewLoss',
  summary: 'What a host lost that went back to an older state',
  description: [
    'Per shardlet the last number known before, the last one on the host now, and the last certain one. Its shardlets',
    'wait until the host is started on a newer copy of its data, or its loss is accepted. Events of its last second',
    'before it went back may come on top: only their producers know them.',
  ].join('\n'),
  params: idPath('host'),
  answers: { 200: { description: 'The loss', content: json(lossSchema) } },
  errors: ['unknown_host', 'conflict', 'invalid_order', 'host_unreachable', 'store_unreachable'],
} as const satisfies Operation;

export const acceptLoss = {
  ...order,
  path: '/v1/hosts/{id}/accept-loss',
  operationId: 'acceptLoss',
  summary: 'Use a host again without what it lost',
  description: [
    'A worker readmits it: shardlets go on behind their last certain number, so numbers are given twice, and groups and',
    'readers that were past it are set back. It cannot be undone. Refused with `conflict` when the host has restarted',
    'since the review.',
  ].join('\n'),
  params: idPath('host'),
  body: {
    description: 'what was reviewed',
    content: json(acceptLossSchema, { incarnation: '2a6caee35acdd419c670b14b21a36a9efadbcf49' }),
  },
  answers: orderAnswers(acceptedLossSchema),
  errors: ['unknown_host', 'invalid_order', 'overloaded', ...REFUSALS],
} as const satisfies Operation;
