/** Streams: the named logs. */
import { z } from 'zod';
import {
  SHARDS_DEFAULT,
  SHARDS_MAX,
  streamNameSchema,
  streamSchema,
  streamSettingsSchema,
} from '../topology/index.ts';
import { DECISION_ERRORS, id } from './fields.ts';
import { CREATES, command, query } from './operation.ts';
import { quotaValuesSchema } from './quotas.ts';

/** Clients that name no stream mean this one. It cannot be deleted. */
export const DEFAULT_STREAM = 'main';

const { retentionMs, retentionBytes, dedupWindowMs } = streamSettingsSchema.shape;
const { splitKeys } = streamSchema.shape;
const WORDS = {
  retentionMs: 'older events are trimmed; null: they are kept',
  retentionBytes: 'over the whole stream; the oldest events above it are trimmed; null: no limit',
  dedupWindowMs: 'how long a repeated event is recognised',
  splitKeys: 'a single hot key may be split; its events are then in order only within each part',
} as const;

const streamDocumentSchema = z
  .strictObject({
    id,
    name: z.string(),
    shardCount: z.int(),
    shardlets: z.int().describe('open and closed'),
    splitKeys: splitKeys.describe(WORDS.splitKeys),
    retentionMs: retentionMs.unwrap().describe(WORDS.retentionMs),
    retentionBytes: retentionBytes.unwrap().describe(WORDS.retentionBytes),
    dedupWindowMs: dedupWindowMs.unwrap().describe(WORDS.dedupWindowMs),
    internal: z.boolean().describe('it holds the dead letters of a consumer group, and is deleted with that'),
    quota: quotaValuesSchema.nullable().describe('of its own; null: the settings of the edges apply'),
  })
  .meta({ id: 'Stream' });

const stream = { stream: z.string().min(1).max(200).describe('name of the stream') };
const common = { resource: 'stream', permission: 'streams:manage' } as const;
const http = { tag: 'administration', path: '/v1/streams/{stream}' } as const;

export const streams = {
  list: query({
    ...common,
    name: 'streams.list',
    permission: 'topology:read',
    input: z.strictObject({}),
    output: z.strictObject({ streams: z.array(streamDocumentSchema) }),
    errors: ['store_unreachable'],
    http: {
      tag: 'administration',
      method: 'get',
      path: '/v1/streams',
      operationId: 'listStreams',
      summary: 'All streams',
      description: 'Their settings, their quotas, and how many shardlets they have.',
      answers: { 200: 'The streams' },
    },
  }),
  create: command({
    ...common,
    name: 'streams.create',
    before: CREATES,
    dryRun: true,
    input: z.strictObject({
      name: streamNameSchema,
      shardCount: z
        .int()
        .min(1)
        .max(SHARDS_MAX)
        .default(SHARDS_DEFAULT)
        .describe('fixed slices of the key space; cannot be changed later'),
      splitKeys: splitKeys.default(false).describe(`${WORDS.splitKeys}; cannot be changed later`),
      retentionMs: retentionMs.describe(WORDS.retentionMs),
      retentionBytes: retentionBytes.describe(WORDS.retentionBytes),
      dedupWindowMs: dedupWindowMs.describe(WORDS.dedupWindowMs),
    }),
    output: z
      .strictObject({
        result: z.enum(['created', 'would be created']),
        stream: streamDocumentSchema.nullable().describe('null: nothing was changed'),
      })
      .meta({ id: 'CreatedStream' }),
    errors: ['invalid_order', 'overloaded', ...DECISION_ERRORS],
    http: {
      tag: 'administration',
      method: 'post',
      path: '/v1/streams',
      operationId: 'createStream',
      summary: 'Create a stream',
      description: 'Its shardlets are spread over all active hosts and open within seconds.',
      body: { description: 'its name and settings', example: { name: 'orders', retentionMs: 604_800_000 } },
      answers: { 200: 'With `dryRun`: it can be created', 201: 'It is created' },
      statusOf: ({ result }) => (result === 'created' ? 201 : 200),
    },
  }),
  alter: command({
    ...common,
    name: 'streams.alter',
    before: 'noted',
    dryRun: true,
    input: z.strictObject({
      ...stream,
      retentionMs: retentionMs.unwrap().optional().describe(WORDS.retentionMs),
      retentionBytes: retentionBytes.unwrap().optional().describe(WORDS.retentionBytes),
      dedupWindowMs: dedupWindowMs.unwrap().optional().describe(WORDS.dedupWindowMs),
    }),
    output: z
      .strictObject({ result: z.enum(['altered', 'would be altered']), stream: streamDocumentSchema })
      .meta({ id: 'AlteredStream' }),
    errors: ['invalid_order', 'unknown_stream', 'overloaded', ...DECISION_ERRORS],
    http: {
      ...http,
      method: 'patch',
      operationId: 'alterStream',
      summary: 'Change the settings of a stream',
      description: [
        'What is not named stays. A shorter retention trims older events within half a minute, which cannot be undone.',
      ].join('\n'),
      body: { description: 'the settings that change', example: { retentionMs: 86_400_000 } },
      answers: { 200: 'The stream as it is now, or with `dryRun` would be' },
    },
  }),
  delete: command({
    ...common,
    name: 'streams.delete',
    before: 'noted',
    dryRun: true,
    input: z.strictObject(stream),
    output: z
      .strictObject({
        stream: z.string(),
        result: z.enum(['deleted', 'would be deleted']),
        shardlets: z.int().describe('that a worker drops from their hosts'),
      })
      .meta({ id: 'DeletedStream' }),
    errors: ['unknown_stream', 'invalid_order', ...DECISION_ERRORS],
    http: {
      ...http,
      method: 'delete',
      operationId: 'deleteStream',
      summary: 'Delete a stream with all its events',
      description: [
        'It cannot be undone. Clients that name the stream get `unknown_stream` from then on. No shardlet of it may be',
        `opening or moving. The stream ${DEFAULT_STREAM} cannot be deleted: clients that name no stream mean it.`,
      ].join('\n'),
      answers: {
        200: 'With `dryRun`: what would be deleted',
        202: 'It is deleted; a worker drops its shardlets',
      },
    },
  }),
} as const;
