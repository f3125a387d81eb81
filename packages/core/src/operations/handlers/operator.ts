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

export function operatorOf({ topology, moves, wake, nowMs }: TopologyStores, caller: Caller): Operator {
  const { actor, auditRow } = caller;
  return { topology: namingRow(topology, auditRow), moves, wake, nowMs, actor };
}

/** What is decided for an order names its row of the audit log: so it shows that it was carried out. */
function namingRow(
  store: TopologyStores['topology'],
  auditRow: string | undefined,
): TopologyStores['topology'] {
  return {
    snapshot: () => store.snapshot(),
    changesAfter: (version, limit) => store.changesAfter(version, limit),
    decide: (decision, actor) => store.decide(decision, actor, auditRow),
  };
}

/** Decides, or with `dryRun` reports what would be decided. @throws ForeshardError */
export async function decided<R>(
  { topology, nowMs }: TopologyStores,
  decision: Decision<R>,
  { actor, auditRow, dryRun }: Caller,
  unknown: Unknown,
): Promise<R> {
  const reply = dryRun
    ? tryDecision(await topology.snapshot(), decision, nowMs())
    : await topology.decide(decision, actor, auditRow);
  return accepted(reply, unknown);
}
