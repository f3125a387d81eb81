/**
 * Where profiles are kept over time. Flushes of the edges are added to the minute and the hour they belong to;
 * how far the flushes were read is committed with them, so that none counts twice, whoever merges and
 * whenever it is killed.
 */
import type { Profiles } from './profiles.ts';

export const RESOLUTIONS = { minute: 60_000, hour: 3_600_000 } as const;
export type Resolution = keyof typeof RESOLUTIONS;

/** Minutes for six hours, hours for thirty days: a blob each, whatever the number of shardlets. */
export const KEPT_MS: Readonly<Record<Resolution, number>> = {
  minute: 6 * 3_600_000,
  hour: 30 * 86_400_000,
};

export interface Flushed {
  /** id of its entry in the stream; later ones are higher */
  readonly entry: string;
  readonly atMs: number;
  readonly profiles: Profiles;
}

export interface Period {
  readonly atMs: number;
  readonly profiles: Profiles;
}

export interface ProfileStore {
  /** `read` answers flushes after the given entry, in order. Answers how many were added. */
  add(read: (after: string) => Promise<readonly Flushed[]>): Promise<number>;
  /** Periods that begin in [fromMs, toMs), oldest first. */
  periods(resolution: Resolution, fromMs: number, toMs: number): Promise<Period[]>;
  /** Answers how many periods were past their retention. */
  forget(nowMs: number): Promise<number>;
}
