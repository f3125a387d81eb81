/** What is done for operations on hosts. */
import { addressOf } from '../../hosts/index.ts';
import { ForeshardError } from '../../kernel/index.ts';
import { type DrainFacts, drainPreview, requestDrain } from '../../moves/index.ts';
import { type LossSources, reviewLoss } from '../../readmission/index.ts';
import {
  acceptLoss,
  type Decision,
  describeHost,
  type Host,
  type HostDescription,
  type Refusal,
  removeHost,
  type Topology,
  TopologyMap,
} from '../../topology/index.ts';
import type { Caller } from '../caller.ts';
import type { hosts } from '../hosts.ts';
import type { OutputOf, RouterHandlers } from '../operation.ts';
import { decided, operatorOf, type TopologyStores } from './operator.ts';
import { refused } from './refusals.ts';

export interface HostStores extends TopologyStores {
  readonly proofs: LossSources['proofs'];
  readonly onRun: LossSources['onRun'];
  /** what is known now of the hosts that a drain may choose */
  readonly drainFacts: (map: TopologyMap) => Promise<DrainFacts>;
  readonly admit: (request: Admission, dryRun: boolean) => Promise<AdmissionReply>;
}

export interface Admission extends HostDescription {
  readonly url: string;
  /** else its address */
  readonly name?: string | undefined;
  /** recorded with the decision */
  readonly actor: string;
  /** row of the audit log of the order */
  readonly auditRow?: string | undefined;
}

export type AdmissionReply =
  | { readonly kind: 'joined' | 'known'; readonly hostId: number }
  | { readonly kind: 'wouldJoin' }
  | {
      readonly kind: 'refused';
      readonly why: 'address' | 'unsuitable' | Refusal['reason'];
      readonly detail: string;
    };

type HostDocument = OutputOf<typeof hosts.list>['hosts'][number];

export function hostHandlers(stores: HostStores): RouterHandlers<typeof hosts> {
  const { topology } = stores;

  const decide = <R>(decision: Decision<R>, caller: Caller) =>
    decided(stores, decision, caller, 'unknown_host');

  /** A host that is in that state already stays so: asking twice is no conflict. */
  async function drain(host: number, state: 'draining' | 'active', caller: Caller) {
    const { dryRun } = caller;
    caller.note?.({ before: await hostDocument(host) });
    const reply = await requestDrain(operatorOf(stores, caller), host, state, dryRun);
    const snapshot = await topology.snapshot();
    const isAlready = snapshot.hosts.find((h) => h.id === host)?.state === state;
    if (reply.kind === 'refused' && !isAlready) throw refused(reply.refusal, 'unknown_host');
    const facts = await stores.drainFacts(new TopologyMap(snapshot));
    const { left, moves, waiting } = drainPreview(snapshot, host, facts);
    if (state === 'active') return { host, state, dryRun, left, moves: [], waiting: [] };
    return {
      ...{ host, state, dryRun, left },
      moves: moves.map(({ shardlet, dest }) => ({ shardlet: shardlet.id, to: dest })),
      waiting: waiting.map(({ why, shardlets }) => ({ why, shardlets: shardlets.map((s) => s.id) })),
    };
  }

  /** As it is; undefined: there is none of this number. */
  async function hostDocument(id: number): Promise<HostDocument | undefined> {
    const snapshot = await topology.snapshot();
    const host = snapshot.hosts.find((one) => one.id === id);
    return host && documentOf(host, countOwned(snapshot));
  }

  return {
    async list() {
      const snapshot = await topology.snapshot();
      const owned = countOwned(snapshot);
      return { hosts: snapshot.hosts.map((host) => documentOf(host, owned)) };
    },
    async add(order, { actor, auditRow, dryRun }) {
      const reply = await stores.admit({ ...order, actor, auditRow }, dryRun);
      if (reply.kind === 'wouldJoin') return { result: 'would join', host: null };
      if (reply.kind !== 'refused') {
        const snapshot = await topology.snapshot();
        const host = snapshot.hosts.find((h) => h.id === reply.hostId);
        const document = host === undefined ? null : documentOf(host, countOwned(snapshot));
        return { result: reply.kind, host: document };
      }
      const { why, detail } = reply;
      if (why === 'address') throw new ForeshardError('invalid_order', detail, { pointer: '/url' });
      if (why === 'unsuitable') throw new ForeshardError('unsuitable_host', detail);
      throw refused({ reason: why, detail }, 'unknown_host');
    },
    async describe({ host, ...description }, caller) {
      if (Object.keys(description).length === 0)
        throw new ForeshardError('invalid_order', 'Name at least one of zone, labels and capacity.');
      const old = await hostDocument(host);
      const decided = await decide(describeHost(host, description), caller);
      const result = caller.dryRun ? 'would be described' : 'described';
      const described = documentOf(decided.host, countOwned(await topology.snapshot()));
      caller.note?.({ before: old, after: described });
      return { result, host: described };
    },
    async remove({ host }, caller) {
      const old = await hostDocument(host);
      await decide(removeHost(host), caller);
      caller.note?.({ before: old, after: null });
      return { host, result: caller.dryRun ? 'would be removed' : 'removed' };
    },
    drain: ({ host }, caller) => drain(host, 'draining', caller),
    undrain: ({ host }, caller) => drain(host, 'active', caller),
    async loss({ host }) {
      const review = await reviewLoss(stores, host);
      if ('reason' in review) throw refused(review, 'unknown_host');
      const { sinceMs, shardlets, consequences, ...loss } = review;
      return {
        ...loss,
        suspendedAt: sinceMs === undefined ? null : new Date(sinceMs).toISOString(),
        shardlets: shardlets.map(({ lastSeqBefore = null, lastSeqNow = null, ...shardlet }) => ({
          ...{ ...shardlet, lastSeqBefore, lastSeqNow },
        })),
        consequences: [...consequences],
      };
    },
    async acceptLoss({ host, incarnation }, caller) {
      caller.note?.({ before: await hostDocument(host) });
      await decide(acceptLoss(host, incarnation), caller);
      // a lost wake-up costs two seconds
      if (!caller.dryRun) await stores.wake('reconcile').catch(() => {});
      return { host, result: caller.dryRun ? 'would be accepted' : 'accepted' };
    },
  };
}

function documentOf(host: Host, owned: ReadonlyMap<number, number>): HostDocument {
  const { id, name, engine, url, durability, state, zone, labels, capacity, readmission } = host;
  const regressed = readmission?.regressed;
  return {
    ...{ id, name, engine, address: addressOf(url), durability, state },
    regressed: regressed === undefined || regressed.accepted !== undefined ? null : regressed.detail,
    shardlets: owned.get(id) ?? 0,
    ...{ zone, labels, capacity },
  };
}

function countOwned({ shardlets }: Topology): Map<number, number> {
  const owned = new Map<number, number>();
  for (const { owner, state } of shardlets)
    if (state.kind !== 'gone') owned.set(owner, (owned.get(owner) ?? 0) + 1);
  return owned;
}
