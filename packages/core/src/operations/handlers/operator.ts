/** Stores that orders about the topology need, the operator that core knows, and how a decision is made for a caller. */
import { type MoveLog, type Operator, tryDecision } from '../../moves/index.ts';
import type { Decision, TopologyStore } from '../../topology/index.ts';
import type { Caller } from '../caller.ts';

import { accepted, type Unknown } from './refusals.ts';

export interface TopologyStores {
  readonly topology: Pick<TopologyStore, 'changesAfter' | 'decide' | 'snapshot'>;
  readonly moves: MoveLog;
  readonly wake: Operator['wake'];
  readonly nowMs: () => number;
}

export function operatorOf({ topology, moves, wake, nowMs }: TopologyStores, { actor }: Caller): Operator {
  return { topology, moves, wake, nowMs, actor };
}

/** Decides, or with `dryRun` reports what would be decided. @throws ForeshardError */
export async function decided<R>(
  { topology, nowMs }: TopologyStores,
  decision: Decision<R>,
  { actor, dryRun }: Caller,
  unknown: Unknown,
): Promise<R> {
  const reply = dryRun
    ? tryDecision(await topology.snapshot(), decision, nowMs())
    : await topology.decide(decision, actor);
  return accepted(reply, unknown);
}
