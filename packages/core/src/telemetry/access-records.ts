/**
 * What the user's own query layer tells of itself: who has read which metric or key, and which instances
 * there were to read. It is told in batches, each item judged by itself.
 */
import { z } from 'zod';

/** As in the attributes of events: what is shown on one line. */
const CONTROL_FREE = /^\P{Cc}*$/u;
const name = z.string().min(1).max(256).regex(CONTROL_FREE, 'it holds a control character');
/** RFC 3339 with a zone. */
const time = z.iso.datetime({ offset: true });

export const accessRecordSchema = z
  .strictObject({
    metric: name.optional().describe('the metric that was asked for; either this or "key"'),
    key: name.optional().describe('the key that was asked for: the key of events'),
    time: time.describe('when; the time of several accesses together: their beginning'),
    instance: name.max(128).describe('the requesting instance'),
    group: name.max(128).describe('the group of instances that scales together'),
    frequency: z.int().min(1).max(1_000_000_000).default(1).describe('so many accesses'),
    durationMs: z.number().min(0).max(86_400_000).optional().describe('of one access, on average'),
  })
  .refine((record) => (record.metric === undefined) !== (record.key === undefined), {
    error: 'either "metric" or "key" is expected',
    path: ['key'],
  })
  .meta({ id: 'AccessRecord' });
export type AccessRecord = z.infer<typeof accessRecordSchema>;

export const instanceRecordSchema = z
  .strictObject({
    id: name.max(128),
    group: name.max(128),
    cpu: z.number().min(0).max(1_000_000).optional().describe('cores in use'),
    memory: z.number().min(0).max(1e15).optional().describe('bytes in use'),
    started: time,
    stopped: time.optional().describe('absent while it runs'),
  })
  .refine(
    (record) => record.stopped === undefined || Date.parse(record.stopped) >= Date.parse(record.started),
    {
      error: 'it cannot stop before it was started',
      path: ['stopped'],
    },
  )
  .meta({ id: 'InstanceRecord' });
export type InstanceRecord = z.infer<typeof instanceRecordSchema>;

export const RECORDS_PER_REQUEST_MAX = 5_000;
/** A record from further ahead has the clock of somebody else. */
export const RECORD_AHEAD_MS_MAX = 300_000;

/** Key of the capped stream in the control Redis: one entry a request, JSON in the field of its kind. */
export const ACCESS_STREAM_KEY = '{foreshard}:accesses';
export const ACCESSES_FIELD = 'accesses';
export const INSTANCES_FIELD = 'instances';
const STREAM_BYTES_MAX = 32_000_000;
const STREAM_LENGTH_MIN = 32;

export function accessStreamLength(entryBytes: number): number {
  return Math.max(STREAM_LENGTH_MIN, Math.floor(STREAM_BYTES_MAX / Math.max(1_000, entryBytes)));
}
