/** What every phase is handed: the cluster as the plan has made it so far, the policy, and where to write. */
import type { Action } from './action.ts';
import type { Objective } from './objective.ts';
import type { Policy } from './policy.ts';
import type { SkipLog } from './skip-reason.ts';
import type { WorkingCluster } from './working-cluster.ts';

export interface Budget {
  moves: number;
  bytes: number;
  splits: number;
}

export interface PlanContext {
  readonly cluster: WorkingCluster;
  readonly policy: Policy;
  readonly objective: Objective;
  readonly nowMs: number;
  /** shardlets to look at, ascending; all of them, or what has changed */
  readonly rows: Int32Array;
  /** the rows are those that have changed since the last plan */
  readonly isReplan: boolean;
  /** [shardlet], as it was at the start; 0 for what is not in `rows` */
  readonly fullnessAtStart: Float32Array;
  readonly actions: Action[];
  readonly skips: SkipLog;
  readonly budget: Budget;
}

export interface Phase {
  readonly name: Action['phase'];
  run(context: PlanContext): void;
}

export const MINUTE_MS = 60_000;
