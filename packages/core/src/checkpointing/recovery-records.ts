/** What members and the worker write down about recoveries: measurements, the model fitted from them, and what is due. */
import type { CheckpointSchedule } from './checkpoint-due.ts';
import type { KeptStates } from './kept-state.ts';
import type { MeasuredRecovery, RecoveryRow } from './records.ts';
import type { RecoveryModel } from './recovery-model.ts';

/** Of each group; the model has forgotten older ones, whose weight is below 2^-50. */
export const RECOVERIES_KEPT = 1_000;

export interface RecoveryRecords {
  note(group: string, recovery: MeasuredRecovery): Promise<void>;
  /** The oldest first; those after this id. */
  after(group: string, id: number, limit: number): Promise<readonly RecoveryRow[]>;
  /** The newest first. */
  latest(group: string, limit: number): Promise<readonly RecoveryRow[]>;
  /** Removes all but the newest so many. */
  forget(group: string, kept: number): Promise<void>;
  /** Undefined: none was fitted yet. */
  model(group: string): Promise<{ readonly model: RecoveryModel; readonly fittedAtMs: number } | undefined>;
  saveModel(group: string, model: RecoveryModel): Promise<void>;
}

export interface DueVerdict {
  readonly shardlet: number;
  readonly verdict: CheckpointSchedule & {
    /** when the last checkpoint of the shardlet was taken; null: there is none */
    readonly takenAtMs: number | null;
  };
}

/** Older ones are not believed: the worker is away, and members take checkpoints at an interval of their own. */
export const VERDICT_MAX_AGE_MS = 60_000;

export interface DueRecords {
  /** In place of all verdicts of this group. */
  save(group: string, verdicts: readonly DueVerdict[]): Promise<void>;
  /** Those that are younger than VERDICT_MAX_AGE_MS, by the clock of the store. */
  recent(group: string): Promise<readonly DueVerdict[]>;
  /** Over all shardlets of each group that has such verdicts. */
  over(groups: readonly string[]): Promise<ReadonlyMap<string, KeptStates>>;
}
