/** Stores that orders about the topology need, and the operator that core knows. */
import type { MoveLog, Operator } from '../../migration/index.ts';
import type { TopologyStore } from '../../topology/index.ts';
import type { Caller } from '../operation.ts';

export interface TopologyStores {
  readonly topology: Pick<TopologyStore, 'changesAfter' | 'decide' | 'snapshot'>;
  readonly moves: MoveLog;
  readonly wake: Operator['wake'];
  readonly nowMs: () => number;
}

export function operatorOf({ topology, moves, wake, nowMs }: TopologyStores, { actor }: Caller): Operator {
  return { topology, moves, wake, nowMs, actor };
}
