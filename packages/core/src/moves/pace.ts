/**
 * How fast a move may copy. Three limits, the lowest holds: its share of what all moves may use together,
 * its own limit, and what the hosts bear. The last follows the answer times of source and destination as
 * appends feel them: while they stay higher than without copying the rate falls quickly, else it rises slowly.
 * It copies in pieces, which start small and grow while they are done in time (slow start, as in TCP: Jacobson, 1988),
 * so a slow host or line is never asked for a piece that it would be held up by.
 */
import { MS_PER_SECOND } from '../kernel/index.ts';

/** Faster than any host takes it: the limit of a move that nobody has limited. */
const RATE_MAX = 1_000_000_000;
/** A move that goes on at all ends some day. */
export const RATE_MIN = 16_000;
/** Felt at once where it is too much: the second late answer in a row lets it fall. */
const RATE_FIRST = 64_000_000;
const FALL = 0.6;
const RISE = 1.15;
/** Answer times of a quiet host vary as much as this. */
const STRAIN_FACTOR = 3;
const STRAIN_LEAST_MS = 5;
/** How much of a sample goes into the answer time of the quiet host, which changes with its load... */
const QUIET_SHARE = 0.05;
/** ...and of a late one: what stays late although the rate has fallen for minutes is not our doing. */
const LATE_SHARE = 0.002;
/** A chunk is about this long a piece of work, so that a change of mind is heard soon. */
const CHUNK_MS = 100;
export const CHUNK_BYTES_MIN = 16_000;
const CHUNK_GROWTH = 2;
/** It holds up the destination while it is taken in: some ten milliseconds. */
const CHUNK_BYTES_MAX = 500_000;

export interface Pace {
  /** what the hosts bear, bytes a second */
  readonly bearable: number;
  /** answer time of each host while nothing strains it, ms */
  readonly quietMs: ReadonlyMap<number, number>;
  /** an answer of the sample before was late: one alone is noise */
  readonly wasLate: boolean;
}

export const FIRST_PACE: Pace = { bearable: RATE_FIRST, quietMs: new Map(), wasLate: false };

/** One answer time of each end of the move, taken just now. */
export function feel(pace: Pace, answersMs: ReadonlyMap<number, number>): Pace {
  const quietMs = new Map(pace.quietMs);
  let late = false;
  for (const [host, ms] of answersMs) {
    const quiet = quietMs.get(host) ?? ms;
    const isLate = ms > Math.max(quiet * STRAIN_FACTOR, quiet + STRAIN_LEAST_MS);
    late ||= isLate;
    const share = isLate ? LATE_SHARE : QUIET_SHARE;
    quietMs.set(host, quiet * (1 - share) + ms * share);
  }
  const change = !late ? RISE : pace.wasLate ? FALL : 1;
  const bearable = Math.min(RATE_MAX, Math.max(RATE_MIN, pace.bearable * change));
  return { bearable, quietMs, wasLate: late };
}

export interface RateLimits {
  /** for all moves together; null: none */
  readonly budget: number | null;
  /** moves that share the budget */
  readonly sharers: number;
  /** of this move alone; null: none */
  readonly own: number | null;
}

export function rateOf(pace: Pace, { budget, sharers, own }: RateLimits): number {
  const share = budget === null ? RATE_MAX : budget / Math.max(1, sharers);
  return Math.max(1, Math.min(pace.bearable, share, own ?? RATE_MAX));
}

/** How much to copy at once after chunks of `before` bytes, the last of which took so long. */
export function nextChunkBytes(before: number, tookMs: number, rate: number): number {
  const inTime = before * Math.min(CHUNK_GROWTH, CHUNK_MS / Math.max(1, tookMs));
  const bytes = Math.round(Math.min(inTime, (rate * CHUNK_MS) / MS_PER_SECOND));
  return Math.min(CHUNK_BYTES_MAX, Math.max(CHUNK_BYTES_MIN, bytes));
}

/** How long a chunk has to take at this rate. */
export function durationMs(bytes: number, rate: number): number {
  return (bytes / rate) * MS_PER_SECOND;
}
