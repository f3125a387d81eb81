/** One stored event as the edge hands it out, and whether it is one that was asked for. */
import { formatPosition, hashKey } from '@foreshard/core/keyspace';
import { z } from 'zod';
import type { EventFilter } from './event-query.ts';
import { parseExact } from './exact-json.ts';

const MICROS_PER_MS = 1_000;

const attributes = z.looseObject({
  id: z.string(),
  source: z.string(),
  type: z.string(),
  subject: z.string().optional(),
  partitionkey: z.string().optional(),
});

const placedSchema = z.object({
  stream: z.string(),
  shard: z.int(),
  shardlet: z.int(),
  seq: z.int(),
  ts: z.int(),
  late: z.boolean().optional(),
  event: attributes,
});
export type PlacedEvent = z.infer<typeof placedSchema>;

const pageSchema = z.object({
  events: z.array(placedSchema),
  next: z.string().nullable(),
  atHead: z.boolean().optional(),
  successors: z.array(z.int()).optional(),
  waitingFor: z.array(z.object({ host: z.int(), name: z.string().optional() })).optional(),
  lost: z.array(z.object({ shardlet: z.int(), seq: z.int() })).optional(),
  trimmed: z.array(z.object({ shardlet: z.int(), firstSeq: z.int() })).optional(),
});
export type EdgePage = z.infer<typeof pageSchema>;

/** What a reader misses of a shardlet. The edge reports each gap once, with the events that follow it. */
export interface Gap {
  readonly shardlet: number;
  /** `lost`: by its host, from `seq` on; `trimmed`: by retention, before `seq` */
  readonly kind: 'lost' | 'trimmed';
  readonly seq: number;
}

export function gapsOf({ lost = [], trimmed = [] }: EdgePage): readonly Gap[] {
  return [
    ...lost.map(({ shardlet, seq }): Gap => ({ kind: 'lost', shardlet, seq: seq + 1 })),
    ...trimmed.map(({ shardlet, firstSeq }): Gap => ({ kind: 'trimmed', shardlet, seq: firstSeq })),
  ];
}

export function parsePage(text: string): EdgePage {
  return pageSchema.parse(parseExact(text));
}

/** `partitionkey`, else `subject`, else `source`: as the edge takes it. */
export function keyOf({ event }: PlacedEvent): string {
  return event.partitionkey ?? event.subject ?? event.source;
}

export function storedAtMs({ ts }: PlacedEvent): number {
  return ts / MICROS_PER_MS;
}

/** Whether all that the edge does not filter by itself fits. */
export function fits(placed: PlacedEvent, filter: EventFilter): boolean {
  const { event, shardlet } = placed;
  if (filter.shardlet !== null && shardlet !== filter.shardlet) return false;
  if (filter.key !== null && keyOf(placed) !== filter.key) return false;
  if (!matches(event.type, filter.type) || !matches(event.source, filter.source)) return false;
  return isWithin(placed, filter);
}

export function isPast(placed: PlacedEvent, { until }: EventFilter): boolean {
  return until !== null && storedAtMs(placed) >= Date.parse(until);
}

function matches(text: string, pattern: string | null): boolean {
  if (pattern === null) return true;
  return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern;
}

/** The low half of a position differs only inside a key that may be split, so the high half decides. */
function isWithin(placed: PlacedEvent, { low, high }: EventFilter): boolean {
  if (low === null && high === null) return true;
  const at = formatPosition({ hi: hashKey(keyOf(placed)), lo: 0 });
  return (low === null || at >= low) && (high === null || high.length > at.length || at < high);
}
