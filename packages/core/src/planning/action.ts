/** What a plan consists of: rows and numbers, made readable by recommendation.ts when somebody asks. */
import type { SkipReason } from './skip-reason.ts';

export const PHASES = [
  'repair-dead-hosts',
  'evacuate-drained',
  'place-pinned',
  'spread-zones',
  'split-hot',
  'split-below-hot-keys',
  'rebalance',
  'make-room',
  'merge-cold',
  'scale-hosts',
] as const;
export type PhaseName = (typeof PHASES)[number];

/** A destination that was looked at and not chosen. */
export interface Alternative {
  readonly host: number;
  /** in units of the objective, cost not yet taken off; absent when a hard constraint forbids it */
  readonly gain?: number;
  readonly why: SkipReason | 'smaller-gain';
}

export interface MoveAction {
  readonly kind: 'move';
  readonly phase: PhaseName;
  readonly shardlet: number;
  readonly from: number;
  readonly to: number;
  readonly gain: number;
  readonly gainLow: number;
  readonly gainHigh: number;
  readonly cost: number;
  readonly bytes: number;
  readonly sourcePressure: number;
  readonly sourcePressureAfter: number;
  readonly destinationPressureAfter: number;
  readonly alternatives: readonly Alternative[];
}

export interface SplitAction {
  readonly kind: 'split' | 'split-below-key';
  readonly phase: PhaseName;
  readonly shardlet: number;
  readonly host: number;
  readonly children: readonly number[];
  /** part of the shardlet's load that goes to the children, in their order; the rest stays */
  readonly shares: readonly number[];
  /** the shardlet's part of its host, and of the rate a shardlet may have */
  readonly hostShare: number;
  readonly fullness: number;
  /** the shardlet keeps its hottest key only, the children what lies beside it */
  readonly setsApart?: true;
}

export interface RollAction {
  readonly kind: 'roll';
  readonly phase: PhaseName;
  readonly shardlet: number;
  readonly host: number;
  readonly fullness: number;
}

export interface MergeAction {
  readonly kind: 'merge';
  readonly phase: PhaseName;
  readonly left: number;
  readonly right: number;
  readonly host: number;
  readonly fullness: number;
}

export interface AddHostsAction {
  readonly kind: 'add-hosts';
  readonly phase: PhaseName;
  readonly count: number;
  readonly zone: number;
  /** needed in the worst column over what there is */
  readonly pressure: number;
  readonly aheadMinutes: number;
}

export interface RemoveHostAction {
  readonly kind: 'remove-host';
  readonly phase: PhaseName;
  readonly host: number;
  readonly pressureAfter: number;
}

export type Action = MoveAction | SplitAction | RollAction | MergeAction | AddHostsAction | RemoveHostAction;
