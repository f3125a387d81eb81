/** The reads, described by the schemas that check them. */
import { z } from 'zod';
import { json, type Operation } from '../api/operation.ts';
import { streamParams } from '../api/parameters.ts';
import { keyPageSchema, logPageSchema, shardletPageSchema } from '../api/schemas.ts';
import { atTime, fromSeq, keyPath, logQuery, pageQuery, shardletPath } from './parameters.ts';

export const EVENT_STREAM = 'text/event-stream';

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

export const readLog = {
  method: 'get',
  path: '/v1/log',
  operationId: 'readLog',
  tag: 'reading',
  summary: 'Read or follow everything in one global order',
  description: `A page of the log, ordered by (ts, shardlet, seq).\n\n${FOLLOWING}`,
  scope: 'read',
  params: z.object({}),
  query: logQuery,
  headers: resuming,
  answers: {
    200: {
      description: 'A page, or events as they come',
      content: {
        ...json(logPageSchema, EXAMPLE),
        [EVENT_STREAM]: followed,
      },
    },
  },
  errors: ['unknown_stream', 'invalid_cursor', 'host_unreachable', 'overloaded'],
} as const satisfies Operation;

export const readKey = {
  method: 'get',
  path: '/v1/keys/{key}/events',
  operationId: 'readKey',
  tag: 'reading',
  summary: 'Read or follow the events of one key, oldest first',
  description: `Goes through all shardlets that ever held the key.\n\n${FOLLOWING}`,
  scope: 'read',
  params: keyPath,
  query: pageQuery,
  headers: resuming,
  answers: {
    200: {
      description: 'A page, or events as they come',
      content: {
        ...json(keyPageSchema, EXAMPLE),
        [EVENT_STREAM]: followed,
      },
    },
  },
  errors: ['unknown_stream', 'invalid_cursor', 'host_unreachable', 'overloaded'],
} as const satisfies Operation;

export const readShardlet = {
  method: 'get',
  path: '/v1/shardlets/{id}/events',
  operationId: 'readShardlet',
  tag: 'reading',
  summary: 'Read the events of one shardlet',
  description:
    'In the order of `seq`. A finished shardlet ends with `"next": null` and names its successors.',
  scope: 'read',
  params: shardletPath,
  query: z.object({ from: fromSeq, at: atTime, limit: pageQuery.shape.limit }),
  answers: {
    200: {
      description: 'A page',
      content: json(shardletPageSchema, { events: [STORED], next: '2' }),
    },
  },
  errors: ['unknown_shardlet', 'past_retention', 'host_unreachable', 'overloaded'],
} as const satisfies Operation;

/** the same operations on the stream that the path names */
export const withStream = streamParams;
