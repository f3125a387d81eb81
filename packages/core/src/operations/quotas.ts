/** Quotas of single tokens and streams: how much they may send in a second, over all edges. */
import { z } from 'zod';
import { command, query } from './operation.ts';

/** What the column of the database holds. */
export const PER_SECOND_MAX = 2_147_483_647;

const perSecond = z.int().min(1).max(PER_SECOND_MAX);
const WORDS = { events: 'most events a second', bytes: 'most bytes of requests a second' } as const;

export const quotaValuesSchema = z.strictObject({
  eventsPerSecond: perSecond.nullable().describe(`${WORDS.events}; null: no limit`),
  bytesPerSecond: z.int().min(1).nullable().describe(`${WORDS.bytes}; null: no limit`),
});

export const QUOTA_SCOPES = ['token', 'stream'] as const;
const scope = z.enum(QUOTA_SCOPES);

const quotaSchema = z
  .strictObject({
    scope,
    subject: z.string().describe('name of the stream, id of the token'),
    name: z.string().nullable().describe('of the stream or the token; null: it no longer exists'),
    ...quotaValuesSchema.shape,
  })
  .meta({ id: 'Quota' });

const subject = {
  scope: scope.describe('what the quota is for'),
  subject: z.string().min(1).max(200).describe('name of the stream; id or name of the token'),
};
const common = { resource: 'quota', permission: 'streams:manage' } as const;
const http = { tag: 'administration', path: '/v1/quotas/{scope}/{subject}' } as const;

export const quotas = {
  list: query({
    ...common,
    name: 'quotas.list',
    permission: 'cluster:read',
    input: z.strictObject({}),
    output: z.strictObject({ quotas: z.array(quotaSchema) }),
    errors: ['store_unreachable'],
    http: {
      tag: 'administration',
      method: 'get',
      path: '/v1/quotas',
      operationId: 'listQuotas',
      summary: 'The tokens and streams that have a quota of their own',
      description: 'The settings of the edges apply to all others.',
      answers: { 200: 'The quotas' },
    },
  }),
  set: command({
    ...common,
    name: 'quotas.set',
    before: 'noted',
    input: z.strictObject({
      ...subject,
      eventsPerSecond: perSecond.optional().describe(`${WORDS.events}; left out: no limit`),
      bytesPerSecond: perSecond.optional().describe(`${WORDS.bytes}; left out: no limit`),
    }),
    output: quotaSchema,
    errors: ['invalid_order', 'unknown_stream', 'unknown_token', 'store_unreachable', 'overloaded'],
    http: {
      ...http,
      method: 'post',
      operationId: 'setQuota',
      summary: 'Set the quota of a token or a stream',
      description: [
        'Replaces the quota it has. It applies to all edges together, and on every edge within 3 seconds. At least one of',
        'the two limits is needed.',
      ].join('\n'),
      body: { description: 'the limits', example: { eventsPerSecond: 5000 } },
      answers: { 200: 'The quota' },
    },
  }),
  remove: command({
    ...common,
    name: 'quotas.remove',
    before: 'noted',
    input: z.strictObject(subject),
    output: z
      .strictObject({ scope, subject: z.string(), result: z.literal('removed') })
      .meta({ id: 'RemovedQuota' }),
    errors: ['unknown_quota', 'invalid_order', 'store_unreachable'],
    http: {
      ...http,
      method: 'delete',
      operationId: 'removeQuota',
      summary: 'Remove the quota of a token or a stream',
      description:
        'The settings of the edges apply to it again. Also removes the quota of a stream or a token that no longer exists.',
      answers: { 200: 'Removed' },
    },
  }),
} as const;
