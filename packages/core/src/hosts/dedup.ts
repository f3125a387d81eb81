/** How a host has to apply the deduplication of a stream. */
import { MICROS_PER_MS } from '../kernel/index.ts';
import type { Stream } from '../topology/index.ts';
import type { DedupPolicy } from './event-host.ts';
import { DEDUP_LEAD_MICROS } from './limits.ts';

export function dedupOf({ dedupWindowMs }: Pick<Stream, 'dedupWindowMs'>): DedupPolicy {
  return { windowMicros: dedupWindowMs * MICROS_PER_MS, leadMicros: DEDUP_LEAD_MICROS };
}
