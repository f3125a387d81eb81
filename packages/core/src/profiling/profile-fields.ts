/**
 * Which fields of the events of a stream are profiled, by JSON pointers (RFC 6901) into the whole event:
 * `/data/amount` as numbers, `/data/customer` as keys. The size of every sampled event is always profiled.
 */
import { z } from 'zod';

/** Each costs memory per shardlet. */
const FIELDS_MAX = 8;

/** RFC 6901 */
export const jsonPointerSchema = z
  .string()
  .regex(/^(\/([^~/]|~[01])*)+$/, 'a JSON pointer (RFC 6901) such as /data/amount')
  .max(200);
const pointers = z.array(jsonPointerSchema).max(FIELDS_MAX).default([]);

const fieldsSchema = z.strictObject({
  /** mean, deviation, skew; what is no number there is counted as missing */
  numbers: pointers,
  /** how many different values, and which occur most; texts, numbers and booleans */
  keys: pointers,
});
export type ProfileFields = z.infer<typeof fieldsSchema>;

/** Stream name -> fields; `*` stands for every stream that is not named. */
export const profileSettingsSchema = z.record(z.string().min(1), fieldsSchema);
export type ProfileSettings = z.infer<typeof profileSettingsSchema>;

const NONE: ProfileFields = { numbers: [], keys: [] };

export function fieldsOf(settings: ProfileSettings, stream: string): ProfileFields {
  return settings[stream] ?? settings['*'] ?? NONE;
}

export type Path = readonly string[];

export function pathOf(pointer: string): Path {
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Undefined where there is nothing. */
export function valueAt(document: unknown, path: Path): unknown {
  let at = document;
  for (const part of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Record<string, unknown>)[part];
  }
  return at;
}
