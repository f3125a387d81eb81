/**
 * A member that has more than events of its shardlets, as a processor has their state: it says which shardlets are ready for
 * events, and which are held though all their events are committed. A membership without one holds events only.
 */
import type { ForeshardError } from '../edge/errors.ts';
import type { CheckpointDue } from './group-calls.ts';
import type { Standing, Ties } from './holdings.ts';

export interface Keeper extends Ties {
  /** Something has changed: an answer of a poll, a commit, a batch that is handled. */
  look(due?: readonly CheckpointDue[]): void;
  /** All is committed that will be; the member leaves afterwards. Signs of life go on meanwhile. */
  close(): Promise<void>;
}

/** What a keeper may do with its membership. */
export interface Seated {
  /** of all its shardlets */
  standings(): Standing[];
  /** Calls a handler, when fewer than `concurrency` run. */
  handling<T>(work: () => Promise<T>): Promise<T>;
  /** Commits what is processed, soon. */
  commit(): void;
  /** Another member has the shardlet. */
  fenced(shardlet: number, assignment: number): void;
  /** Shardlets have become ready, or are not kept any more. */
  changed(): void;
  /** Ends the member with the error. */
  fail(error: unknown): void;
  readonly onWaiting: (error: ForeshardError) => void;
  readonly stopping: AbortSignal;
}
