/**
 * Where blocks are kept. A store knows nothing of what is in them. All that a roll-up writes is written
 * together with its place in the feed, so a run that dies in the middle has written nothing, and the next
 * one begins where the last one that ended has stopped: nothing is lost and nothing counted twice.
 */
import type { Level } from './levels.ts';
import type { AnyMetric } from './metric.ts';

/**
 * Rows that are no blocks: sketches of a minute, top keys of an hour, hours to be rolled up, observation, and
 * the minute a stream was first seen in, before which nothing is known of it.
 */
export type Part = AnyMetric | 'loads' | 'keys' | 'due' | 'coverage' | 'since' | 'accesses' | 'instances';

/** What edges and workers have observed; an import is kept apart under its own name, so it can be undone. */
export const LIVE = '';

/** Rows that belong to no stream: hosts, coverage, accesses. */
export const NO_STREAM = 0;

export interface BlockKey {
  readonly stream: number;
  readonly level: Level;
  readonly part: Part;
  readonly startMs: number;
  readonly source: string;
}

export interface BlockQuery {
  readonly stream: number;
  readonly level: Level;
  readonly parts: readonly Part[];
  /** of the block's start */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface StoredBlock extends BlockKey {
  readonly bytes: Uint8Array;
}

export interface BlockTransaction {
  /** What the feed's last run has left; undefined before the first. */
  readonly state: string | undefined;
  setState(state: string): void;
  get(key: BlockKey): Promise<Uint8Array | undefined>;
  put(key: BlockKey, bytes: Uint8Array): Promise<void>;
  remove(key: BlockKey): Promise<void>;
  read(query: BlockQuery): Promise<StoredBlock[]>;
  /** All rows of the part that start before the time, of every stream and source. Answers how many. */
  removeBefore(level: Level, parts: readonly Part[], startMs: number): Promise<number>;
  /** Answers how many rows of the source there were. */
  removeSource(stream: number, source: string): Promise<number>;
}

export type BlockReader = Pick<BlockStore, 'read'>;

export interface BlockStore {
  /** In the order of their start. */
  read(query: BlockQuery): Promise<StoredBlock[]>;
  /** Runs `work` alone on the feed and keeps all that it wrote, or nothing; undefined when another runs. */
  exclusively<T>(feed: string, work: (tx: BlockTransaction) => Promise<T>): Promise<T | undefined>;
  /** Names of imports that have rows in the stream. */
  sources(stream: number): Promise<string[]>;
}
