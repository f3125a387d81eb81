/**
 * The port to what was recommended, decided and gained. A recommendation lives as long as plans repeat it: the same
 * action on the same shardlet stays one row, whose revision rises when what is proposed changes. So an approval is
 * bound to what the operator has seen, and an inbox does not fill up with repetitions.
 */
import type { PlanDocument, Recommendation } from '../planning/index.ts';
import type { HostPressure, PlanSummary } from './plan-picture.ts';

export const RECOMMENDATION_STATES = [
  'open',
  'approved',
  'running',
  'done',
  'failed',
  'rejected',
  'expired',
  'withdrawn',
] as const;
export type RecommendationState = (typeof RECOMMENDATION_STATES)[number];

/** Nothing becomes of these any more. */
export const ENDED_STATES = ['done', 'failed', 'rejected', 'expired', 'withdrawn'] as const;

export interface Realised {
  readonly atMs: number;
  /** in units of the objective, by the load of that time: what the cluster would cost without it, less what it costs */
  readonly gain: number;
}

/** The cluster of the topology store; others have names. */
export const OWN_CLUSTER = '';
/** Ours and all others; no cluster has this name. */
export const EVERY_CLUSTER = '*';

export interface RecommendationRecord {
  readonly id: number;
  /** name of an external cluster, or `OWN_CLUSTER` */
  readonly cluster: string;
  /** tells the same proposal in the next plan */
  readonly key: string;
  /** of this proposal, from 1 */
  readonly revision: number;
  readonly topologyVersion: number;
  readonly policyVersion: number;
  readonly state: RecommendationState;
  readonly body: Recommendation;
  /** first and last plan that proposed it */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly expiresMs: number;
  /** with four eyes: who approved this revision first */
  readonly firstApproval: FirstApproval | null;
  readonly decidedBy: string | null;
  readonly decidedMs: number | null;
  readonly note: string;
  /** approved for later */
  readonly notBeforeMs: number | null;
  /** the moves it became */
  readonly moves: readonly number[];
  readonly result: string;
  readonly endedMs: number | null;
  readonly realised: Realised | null;
  /** the plan it is a part of; null: it was proposed by a release without plans */
  readonly plan: number | null;
  /** what took its place when it was withdrawn */
  readonly replacedBy: number | null;
}

/** What one plan concluded, also that nothing is to be done; repeated conclusions are one record. */
export interface DecisionRecord {
  readonly id: number;
  readonly atMs: number;
  readonly lastMs: number;
  readonly times: number;
  readonly topologyVersion: number;
  readonly policyVersion: number;
  readonly actions: number;
  readonly nothingBecause: string | null;
  readonly document: PlanRecord;
}

export interface PlanRecord extends PlanDocument {
  /** of every host, or of those with the most when there are many */
  readonly pressures: readonly HostPressure[];
}

/** What a new run of the planner says about what it proposed before. */
export interface PlanJudge {
  /** why a move of a plan under way is not to be made any more; undefined: it still helps */
  readonly whyNotKept: (body: Recommendation) => string | undefined;
  /** why what waits is not proposed any more */
  readonly whyWithdrawn: (body: Recommendation) => string;
}

export interface Recording {
  readonly policyVersion: number;
  readonly nowMs: number;
  /** ours, where none is named */
  readonly cluster?: string;
  readonly judge?: PlanJudge;
  /** what each plan is about; left out, it is told from the parts alone */
  readonly summaryOf?: (parts: readonly Recommendation[]) => PlanSummary;
}

export interface FirstApproval {
  /** the person, also where a token of theirs was used */
  readonly by: string;
  readonly atMs: number;
}

export interface Approval {
  readonly revision: number;
  readonly topologyVersion: number;
  readonly actor: string;
  readonly note: string;
  readonly atMs: number;
  readonly notBeforeMs: number | null;
}

export interface RecommendationLog {
  /** Takes over what a plan proposes: adds, confirms, withdraws and expires in one transaction. */
  record(plan: PlanRecord, recording: Recording): Promise<void>;
  /** All parts of a plan, also those that have ended, in the order of its steps. */
  partsOf(plan: number): Promise<RecommendationRecord[]>;
  /** Parts that wait for a decision while a person has approved others of their plan: they are kept. */
  kept(cluster: string): Promise<RecommendationRecord[]>;
  /** When what is approved and has not begun is to begin; `false` when it is too late. */
  reschedule(id: number, notBeforeMs: number | null, note: string): Promise<boolean>;
  find(id: number): Promise<RecommendationRecord | undefined>;
  /** Newest first. */
  list(query: {
    readonly states?: readonly RecommendationState[];
    /** a name or several, `OWN_CLUSTER` or `EVERY_CLUSTER`: nobody mixes them by leaving it out */
    readonly cluster: string | readonly string[];
    readonly limit: number;
  }): Promise<RecommendationRecord[]>;
  /** `false` unless it is open at exactly this revision and version of the topology. */
  approve(id: number, approval: Approval): Promise<boolean>;
  /** With four eyes: the first of two. `false` unless it is open at exactly this revision and has none yet. */
  approveFirst(id: number, revision: number, first: FirstApproval): Promise<boolean>;
  /** Also takes an approval back while it is not carried out. `false` when it is too late. */
  reject(id: number, actor: string, note: string, atMs: number): Promise<boolean>;
  /** From approved to running; `false` when somebody else was first. */
  start(id: number, moves: readonly number[], result?: string): Promise<boolean>;
  /** How far one that runs has come, in words. */
  report(id: number, result: string): Promise<void>;
  end(id: number, state: 'done' | 'failed', result: string, atMs: number): Promise<void>;
  /** Ends what nobody decided in time, where no plan is made that would. */
  expire(cluster: string, nowMs: number): Promise<void>;
  /** Nothing becomes of what was recommended for a cluster that goes. */
  abandon(cluster: string, actor: string, why: string, atMs: number): Promise<void>;
  realise(id: number, realised: Realised): Promise<void>;
  /** Newest first; of ours, or of the external cluster. */
  decisions(limit: number, cluster?: string): Promise<DecisionRecord[]>;
  /** Ends the memory of what is older. */
  forget(beforeMs: number): Promise<void>;
}

/** What makes it the same proposal: the kind of action, on what, and for a host where. */
export function keyOf({ action, shardlets, source, destination }: Recommendation): string {
  return `${action}:${shardlets[0] ?? source ?? destination ?? ''}`;
}

/** What an approval is given to; numbers that change with every minute are not part of it. */
export function essenceOf({ action, shardlets, source, destination }: Recommendation): string {
  return JSON.stringify([action, shardlets, source, destination]);
}
