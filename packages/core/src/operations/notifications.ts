/**
 * Notifications: who is notified of what, what was sent, and what is wrong now. Who sends messages out of the network
 * decides about all of it.
 */
import { z } from 'zod';
import { DELIVERY_STATES, noticeKinds, TARGET_FORMATS, targetRequestSchema } from '../notifying/index.ts';
import { time } from './fields.ts';
import { CREATES, command, query } from './operation.ts';

const LISTED_MAX = 1_000;
const LISTED_DEFAULT = 100;

const targetSchema = z
  .strictObject({
    name: z.string(),
    url: z
      .string()
      .describe('of a hook of Slack, Discord and the like, and of an address with a query, only the host'),
    format: z.enum(TARGET_FORMATS),
    kinds: z.array(z.enum(noticeKinds)),
    pauseSeconds: z.int(),
    enabled: z.boolean(),
    createdAt: z.iso.datetime(),
    createdBy: z.string(),
  })
  .meta({ id: 'NotificationTarget' });

const addedTargetSchema = z
  .strictObject({
    target: targetSchema,
    secret: z.string().describe('messages are signed with it (Standard Webhooks); told this once'),
  })
  .meta({ id: 'AddedNotificationTarget' });

const deliverySchema = z
  .strictObject({
    id: z.string().describe('the `webhook-id` of every attempt'),
    target: z.string(),
    title: z.string(),
    state: z.enum(DELIVERY_STATES),
    createdAt: z.iso.datetime(),
    nextAt: time.describe('of the next attempt; null: it has ended'),
    attempts: z.array(
      z.strictObject({
        at: z.iso.datetime(),
        durationMs: z.number(),
        status: z.int().nullable().describe('null: there was no answer'),
        response: z.string(),
      }),
    ),
  })
  .meta({ id: 'NotificationDelivery' });

const alarmSchema = z
  .strictObject({
    kind: z.enum(noticeKinds),
    level: z.enum(['warn', 'bad']),
    title: z.string(),
    text: z.string(),
    since: z.iso.datetime(),
  })
  .meta({ id: 'Alarm' });

const name = { name: z.string().min(1).max(63).describe('of the target') };
const delivery = z.strictObject({ id: z.string().min(1).max(100).describe('of the delivery') });
const common = { resource: 'notification', permission: 'webhooks:manage' } as const;
const tag = 'notifications';

export const notifications = {
  listTargets: query({
    ...common,
    name: 'notifications.listTargets',
    permission: 'cluster:read',
    input: z.strictObject({}),
    output: z.strictObject({ targets: z.array(targetSchema) }),
    errors: ['store_unreachable'],
    http: {
      tag,
      method: 'get',
      path: '/v1/notification-targets',
      operationId: 'listNotificationTargets',
      summary: 'Who is told of what',
      description: 'Secrets are not among it, nor addresses that are as good as one.',
      answers: { 200: 'The targets' },
    },
  }),
  addTarget: command({
    ...common,
    name: 'notifications.addTarget',
    before: CREATES,
    input: targetRequestSchema.strict().meta({ id: 'NewNotificationTarget' }),
    output: addedTargetSchema,
    errors: ['invalid_record', 'conflict', 'overloaded', 'store_unreachable'],
    // whoever knows the address of a Slack hook may write there
    secrets: ['secret', 'url'],
    http: {
      tag,
      method: 'post',
      path: '/v1/notification-targets',
      operationId: 'addNotificationTarget',
      summary: 'Tell somebody more',
      description:
        'Messages are signed after Standard Webhooks, or formed for Slack. An address inside a private network is refused unless the edge is told that it may be sent to.',
      body: { description: 'where to, and what of' },
      answers: { 201: 'With the secret, which is told this once' },
    },
  }),
  changeTarget: command({
    ...common,
    name: 'notifications.changeTarget',
    before: 'noted',
    input: z.strictObject({
      ...name,
      enabled: z.boolean().optional().describe('false: nothing is sent until it is on again'),
      kinds: targetRequestSchema.shape.kinds.unwrap().optional(),
      pauseSeconds: targetRequestSchema.shape.pauseSeconds.unwrap().optional(),
    }),
    output: targetSchema,
    errors: ['invalid_record', 'not_found', 'overloaded', 'store_unreachable'],
    http: {
      tag,
      method: 'patch',
      path: '/v1/notification-targets/{name}',
      operationId: 'changeNotificationTarget',
      summary: 'Turn a target off and on, or tell it of other things',
      description: 'What is not named stays.',
      body: { description: 'what changes', id: 'NotificationTargetChange', example: { enabled: false } },
      answers: { 200: 'As it is now' },
    },
  }),
  removeTarget: command({
    ...common,
    name: 'notifications.removeTarget',
    before: 'noted',
    input: z.strictObject(name),
    output: z.strictObject({ removed: z.string() }),
    errors: ['not_found', 'store_unreachable'],
    http: {
      tag,
      method: 'delete',
      path: '/v1/notification-targets/{name}',
      operationId: 'removeNotificationTarget',
      summary: 'Tell somebody no more',
      description: 'With its deliveries.',
      answers: { 200: 'Removed' },
    },
  }),
  testTarget: command({
    ...common,
    name: 'notifications.testTarget',
    before: { none: 'It sends a message.' },
    input: z.strictObject(name),
    output: deliverySchema,
    errors: ['not_found', 'store_unreachable'],
    http: {
      tag,
      method: 'post',
      path: '/v1/notification-targets/{name}/test',
      operationId: 'testNotificationTarget',
      summary: 'Send a test message',
      description: 'The delivery tells how it went.',
      answers: { 202: 'It is on its way' },
    },
  }),
  listDeliveries: query({
    ...common,
    name: 'notifications.listDeliveries',
    permission: 'cluster:read',
    ofEveryCluster: true,
    input: z.strictObject({
      target: z.string().min(1).max(63).optional().describe('only to this target'),
      limit: z.int().min(1).max(LISTED_MAX).default(LISTED_DEFAULT).describe('at most so many'),
    }),
    output: z.strictObject({ deliveries: z.array(deliverySchema) }),
    errors: ['store_unreachable'],
    http: {
      tag,
      method: 'get',
      path: '/v1/notification-deliveries',
      operationId: 'listNotificationDeliveries',
      summary: 'What was sent, and what became of it',
      description: 'Newest first.',
      answers: { 200: 'The deliveries' },
    },
  }),
  showDelivery: query({
    ...common,
    name: 'notifications.showDelivery',
    permission: 'cluster:read',
    ofEveryCluster: true,
    input: delivery,
    output: deliverySchema,
    errors: ['not_found', 'store_unreachable'],
    http: {
      tag,
      method: 'get',
      path: '/v1/notification-deliveries/{id}',
      operationId: 'readNotificationDelivery',
      summary: 'One delivery',
      description: 'With every attempt that is kept.',
      answers: { 200: 'The delivery' },
    },
  }),
  redeliver: command({
    ...common,
    name: 'notifications.redeliver',
    before: 'noted',
    input: delivery,
    output: deliverySchema,
    errors: ['not_found', 'store_unreachable'],
    http: {
      tag,
      method: 'post',
      path: '/v1/notification-deliveries/{id}/redeliver',
      operationId: 'redeliverNotification',
      summary: 'Send it again',
      description: 'Under the same id, at once.',
      answers: { 202: 'It is on its way' },
    },
  }),
  listAlarms: query({
    ...common,
    name: 'notifications.listAlarms',
    permission: 'cluster:read',
    input: z.strictObject({}),
    output: z.strictObject({ alarms: z.array(alarmSchema) }),
    errors: ['store_unreachable'],
    http: {
      tag,
      method: 'get',
      path: '/v1/alarms',
      operationId: 'listAlarms',
      summary: 'What is wrong now',
      description: 'Incidents that have not ended.',
      answers: { 200: 'The alarms' },
    },
  }),
} as const;
