/** Hosts: the storage servers that may hold shardlets. */
import { z } from 'zod';
import { hostCapacitySchema, hostDescriptionSchema } from '../topology/index.ts';
import { DECISION_ERRORS, id } from './fields.ts';
import { CREATES, command, query } from './operation.ts';

export const hostSchema = z
  .strictObject({
    id,
    name: z.string(),
    engine: z.string(),
    address: z.string().nullable().describe('without user and password'),
    durability: z.string(),
    state: z.enum(['active', 'draining', 'readmitting']),
    regressed: z
      .string()
      .nullable()
      .describe('what shows that it went back to an older state, until its loss is accepted; null: nothing'),
    shardlets: z.int().describe('that it owns, open and closed'),
    zone: z.string(),
    labels: z.record(z.string(), z.string()),
    capacity: hostCapacitySchema.describe('what is left out, the policy says for all hosts'),
  })
  .meta({ id: 'Host' });

const seq = z.int().min(0);
const lossSchema = z
  .strictObject({
    host: id,
    name: z.string(),
    incarnation: z.string().describe('the run that was looked at: accept its loss with this'),
    detail: z.string().describe('what shows that it went back'),
    suspendedAt: z.iso.datetime().nullable().describe('null: the change log does not reach back so far'),
    isAccepted: z.boolean(),
    shardlets: z
      .array(
        z.strictObject({
          shardlet: id,
          stream: z.string(),
          takesAppends: z.boolean(),
          lastSeqBefore: seq.nullable().describe('known from before it went back; null: not known'),
          lastSeqNow: seq.nullable().describe('null: the host has nothing of it'),
          certainSeq: seq.describe('no event up to it was lost or replaced'),
          atRisk: seq.describe('events above it that are lost, or were replaced, at most'),
        }),
      )
      .describe('those with something at risk, or absent'),
    whole: z.int().describe('shardlets on it that lose nothing'),
    absent: z.int(),
    atRisk: z.int().describe('events, over all shardlets'),
    consequences: z.array(z.string()).describe('of accepting'),
  })
  .meta({ id: 'HostLoss' });

const drainSchema = z
  .strictObject({
    host: id,
    state: z.enum(['draining', 'active']),
    dryRun: z.boolean(),
    left: z.int().describe('shardlets on it'),
    moves: z
      .array(z.strictObject({ shardlet: id, to: id }))
      .describe('what leaves it next, and where to as things are now'),
    waiting: z
      .array(z.strictObject({ why: z.string(), shardlets: z.array(id) }))
      .describe('what cannot leave it yet: no host has room or is reachable, or a shardlet is being changed'),
  })
  .meta({ id: 'Drain' });

const host = { host: id.describe('number of the host') };
const common = { resource: 'host', permission: 'hosts:manage' } as const;
const http = { tag: 'administration', params: { id: 'host' } } as const;
const ORDERED = {
  200: 'With `dryRun`: what would be decided',
  202: 'Decided; a worker carries it out',
} as const;

export const hosts = {
  list: query({
    ...common,
    name: 'hosts.list',
    permission: 'cluster:read',
    input: z.strictObject({}),
    output: z.strictObject({ hosts: z.array(hostSchema) }),
    errors: ['store_unreachable'],
    http: {
      tag: 'administration',
      method: 'get',
      path: '/v1/hosts',
      operationId: 'listHosts',
      summary: 'All hosts',
      description: 'The storage servers in use, with their state and how many shardlets they own.',
      answers: { 200: 'The hosts' },
    },
  }),
  add: command({
    ...common,
    name: 'hosts.add',
    before: CREATES,
    dryRun: true,
    input: z.strictObject({
      url: z
        .string()
        .trim()
        .min(1)
        .max(2_000)
        .describe('redis://HOST:PORT or postgresql://USER:PASSWORD@HOST:PORT/DATABASE'),
      name: z.string().trim().min(1).max(200).optional().describe('how it is called; else its address'),
      ...hostDescriptionSchema.shape,
    }),
    output: z
      .strictObject({
        result: z.enum(['joined', 'known', 'would join']),
        host: hostSchema.nullable().describe('null: nothing was changed'),
      })
      .meta({ id: 'AddedHost' }),
    errors: ['invalid_order', 'unsuitable_host', 'overloaded', ...DECISION_ERRORS],
    http: {
      tag: 'administration',
      method: 'post',
      path: '/v1/hosts',
      operationId: 'addHost',
      summary: 'Take a storage server into use',
      description: [
        'A standalone Redis or Valkey primary, or a PostgreSQL database. Its settings must keep what it',
        'acknowledges; one that may lose events, or that belongs to another cluster, is refused with what to mend.',
        'Adding a host again changes nothing.',
      ].join('\n'),
      body: { description: 'its address', example: { url: 'redis://127.0.0.1:6380', name: 'host-5' } },
      answers: { 200: 'It was known before, or `dryRun`', 201: 'It joined' },
      statusOf: ({ result }) => (result === 'joined' ? 201 : 200),
    },
  }),
  describe: command({
    ...common,
    name: 'hosts.describe',
    before: 'noted',
    dryRun: true,
    input: z.strictObject({ ...host, ...hostDescriptionSchema.shape }),
    output: z
      .strictObject({ result: z.enum(['described', 'would be described']), host: hostSchema })
      .meta({ id: 'DescribedHost' }),
    errors: ['invalid_order', 'unknown_host', 'overloaded', ...DECISION_ERRORS],
    http: {
      ...http,
      method: 'patch',
      path: '/v1/hosts/{id}',
      operationId: 'describeHost',
      summary: 'Edit the zone, labels and capacity of a host',
      description: [
        'Its zone, its labels and what it can take: the planner spreads over zones, places by labels and plans for the',
        'capacity. What is not named stays; `labels` and `capacity` are replaced as wholes.',
      ].join('\n'),
      body: {
        description: 'what changes',
        example: { zone: 'north', labels: { disk: 'ssd' }, capacity: { eventsPerSecond: 5000 } },
      },
      answers: { 200: 'As it is now, or with `dryRun` would be' },
    },
  }),
  remove: command({
    ...common,
    name: 'hosts.remove',
    before: 'noted',
    dryRun: true,
    input: z.strictObject(host),
    output: z
      .strictObject({ host: id, result: z.enum(['removed', 'would be removed']) })
      .meta({ id: 'RemovedHost' }),
    errors: ['unknown_host', ...DECISION_ERRORS],
    http: {
      ...http,
      method: 'delete',
      path: '/v1/hosts/{id}',
      operationId: 'removeHost',
      summary: 'Take a storage server out of use',
      description:
        'It must have no part in any shardlet: drain it first. What is stored on it is not touched.',
      answers: { 200: 'Removed, or with `dryRun` removable' },
    },
  }),
  drain: command({
    ...common,
    name: 'hosts.drain',
    before: 'noted',
    permission: 'cluster:operate',
    dryRun: true,
    input: z.strictObject(host),
    output: drainSchema,
    errors: ['unknown_host', ...DECISION_ERRORS],
    http: {
      ...http,
      method: 'post',
      path: '/v1/hosts/{id}/drain',
      operationId: 'drainHost',
      summary: 'Empty a host',
      description: [
        'Everything on it, open and closed, moves to the others while events go on, and nothing new is placed there.',
        'Draining a host that is being drained changes nothing.',
      ].join('\n'),
      answers: ORDERED,
    },
  }),
  undrain: command({
    ...common,
    name: 'hosts.undrain',
    before: 'noted',
    permission: 'cluster:operate',
    dryRun: true,
    input: z.strictObject(host),
    output: drainSchema,
    errors: ['unknown_host', ...DECISION_ERRORS],
    http: {
      ...http,
      method: 'post',
      path: '/v1/hosts/{id}/undrain',
      operationId: 'undrainHost',
      summary: 'Cancel a drain',
      description: 'The host takes shardlets again. What has moved stays where it is.',
      answers: ORDERED,
    },
  }),
  loss: query({
    ...common,
    name: 'hosts.loss',
    permission: 'cluster:read',
    input: z.strictObject(host),
    output: lossSchema,
    errors: ['unknown_host', 'conflict', 'invalid_order', 'host_unreachable', 'store_unreachable'],
    http: {
      ...http,
      method: 'get',
      path: '/v1/hosts/{id}/loss',
      operationId: 'reviewLoss',
      summary: 'What a host lost that went back to an older state',
      description: [
        'Per shardlet the last number known before, the last one on the host now, and the last certain one. Its shardlets',
        'wait until its loss is accepted. Start it on the newest copy of its data before. Events of its last second',
        'before it went back may come on top: only their producers know them.',
      ].join('\n'),
      answers: { 200: 'The loss' },
    },
  }),
  acceptLoss: command({
    ...common,
    name: 'hosts.acceptLoss',
    before: 'noted',
    dryRun: true,
    input: z.strictObject({
      ...host,
      incarnation: z
        .string()
        .min(1)
        .max(200)
        .describe('the run whose loss was reviewed; another one has to be reviewed anew'),
    }),
    output: z
      .strictObject({ host: id, result: z.enum(['accepted', 'would be accepted']) })
      .meta({ id: 'AcceptedLoss' }),
    errors: ['unknown_host', 'invalid_order', 'overloaded', ...DECISION_ERRORS],
    http: {
      ...http,
      method: 'post',
      path: '/v1/hosts/{id}/accept-loss',
      operationId: 'acceptLoss',
      summary: 'Use a host again without what it lost',
      description: [
        'A worker readmits it: shardlets go on behind their last certain number, so numbers are given twice, and groups and',
        'readers that were past it are set back. It cannot be undone. Refused with `conflict` when the host has restarted',
        'since the review.',
      ].join('\n'),
      body: {
        description: 'what was reviewed',
        example: { incarnation: '2a6caee35acdd419c670b14b21a36a9efadbcf49' },
      },
      answers: ORDERED,
    },
  }),
} as const;
