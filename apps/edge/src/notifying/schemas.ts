/** Targets of notifications and what was sent to them, as programs see them. Times are RFC 3339. */
import { DELIVERY_STATES, noticeKinds, TARGET_FORMATS, targetRequestSchema } from '@foreshard/core/notifying';
import { z } from 'zod';

const time = z.iso.datetime();

export const newTargetSchema = targetRequestSchema.strict().meta({ id: 'NewNotificationTarget' });

export const targetChangeSchema = z
  .strictObject({
    enabled: z.boolean().optional().describe('false: nothing is sent until it is on again'),
    kinds: targetRequestSchema.shape.kinds.unwrap().optional(),
    pauseSeconds: targetRequestSchema.shape.pauseSeconds.unwrap().optional(),
  })
  .meta({ id: 'NotificationTargetChange' });

export const targetSchema = z
  .strictObject({
    name: z.string(),
    url: z.string().describe('of a Slack hook, and of an address with a query, only the host'),
    format: z.enum(TARGET_FORMATS),
    kinds: z.array(z.enum(noticeKinds)),
    pauseSeconds: z.int(),
    enabled: z.boolean(),
    createdAt: time,
    createdBy: z.string(),
  })
  .meta({ id: 'NotificationTarget' });

export const addedTargetSchema = z
  .strictObject({
    target: targetSchema,
    secret: z.string().describe('messages are signed with it (Standard Webhooks); told this once'),
  })
  .meta({ id: 'AddedNotificationTarget' });

export const deliverySchema = z
  .strictObject({
    id: z.string().describe('the `webhook-id` of every attempt'),
    target: z.string(),
    title: z.string(),
    state: z.enum(DELIVERY_STATES),
    createdAt: time,
    nextAt: time.nullable().describe('of the next attempt; null: it has ended'),
    attempts: z.array(
      z.strictObject({
        at: time,
        durationMs: z.number(),
        status: z.int().nullable().describe('null: there was no answer'),
        response: z.string(),
      }),
    ),
  })
  .meta({ id: 'NotificationDelivery' });

export const alarmSchema = z
  .strictObject({
    kind: z.enum(noticeKinds),
    level: z.enum(['warn', 'bad']),
    title: z.string(),
    text: z.string(),
    since: time,
  })
  .meta({ id: 'Alarm' });
