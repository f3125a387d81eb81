/**
 * What an edge tells about the load it carried: once a second, per shardlet, only what is not zero.
 * It travels through a capped Redis stream: a lost flush makes a gap in a picture, never in the log.
 */
import { z } from 'zod';

const count = z.int().min(0);

export const loadFlushSchema = z.object({
  edge: z.string(),
  /** start of the second, ms since the epoch */
  atMs: z.int(),
  /** rows of [shardlet, events stored, bytes stored, events refused] */
  shardlets: z.array(z.tuple([z.int(), count, count, count])),
  duplicates: count,
});
export type LoadFlush = z.infer<typeof loadFlushSchema>;

/** Key of the capped stream in the control Redis, one entry a flush in the field `flush`. */
export const LOAD_STREAM_KEY = '{foreshard}:load';
/** About ten minutes of two edges: enough for a live picture; history is the worker's. */
export const LOAD_STREAM_LENGTH = 1_200;
