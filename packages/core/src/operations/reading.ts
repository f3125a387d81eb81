/** Reads: pages of the log, of a key and of a shardlet, and streams that follow what is stored. */
import { z } from 'zod';
import { SERVED } from '../caching/index.ts';
import { cloudEventSchema } from '../cloudevents/index.ts';
import { parseMicros } from '../kernel/index.ts';
import { id, streamMember } from './fields.ts';
import { type Answer, apart } from './operation.ts';

/** Events on a page. */
export const PAGE_EVENTS_MAX = 10_000;
export const PAGE_EVENTS_DEFAULT = 1_000;
/** A longer wait would meet the time limits of proxies on the way. */
export const PAGE_WAIT_MS_MAX = 30_000;
export const EVENT_STREAM = 'text/event-stream';

export const storedEventSchema = z
  .strictObject({
    stream: z.string(),
    shard: z.int(),
    shardlet: z.int(),
    seq: z.int().describe('its place in the shardlet, from 1'),
    ts: z.int().describe('microseconds since 1970, unique within the shardlet'),
    late: z.literal(true).optional().describe('comes after its place in the log: its host had been skipped'),
    event: cloudEventSchema,
  })
  .meta({ id: 'StoredEvent' });

const hostRefSchema = z.strictObject({ host: z.int(), name: z.string().optional() });
const trimmedSchema = z.looseObject({ shardlet: z.int() }).describe('what retention took before it was read');

const lostSchema = z
  .strictObject({
    stream: z.string(),
    shardlet: z.int(),
    seq: z.int().describe('events after this one may be gone, and their seq given to other events'),
  })
  .describe('what a host lost of what this reader may have read; told once');

const remarks = {
  waitingFor: z
    .array(hostRefSchema)
    .optional()
    .describe(
      'hosts that do not answer, or do not have what the topology store says: the page ends before them',
    ),
  trimmed: z.array(trimmedSchema).optional(),
  lost: z.array(lostSchema).optional(),
};

const page = {
  events: z.array(storedEventSchema),
  next: z.string().describe('the cursor to go on from'),
  atHead: z
    .boolean()
    .describe(
      'there was nothing more when this page was made; false while a host or a shardlet may hold more',
    ),
  ...remarks,
};

export const keyPageSchema = z
  .strictObject({
    ...page,
    cache: z
      .enum(SERVED)
      .describe(
        'hit: from the memory of the edge; wait: so, after a fetch that was under way; miss: a host was asked',
      ),
  })
  .meta({ id: 'KeyPage' });

export const logPageSchema = z
  .strictObject({
    ...page,
    skipped: z
      .array(hostRefSchema.extend({ sinceTs: z.int() }))
      .optional()
      .describe('hosts this reader goes on without'),
  })
  .meta({ id: 'LogPage' });

export const shardletPageSchema = z
  .strictObject({
    events: z.array(storedEventSchema),
    next: z.string().nullable().describe('the seq to go on from; null at the end of a finished shardlet'),
    successors: z.array(z.int()).optional().describe('the shardlets that go on where this one ended'),
  })
  .meta({ id: 'ShardletPage' });

/** What an EventSource sends when it comes back. */
const resuming = z.object({
  'Last-Event-ID': z
    .string()
    .optional()
    .describe('the id of the last event that was received: goes before "from"; only with text/event-stream'),
});

const FOLLOWING = [
  'With `Accept: text/event-stream` the answer does not end: every stored event is a server-sent event, whose',
  '`id` is the cursor after it, so that a client that comes back with `Last-Event-ID` (EventSource does) gets',
  'each event once. The event `position` tells where the reader is and what it waits for; a comment comes at',
  'least every 15 s. `limit` and `wait` are for pages only.',
].join('\n');

const STORED = {
  stream: 'main',
  shard: 12,
  shardlet: 13,
  seq: 1,
  ts: 1_795_262_400_000_000,
  event: {
    specversion: '1.0',
    id: '1',
    source: '/shop',
    type: 'com.example.order.created',
    subject: 'order-1',
  },
};
const NEXT = 'AQGAgICAgICAAgAA';
const EXAMPLE = { events: [STORED], next: NEXT, atHead: true };
const followed = {
  schema: z.string().meta({ contentMediaType: EVENT_STREAM, description: 'data: a StoredEvent' }),
  example: `retry: 1000\n\nid: ${NEXT}\ndata: ${JSON.stringify(STORED)}\n\n`,
};

const followable = (schema: z.ZodType, example: object): Answer => ({
  description: 'A page, or events as they come',
  content: { 'application/json': { schema, example }, [EVENT_STREAM]: followed },
});

const limit = z
  .int()
  .min(1)
  .max(PAGE_EVENTS_MAX)
  .optional()
  .describe(`at most so many events: 1 to ${PAGE_EVENTS_MAX}, ${PAGE_EVENTS_DEFAULT} when left out`);

const paging = {
  from: z
    .string()
    .optional()
    .describe('"next" of an earlier page, "oldest" (when left out), "now", or a time (RFC 3339) to begin at'),
  limit,
  wait: z
    .int()
    .min(0)
    .optional()
    .describe(`milliseconds that an empty page waits for events; more than ${PAGE_WAIT_MS_MAX} is cut`),
};

/** The ids of hosts to go on without: `3` or `3,5`. */
const skip = z
  .string()
  .refine((text) => /^[1-9]\d{0,15}(,[1-9]\d{0,15})*$/.test(text), 'ids of hosts, such as 3 or 3,5,')
  .optional()
  .describe('ids of hosts to go on without, such as 3 or 3,5');

const isTime = (text: string) => !Number.isNaN(parseMicros(text));

const common = { kind: 'query', resource: 'event', permission: 'events:read' } as const;
const http = { tag: 'reading', method: 'get' } as const;
const errors = ['unknown_stream', 'invalid_cursor', 'host_unreachable', 'overloaded'] as const;

export const reading = {
  log: apart({
    ...common,
    name: 'reading.log',
    input: z.strictObject({ ...streamMember, ...paging, skip }),
    output: logPageSchema,
    errors,
    http: {
      ...http,
      path: '/v1/log',
      operationId: 'readLog',
      ofStream: {
        operationId: 'readLogOfStream',
        summary: 'Read or follow everything in one global order, of one stream',
      },
      summary: 'Read or follow everything in one global order',
      description: `A page of the log, ordered by (ts, shardlet, seq).\n\n${FOLLOWING}`,
      requestHeaders: resuming,
      answers: { 200: followable(logPageSchema, EXAMPLE) },
    },
  }),
  key: apart({
    ...common,
    name: 'reading.key',
    input: z.strictObject({
      ...streamMember,
      key: z.string().min(1, 'a key').describe('the key, percent-encoded').meta({ example: 'order-1' }),
      ...paging,
    }),
    output: keyPageSchema,
    errors,
    http: {
      ...http,
      path: '/v1/keys/{key}/events',
      operationId: 'readKey',
      ofStream: {
        operationId: 'readKeyOfStream',
        summary: 'Read or follow the events of one key, oldest first, of one stream',
      },
      summary: 'Read or follow the events of one key, oldest first',
      description: `Goes through all shardlets that ever held the key.\n\n${FOLLOWING}`,
      requestHeaders: resuming,
      answers: { 200: followable(keyPageSchema, { ...EXAMPLE, cache: 'hit' }) },
    },
  }),
  shardlet: apart({
    ...common,
    name: 'reading.shardlet',
    judgedLater: true,
    input: z.strictObject({
      shardlet: id.describe('id of a shardlet').meta({ example: 13 }),
      from: id.optional().describe('the seq to begin at; not together with "at"'),
      at: z
        .string()
        .refine(isTime, 'a time like 2001-01-01T00:00:00Z, or microseconds,')
        .optional()
        .describe('the time to begin at: RFC 3339, or microseconds since 1970')
        .meta({ example: '2026-11-21T12:00:00Z' }),
      limit,
    }),
    output: shardletPageSchema,
    errors: ['unknown_shardlet', 'past_retention', 'host_unreachable', 'overloaded'],
    http: {
      ...http,
      params: { id: 'shardlet' },
      path: '/v1/shardlets/{id}/events',
      operationId: 'readShardlet',
      summary: 'Read the events of one shardlet',
      description:
        'In the order of `seq`. A finished shardlet ends with `"next": null` and names its successors.',
      answers: { 200: 'A page' },
      example: { events: [STORED], next: '2' },
    },
  }),
} as const;
