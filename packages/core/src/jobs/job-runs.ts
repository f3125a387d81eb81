/**
 * The port to what background jobs have done: for people who look at it. Runs are kept for as long as the queue
 * keeps them; nothing depends on them.
 */
import type { JobName } from './catalogue.ts';

export const RUN_STATES = ['active', 'waiting', 'completed', 'failed'] as const;
export type RunState = (typeof RUN_STATES)[number];

export interface JobRun {
  readonly id: string;
  readonly name: JobName;
  readonly state: RunState;
  /** when it was asked for */
  readonly askedAtMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly attempts: number;
  /** why it failed; null otherwise */
  readonly reason: string | null;
}

export interface JobRuns {
  /** The newest runs of every job and state, newest first. Rejects when the control Redis does not answer. */
  recent(limit: number): Promise<JobRun[]>;
  /** When each scheduled job runs next. */
  next(): Promise<ReadonlyMap<JobName, number>>;
}
