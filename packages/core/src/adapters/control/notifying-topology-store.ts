/** The topology store as processes use it: every accepted decision is followed by a notification. */
import type {
  Change,
  ChangeNotifier,
  Decision,
  DecisionReply,
  Topology,
  TopologyStore,
} from '../../topology/index.ts';

export class NotifyingTopologyStore implements TopologyStore {
  private readonly store: TopologyStore;
  private readonly notifier: ChangeNotifier;

  constructor(store: TopologyStore, notifier: ChangeNotifier) {
    this.store = store;
    this.notifier = notifier;
  }

  snapshot(): Promise<Topology> {
    return this.store.snapshot();
  }

  changesAfter(version: number, limit: number): Promise<readonly Change[]> {
    return this.store.changesAfter(version, limit);
  }

  async decide<R>(decision: Decision<R>, actor: string, auditRow?: string): Promise<DecisionReply<R>> {
    const reply = await this.store.decide(decision, actor, auditRow);
    // not waited for: the decision stands, whether or not anybody hears of it at once
    if (reply.kind === 'decided') this.notifier.notify(reply.version).catch(() => {});
    return reply;
  }

  close(): Promise<void> {
    return this.store.close();
  }
}
