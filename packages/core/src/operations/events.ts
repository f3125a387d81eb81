/** The posting of events. */
import { z } from 'zod';
import { cloudEventSchema } from '../cloudevents/index.ts';
import { streamMember } from './fields.ts';
import { apart } from './operation.ts';
import { problemSchema } from './problem.ts';

const place = { stream: z.string(), shard: z.int(), shardlet: z.int() };
const id = z.string().nullable().describe('null where the event has none that can be read');
const eventProblemSchema = problemSchema.extend({ index: z.int().min(0) }).meta({ id: 'EventProblem' });

/** What became of one event. */
const eventResultSchema = z
  .discriminatedUnion('status', [
    z.object({ id, status: z.literal('stored'), ...place, seq: z.int(), ts: z.int() }),
    z.object({
      id,
      status: z.literal('duplicate'),
      ...place,
      seq: z.int().nullable(),
      ts: z.int().nullable(),
    }),
    z.object({ id, status: z.literal('expired'), stream: z.string(), error: eventProblemSchema }),
    z.object({ id, status: z.literal('error'), stream: z.string(), error: eventProblemSchema }),
  ])
  .meta({ id: 'EventResult' });

/** The answer when every event is durable. */
export const resultsSchema = z
  .object({ results: z.array(eventResultSchema) })
  .meta({ id: 'EventResults', description: 'one result an event, in the order sent' });

const EVENT = {
  specversion: '1.0',
  id: 'order-1-created',
  source: '/shop',
  type: 'com.example.order.created',
  subject: 'order-1',
  data: { total: 12.5 },
};
const RESULT = {
  id: 'order-1-created',
  status: 'stored',
  stream: 'main',
  shard: 12,
  shardlet: 13,
  seq: 1,
  ts: 1_795_262_400_000_000,
};

const QUOTA_FIELDS = {
  RateLimit: z
    .string()
    .describe(
      'what is left of each quota that holds (draft-ietf-httpapi-ratelimit-headers); only with a quota',
    ),
  'RateLimit-Policy': z.string().describe('the quotas that hold; only with a quota'),
  traceresponse: z.string().describe('the trace and the span of the edge; only where a traceparent was sent'),
};

/** Media types that are not JSON schemas' business. */
const TEXT = z.string();
const DATA = z.unknown().describe('the data of one event, beside the headers ce-*');
/** Of a body that other headers tell the meaning of; alone it is not taken. */
export const ANY_TYPE = '*/*';

/** without results where nothing of the request was looked at */
const eventsProblem = {
  id: 'EventsProblem',
  description: 'A problem that tells what became of each event',
  members: resultsSchema.partial(),
};

const attribute = (words: string) => z.string().optional().describe(`binary mode: ${words}`);

/** The attributes that every event has; the others come the same way, as do extensions. */
const binaryMode = {
  'ce-specversion': z.literal('1.0').optional().describe('binary mode: makes the body the data of one event'),
  'ce-id': attribute('the id of the event'),
  'ce-source': attribute('where the event comes from'),
  'ce-type': attribute('the type of the event'),
};

export const events = {
  ingest: apart({
    kind: 'command',
    name: 'events.ingest',
    resource: 'event',
    permission: 'events:write',
    input: z.strictObject({ ...streamMember, events: z.array(cloudEventSchema) }),
    output: resultsSchema,
    errors: [
      ...([
        'invalid_event',
        'event_too_large',
        'event_expired',
        'invalid_parameter',
        'unknown_stream',
      ] as const),
      ...(['request_in_flight', 'idempotency_key_reused'] as const),
      ...(['quota_exceeded', 'too_many_ids', 'overloaded', 'host_unreachable', 'host_full'] as const),
    ],
    http: {
      tag: 'events',
      method: 'post',
      path: '/v1/events',
      operationId: 'ingest',
      ofStream: { operationId: 'ingestIntoStream', summary: 'Store events in a stream' },
      summary: 'Store events',
      description: [
        'Stores one event or many. The answer holds one result an event, in the order sent; 200 means that every',
        'event is durable. Where some were not stored the answer is a problem document with the same `results`:',
        'the others are stored. Sending events again is safe within the deduplication window. A request above a',
        'quota is refused whole, before anything is stored. With headers `ce-*` the body is the data of one event, of any',
        'media type (binary mode of the HTTP binding).',
      ].join('\n'),
      requestHeaders: z.object({
        'foreshard-token': z
          .int()
          .min(0)
          .optional()
          .describe('the `ts` of an earlier answer: every event of this request is ordered after it'),
        'Idempotency-Key': z
          .string()
          .optional()
          .describe(
            'a text in double quotes: the same request under the same key is answered like the first time',
          )
          .meta({ example: '"8e03978e-40d5-43dd-bc93-6894a57f9324"' }),
        'Content-Encoding': z.enum(['gzip', 'identity']).optional().describe('how the body is packed'),
        ...binaryMode,
        traceparent: z.string().optional().describe('W3C Trace Context; what is not valid is passed over'),
        tracestate: z.string().optional().describe('W3C Trace Context'),
      }),
      body: {
        description: 'CloudEvents 1.0.2: one, an array of them, or one a line',
        whole: {
          member: 'events',
          content: {
            'application/cloudevents+json': { schema: cloudEventSchema, example: EVENT },
            'application/cloudevents-batch+json': { schema: z.array(cloudEventSchema), example: [EVENT] },
            'application/x-ndjson': { schema: TEXT, example: `${JSON.stringify(EVENT)}\n` },
            [ANY_TYPE]: { schema: DATA },
          },
        },
      },
      answers: {
        200: {
          description: 'Every event is durable',
          headers: QUOTA_FIELDS,
          content: { 'application/json': { schema: resultsSchema, example: { results: [RESULT] } } },
        },
      },
      problems: Object.fromEntries(
        [400, 403, 413, 429, 500, 503, 507].map((status) => [status, eventsProblem]),
      ),
    },
  }),
} as const;
