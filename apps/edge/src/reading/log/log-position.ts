/**
 * A place in the global log: after the record (ts, shardlet, seq). Records are ordered by time, then by
 * shardlet, then by seq; a shardlet gives no timestamp twice, so seq only marks where to go on.
 */
export interface LogPosition {
  readonly ts: number;
  readonly shardlet: number;
  readonly seq: number;
}

/** Before everything. */
export const OLDEST: LogPosition = Object.freeze({ ts: 0, shardlet: 0, seq: 0 });

/** After every record with this timestamp or an earlier one. */
export function endOf(ts: number): LogPosition {
  return { ts, shardlet: Number.MAX_SAFE_INTEGER, seq: 0 };
}

/** Every record with this timestamp or a later one comes after it. */
export function placeBefore(ts: number): LogPosition {
  return ts === 0 ? OLDEST : endOf(ts - 1);
}

export function comparePlaces(a: LogPosition, b: LogPosition): number {
  return a.ts - b.ts || a.shardlet - b.shardlet || a.seq - b.seq;
}
