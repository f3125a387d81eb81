/** What the orders of people need: T, the log of moves, and a way to look at hosts. */
import type { AdmissionReply, AdmissionRequest } from '@foreshard/core/adapters/host-admission';
import type { DrainFacts, LoadSources, LossSources, MoveLog, Operator } from '@foreshard/core/migration';
import type { TopologyMap, TopologyStore } from '@foreshard/core/topology';

export interface AdministrationStores {
  readonly topology: Pick<TopologyStore, 'changesAfter' | 'decide' | 'snapshot'>;
  readonly proofs: LossSources['proofs'];
  /** one run of a host, also one that nobody trusts */
  readonly onRun: LossSources['onRun'];
  readonly moves: MoveLog;
  readonly wake: Operator['wake'];
  readonly admit: (request: AdmissionRequest, dryRun: boolean) => Promise<AdmissionReply>;
  readonly drainFacts: (map: TopologyMap) => Promise<DrainFacts>;
  readonly countedKeys: LoadSources['countedKeys'];
}

export interface AdministrationParts extends AdministrationStores, Pick<LoadSources, 'onHost' | 'nowMs'> {}

/** Who orders, as the change log and the journal name them. */
export interface Caller {
  readonly actor: string;
  readonly dryRun: boolean;
}
