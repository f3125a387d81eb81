/**
 * Two levels of detail. A block is one row of the database: one metric of all shardlets of a stream over
 * ten minutes, or over a day of hours; so a month of hours is thirty rows, whatever the number of shardlets.
 */
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;

export type Level = 'minute' | 'hour';

export interface LevelTerms {
  readonly stepMs: number;
  readonly slots: number;
}

export const LEVELS: Readonly<Record<Level, LevelTerms>> = {
  /** each minute that ends writes its block anew: ten bounds what is written again */
  minute: { stepMs: MINUTE_MS, slots: 10 },
  hour: { stepMs: HOUR_MS, slots: 24 },
};

export function blockMs(level: Level): number {
  return LEVELS[level].stepMs * LEVELS[level].slots;
}

export function floorTo(ms: number, stepMs: number): number {
  return Math.floor(ms / stepMs) * stepMs;
}

export function blockStart(level: Level, ms: number): number {
  return floorTo(ms, blockMs(level));
}

export function slotOf(level: Level, ms: number): number {
  return Math.floor((ms - blockStart(level, ms)) / LEVELS[level].stepMs);
}

export interface RetentionMs {
  readonly minute: number;
  readonly hour: number;
  /** top keys and event types of hours */
  readonly keys: number;
}

const DAY_MS = 86_400_000;
export const RETENTION_DEFAULT: RetentionMs = {
  minute: 8 * DAY_MS,
  hour: 396 * DAY_MS,
  keys: 31 * DAY_MS,
};
