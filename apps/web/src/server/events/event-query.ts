/** What may be asked of the events; the page, its address, the export and the server share it. */
import type { Target } from '@foreshard/core/access';
import { z } from 'zod';

const text = z.string().max(4_096).nullable().default(null);
/** 16 hex digits; 17 for the end of the key space */
const position = z
  .string()
  .regex(/^(?:[0-9a-f]{16}|10000000000000000)$/, 'a position has 16 hex digits')
  .nullable()
  .default(null);
const moment = z.iso.datetime({ offset: true }).nullable().default(null);

export const eventFilterSchema = z.object({
  stream: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,62}$/, 'the name of a stream')
    .default('main'),
  key: text,
  /** exact, or a beginning followed by "*" */
  type: text,
  source: text,
  shardlet: z.int().min(1).nullable().default(null),
  /** positions of the keys, half-open */
  low: position,
  high: position,
  /** times at which the event was stored, half-open */
  since: moment,
  until: moment,
});
export type EventFilter = z.infer<typeof eventFilterSchema>;

/** Of what is asked, what grants are limited by. */
export const eventTargetSchema = z.object({
  stream: z.string().default('main'),
  key: z.string().nullable().optional(),
});

export function eventTarget({
  stream = 'main',
  key,
}: {
  stream?: string;
  key?: string | null | undefined;
}): Target {
  return { stream, key: key ?? undefined };
}

export const LIMIT_MAX = 500;

export const eventPageSchema = eventFilterSchema.extend({
  /** `next` of an earlier page; goes before `since` */
  cursor: z.string().max(16_384).nullable().default(null),
  limit: z.int().min(1).max(LIMIT_MAX).default(50),
});
export type EventPageQuery = z.infer<typeof eventPageSchema>;

/** From the parameters of an address; what is empty is not set. */
export function filterOf(params: URLSearchParams): EventFilter {
  const given = Object.fromEntries([...params].filter(([, value]) => value !== ''));
  const shardlet = given.shardlet === undefined ? null : Number(given.shardlet);
  return eventFilterSchema.parse({ ...given, shardlet });
}
