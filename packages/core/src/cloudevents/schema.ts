/**
 * An event as a schema, for descriptions and for clients written in TypeScript. The edge judges the bytes of an event
 * with a scanner, which knows more than a schema can say (names given twice, lone surrogates, nesting) and builds no
 * objects; a test holds the two together.
 */
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
