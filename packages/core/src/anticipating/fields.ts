/**
 * Which attributes of the events of a stream may announce the next event, by JSON pointers (RFC 6901) into the whole event:
 * `{"orders": ["/data/user", "/data/region"]}`; `*` stands for every stream that is not named.
 */
import { z } from 'zod';
import { jsonPointerSchema } from '../profiling/index.ts';

/** Each adds two kinds of contexts to the model. */
export const ATTRIBUTES_MAX = 8;

export const attributeFieldsSchema = z.record(
  z.string().min(1),
  z.array(jsonPointerSchema).max(ATTRIBUTES_MAX),
);
export type AttributeFields = z.infer<typeof attributeFieldsSchema>;

export function attributesOf(fields: AttributeFields, stream: string): readonly string[] {
  return fields[stream] ?? fields['*'] ?? [];
}
