/**
 * Which events of a stream are past their retention. By age: those older than the cutoff. By bytes: the oldest of the whole stream, whatever shardlet they are in, until the rest fits.
 * Both end in a time per shardlet; the host turns the time into a seq, and a trim is decided by seq.
 */
import { invariant, MICROS_PER_MS } from '../kernel/index.ts';
import type { StreamSettings } from '../topology/index.ts';

/** Everything with a ts up to here is past its retention by age; 0 when the stream keeps events for ever. */
export function ageCutoff(settings: StreamSettings, nowMicros: number): number {
  if (settings.retentionMs === null) return 0;
  return Math.max(0, nowMicros - settings.retentionMs * MICROS_PER_MS);
}

/** How many bytes of one shardlet are not later than a time, at the times that are known. */
export interface BytesByTime {
  /** ascending in both; the first is the oldest record with no bytes below it, the last holds all bytes */
  readonly points: readonly { readonly ts: number; readonly bytes: number }[];
}

/** Between two known points the events are taken to be spread evenly. */
export function bytesUpTo({ points }: BytesByTime, ts: number): number {
  const after = points.findIndex((p) => p.ts > ts);
  if (after === 0) return 0;
  if (after === -1) return points.at(-1)?.bytes ?? 0;
  const a = points[after - 1]!;
  const b = points[after]!;
  return a.bytes + ((b.bytes - a.bytes) * (ts - a.ts)) / (b.ts - a.ts);
}

export function totalUpTo(shardlets: readonly BytesByTime[], ts: number): number {
  return shardlets.reduce((sum, s) => sum + bytesUpTo(s, ts), 0);
}

/**
 * The latest time up to which at most `excess` bytes lie, as far as it is known; 0 when nothing is to go.
 * A pass over more points (see `withPoint`) makes the answer sharper.
 */
export function bytesCutoff(shardlets: readonly BytesByTime[], excess: number): number {
  if (excess <= 0) return 0;
  let [low, high] = [Number.POSITIVE_INFINITY, 0];
  for (const { points } of shardlets) {
    low = Math.min(low, (points[0]?.ts ?? Number.POSITIVE_INFINITY) - 1);
    high = Math.max(high, points.at(-1)?.ts ?? 0);
  }
  if (!Number.isFinite(low)) return 0;
  if (totalUpTo(shardlets, high) <= excess) return high;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (totalUpTo(shardlets, middle) <= excess) low = middle;
    else high = middle;
  }
  return low;
}

/** The same shardlet with one more point, between those it has. */
export function withPoint({ points }: BytesByTime, ts: number, bytes: number): BytesByTime {
  const after = points.findIndex((p) => p.ts >= ts);
  if (after <= 0 || points[after]!.ts === ts) return { points };
  const known = { ts, bytes: Math.min(Math.max(bytes, points[after - 1]!.bytes), points[after]!.bytes) };
  return { points: [...points.slice(0, after), known, ...points.slice(after)] };
}

/** Bytes above the limit; the rest has to go. */
export function excessBytes(settings: StreamSettings, heldBytes: number): number {
  invariant(heldBytes >= 0, 'a stream cannot hold less than nothing');
  return settings.retentionBytes === null ? 0 : Math.max(0, heldBytes - settings.retentionBytes);
}
