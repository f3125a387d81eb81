/**
 * What is sent and what is answered, as schemas: the API description is made of them, and clients written
 * in TypeScript take their types from here. The bytes of an event are judged by the scanner beside this
 * file, which knows more than a schema can say (names given twice, lone surrogates, nesting) and builds no
 * objects; a test holds the two together.
 */
import { ERRORS, type ErrorCode } from '@foreshard/core/kernel';
import { z } from 'zod';
import { isBase64, isCleanText, isMediaType, isTimestamp, isUri, isUriReference } from './attribute-types.ts';

const INTEGER_MAX = 2 ** 31 - 1;

const text = z.string().min(1).refine(isCleanText, 'no control characters, noncharacters or lone surrogates');
/** `null` is how JSON writes an attribute that is not set (JSON format 1.0.2, 2.2) */
const unset = <T extends z.ZodType>(schema: T) => schema.nullish();

export const extensionValueSchema = z.union([
  z.string().refine(isCleanText),
  z
    .int()
    .min(-INTEGER_MAX - 1)
    .max(INTEGER_MAX),
  z.boolean(),
  z.null(),
]);

export const EXTENSION_NAME = /^[a-z0-9]+$/;

const attributes = {
  specversion: z.literal('1.0'),
  id: text.describe('unique within its source; (key, source, id) identifies the event'),
  source: text.refine(isUriReference, 'a URI-reference (RFC 3986)').describe('URI-reference of the context'),
  type: text.describe('such as com.example.order.created'),
  subject: unset(text).describe('the key of the event where it has no partitionkey'),
  partitionkey: unset(text).describe('the key of the event: events of one key keep their order'),
  time: unset(z.string().refine(isTimestamp, 'a timestamp (RFC 3339)')),
  datacontenttype: unset(z.string().refine(isMediaType, 'a media type (RFC 2046)')),
  dataschema: unset(text.refine(isUri, 'an absolute URI (RFC 3986)')),
  data: z.json().optional().describe('any JSON value; not together with data_base64'),
  data_base64: unset(z.string().refine(isBase64, 'base64 (RFC 4648, 4)')),
};

/** One event in the JSON format, CloudEvents 1.0.2. */
export const cloudEventSchema = z
  .object(attributes)
  .catchall(extensionValueSchema)
  .refine((event) => Object.keys(event).every((name) => name in attributes || EXTENSION_NAME.test(name)), {
    error: 'names of extensions are lower-case letters and digits',
  })
  .refine((event) => event.data === undefined || (event.data_base64 ?? null) === null, {
    error: 'data and data_base64 exclude each other',
  })
  .meta({ id: 'CloudEvent', description: 'CloudEvents 1.0.2, JSON format' });

const errorCodeSchema = z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]);

/** RFC 9457 */
export const problemSchema = z
  .object({
    type: z.string().describe('/docs/errors/<code>, which shows its cause and cure'),
    title: z.string(),
    status: z.int(),
    code: errorCodeSchema,
    detail: z.string(),
    pointer: z
      .string()
      .optional()
      .describe(
        'what is wrong: JSON pointer (RFC 6901) into the body, "?name" in the query, "{name}" in the path, "name:" in the header',
      ),
    errors: z
      .array(z.object({ pointer: z.string(), detail: z.string() }))
      .optional()
      .describe('every place that is wrong'),
    cure: z.string(),
    instance: z.string().optional().describe('names the one request, as the log does'),
  })
  .meta({ id: 'Problem', description: 'RFC 9457' });

const place = { stream: z.string(), shard: z.int(), shardlet: z.int() };
const id = z.string().nullable().describe('null where the event has none that can be read');
const eventProblemSchema = problemSchema.extend({ index: z.int().min(0) }).meta({ id: 'EventProblem' });

/** What became of one event. */
export const eventResultSchema = z
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

/** The answer when some events were not stored: a problem that carries the results. */
export const resultsProblemSchema = problemSchema
  .extend({ results: z.array(eventResultSchema) })
  .meta({ id: 'EventResultsProblem' });
