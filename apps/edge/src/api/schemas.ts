/** What is answered, as schemas: pages of events, the map, health. Those of events are beside their reader. */
import { z } from 'zod';
import { cloudEventSchema } from '../cloudevents/schema.ts';

export { problemSchema } from '../cloudevents/schema.ts';

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

export const keyPageSchema = z
  .strictObject({
    events: z.array(storedEventSchema),
    next: z.string().describe('the cursor to go on from'),
    atHead: z
      .boolean()
      .describe(
        'there was nothing more when this page was made; false while a host or a shardlet may hold more',
      ),
    ...remarks,
  })
  .meta({ id: 'KeyPage' });

export const logPageSchema = keyPageSchema
  .extend({
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

/** As clients and people may see the topology store. */
export const mapSchema = z
  .strictObject({
    version: z.int(),
    streams: z.array(z.looseObject({ id: z.int(), name: z.string() })),
    hosts: z.array(
      z.strictObject({
        id: z.int(),
        name: z.string(),
        engine: z.string(),
        address: z.string().nullable(),
        durability: z.string(),
        state: z.string(),
      }),
    ),
    shardlets: z.array(
      z.strictObject({
        id: z.int(),
        stream: z.string(),
        shard: z.int(),
        range: z.strictObject({ from: z.string(), to: z.string() }).describe('half open; 16 hex digits'),
        owner: z.int(),
        epoch: z.int(),
        state: z.string(),
        successors: z.array(z.int()).optional(),
        finalSeq: z.int().optional(),
        finalTs: z.int().optional(),
        parents: z.array(z.int()),
      }),
    ),
  })
  .meta({ id: 'Map' });

export const readinessSchema = z
  .strictObject({
    status: z.literal('ready'),
    mapVersion: z.int(),
    mapAgeMs: z.number(),
    waiting: z
      .array(z.strictObject({ host: z.int(), what: z.string(), why: z.string(), cure: z.string() }))
      .describe(
        'hosts that wait for an operator: one that went back to an older state or is another one (events for its shardlets are held or refused), or one that another control plane uses as well',
      ),
  })
  .meta({ id: 'Readiness' });
