/** The routes of notifications. Who sends messages out of the network decides about all of it, so they need `admin`. */
import { z } from 'zod';
import { json, type Operation } from '../api/index.ts';
import {
  addedTargetSchema,
  alarmSchema,
  deliverySchema,
  newTargetSchema,
  targetChangeSchema,
  targetSchema,
} from './schemas.ts';

const LISTED_MAX = 1_000;
const LISTED_PRESET = 100;

const common = { tag: 'notifications', scope: 'admin' } as const;
const name = z.object({ name: z.string().min(1).max(63).describe('of the target') });
const id = z.object({ id: z.string().min(1).max(100).describe('of the delivery') });

export const listTargets = {
  ...common,
  method: 'get',
  path: '/v1/notification-targets',
  operationId: 'listNotificationTargets',
  summary: 'Who is told of what',
  description: 'Secrets are not among it, nor addresses that are as good as one.',
  answers: {
    200: { description: 'The targets', content: json(z.strictObject({ targets: z.array(targetSchema) })) },
  },
  errors: ['store_unreachable'],
} as const satisfies Operation;

export const addTarget = {
  ...common,
  method: 'post',
  path: '/v1/notification-targets',
  operationId: 'addNotificationTarget',
  summary: 'Tell somebody more',
  description:
    'Messages are signed after Standard Webhooks, or formed for Slack. An address inside a private network is refused unless the edge is told that it may be sent to.',
  body: {
    description: 'where to, and what of',
    content: json(newTargetSchema),
  },
  answers: {
    201: { description: 'With the secret, which is told this once', content: json(addedTargetSchema) },
  },
  errors: ['invalid_record', 'conflict', 'overloaded', 'store_unreachable'],
} as const satisfies Operation;

export const changeTarget = {
  ...common,
  method: 'patch',
  path: '/v1/notification-targets/{name}',
  operationId: 'changeNotificationTarget',
  summary: 'Turn a target off and on, or tell it of other things',
  description: 'What is not named stays.',
  params: name,
  body: { description: 'what changes', content: json(targetChangeSchema, { enabled: false }) },
  answers: { 200: { description: 'As it is now', content: json(targetSchema) } },
  errors: ['invalid_record', 'not_found', 'overloaded', 'store_unreachable'],
} as const satisfies Operation;

export const removeTarget = {
  ...common,
  method: 'delete',
  path: '/v1/notification-targets/{name}',
  operationId: 'removeNotificationTarget',
  summary: 'Tell somebody no more',
  description: 'With its deliveries.',
  params: name,
  answers: { 200: { description: 'Removed', content: json(z.strictObject({ removed: z.string() })) } },
  errors: ['not_found', 'store_unreachable'],
} as const satisfies Operation;

export const testTarget = {
  ...common,
  method: 'post',
  path: '/v1/notification-targets/{name}/test',
  operationId: 'testNotificationTarget',
  summary: 'Send a test message',
  description: 'The delivery tells how it went.',
  params: name,
  answers: { 202: { description: 'It is on its way', content: json(deliverySchema) } },
  errors: ['not_found', 'store_unreachable'],
} as const satisfies Operation;

export const listDeliveries = {
  ...common,
  method: 'get',
  path: '/v1/notification-deliveries',
  operationId: 'listNotificationDeliveries',
  summary: 'What was sent, and what became of it',
  description: 'Newest first.',
  query: z.object({
    target: z.string().min(1).max(63).optional().describe('only to this target'),
    limit: z.coerce
      .number()
      .pipe(z.int().min(1).max(LISTED_MAX))
      .default(LISTED_PRESET)
      .describe('at most so many'),
  }),
  answers: {
    200: {
      description: 'The deliveries',
      content: json(z.strictObject({ deliveries: z.array(deliverySchema) })),
    },
  },
  errors: ['store_unreachable'],
} as const satisfies Operation;

export const readDelivery = {
  ...common,
  method: 'get',
  path: '/v1/notification-deliveries/{id}',
  operationId: 'readNotificationDelivery',
  summary: 'One delivery',
  description: 'With every attempt that is kept.',
  params: id,
  answers: { 200: { description: 'The delivery', content: json(deliverySchema) } },
  errors: ['not_found', 'store_unreachable'],
} as const satisfies Operation;

export const redeliver = {
  ...common,
  method: 'post',
  path: '/v1/notification-deliveries/{id}/redeliver',
  operationId: 'redeliverNotification',
  summary: 'Send it again',
  description: 'Under the same id, at once.',
  params: id,
  answers: { 202: { description: 'It is on its way', content: json(deliverySchema) } },
  errors: ['not_found', 'store_unreachable'],
} as const satisfies Operation;

export const listAlarms = {
  ...common,
  method: 'get',
  path: '/v1/alarms',
  operationId: 'listAlarms',
  summary: 'What is wrong now',
  description: 'Incidents that have not ended.',
  answers: {
    200: { description: 'The alarms', content: json(z.strictObject({ alarms: z.array(alarmSchema) })) },
  },
  errors: ['store_unreachable'],
} as const satisfies Operation;
