/** What may be asked of the table of shardlets; the page and the server share it. */
import { z } from 'zod';

export const STATE_FILTERS = [
  'active',
  'open',
  'moving',
  'opening',
  'closing',
  'closed',
  'closedMoving',
  'gone',
  'all',
] as const;
export type StateFilter = (typeof STATE_FILTERS)[number];
export const SHARDLET_SORTS = [
  'id',
  'shard',
  'range',
  'owner',
  'epoch',
  'events',
  'bytes',
  'refused',
] as const;
export const PAGE_SIZE_MAX = 200;

export const shardletQuerySchema = z.object({
  stream: z.string().nullable().default(null),
  /** name of the owner */
  host: z.string().nullable().default(null),
  /** `active`: takes appends now or as soon as its host confirms */
  state: z.enum(STATE_FILTERS).default('active'),
  sort: z.enum(SHARDLET_SORTS).default('events'),
  descending: z.boolean().default(true),
  page: z.int().min(1).default(1),
  pageSize: z.int().min(1).max(PAGE_SIZE_MAX).default(50),
});
export type ShardletQuery = z.infer<typeof shardletQuerySchema>;
