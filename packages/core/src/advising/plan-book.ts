/** The port to plans: what was proposed together, as people approve, schedule and undo it. */
import type { PlanSummary } from './plan-picture.ts';
import type { RecommendationRecord } from './recommendation-log.ts';

export interface UndoneRecord {
  readonly atMs: number;
  /** the person, also where a token of theirs was used */
  readonly by: string;
  readonly note: string;
  /** moves that lead back */
  readonly moves: readonly number[];
}

export interface PlanRow {
  readonly id: number;
  /** name of an external cluster, or `OWN_CLUSTER` */
  readonly cluster: string;
  /** rises when a part comes, goes or changes; an approval is bound to it */
  readonly revision: number;
  readonly topologyVersion: number;
  readonly policyVersion: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly summary: PlanSummary;
  readonly undone: UndoneRecord | null;
  /** in the order of its steps, also those that have ended */
  readonly parts: readonly RecommendationRecord[];
}

export interface PlanBook {
  /** Newest first. `ended`: also those of which nothing waits or goes on. */
  list(query: {
    /** a name or several, `OWN_CLUSTER` or `EVERY_CLUSTER` */
    readonly cluster: string | readonly string[];
    readonly ended: boolean;
    /** numbers below this one */
    readonly before?: number | undefined;
    readonly limit: number;
  }): Promise<PlanRow[]>;
  find(id: number): Promise<PlanRow | undefined>;
  /** `false` when somebody else was first. */
  undo(id: number, undone: UndoneRecord): Promise<boolean>;
  /** Moves that lead back and were found later. */
  noteUndoMoves(id: number, moves: readonly number[]): Promise<void>;
}

export const PLAN_STATES = [
  'open',
  'scheduled',
  'running',
  'partly-done',
  'done',
  'failed',
  'undone',
  'dropped',
] as const;
export type PlanState = (typeof PLAN_STATES)[number];

/**
 *   open --approve--> scheduled --its time--> running --> done | failed
 *   partly-done: some parts have ended, others wait for a decision; dropped: nothing became of any part
 */
export function planStateOf({ parts, undone }: Pick<PlanRow, 'parts' | 'undone'>): PlanState {
  const has = (...states: RecommendationRecord['state'][]) =>
    parts.some(({ state }) => states.includes(state));
  if (undone !== null) return 'undone';
  if (has('running')) return 'running';
  if (has('approved')) return 'scheduled';
  if (has('open')) return has('done', 'failed') ? 'partly-done' : 'open';
  if (has('failed')) return 'failed';
  return has('done') ? 'done' : 'dropped';
}
