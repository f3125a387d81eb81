/** Hosts: list, add, drain, remove, accept a loss. */
import { ForeshardError } from '@foreshard/core/kernel';
import { drainPreview, requestDrain, reviewLoss, tryDecision } from '@foreshard/core/migration';
import {
  acceptLoss,
  describeHost,
  type Host,
  type HostDescription,
  removeHost,
  type Topology,
  TopologyMap,
} from '@foreshard/core/topology';
import type { z } from 'zod';
import { addressOf } from '../http/map-document.ts';
import type { AdministrationParts, Caller } from './parts.ts';
import { accepted, operatorOf, reaching, refused } from './refusing.ts';
import type {
  acceptedLossSchema,
  addedHostSchema,
  describedHostSchema,
  drainSchema,
  hostSchema,
  lossSchema,
  newHostSchema,
  removedHostSchema,
} from './schemas.ts';

type HostDocument = z.output<typeof hostSchema>;

export class HostOrders {
  private readonly parts: AdministrationParts;

  constructor(parts: AdministrationParts) {
    this.parts = parts;
  }

  list(): Promise<{ hosts: HostDocument[] }> {
    return reaching(async () => {
      const topology = await this.parts.topology.snapshot();
      const owned = countOwned(topology);
      return { hosts: topology.hosts.map((host) => documentOf(host, owned)) };
    });
  }

  add(
    order: z.output<typeof newHostSchema>,
    { actor, dryRun }: Caller,
  ): Promise<z.output<typeof addedHostSchema>> {
    return reaching(async () => {
      const reply = await this.parts.admit({ ...order, actor }, dryRun);
      if (reply.kind === 'wouldJoin') return { result: 'would join', host: null };
      if (reply.kind !== 'refused') return { result: reply.kind, host: await this.find(reply.hostId) };
      const { why, detail } = reply;
      if (why === 'address') throw new ForeshardError('invalid_order', detail, { pointer: '/url' });
      if (why === 'unsuitable') throw new ForeshardError('unsuitable_host', detail);
      throw refused({ reason: why, detail }, 'unknown_host');
    });
  }

  describe(
    host: number,
    description: HostDescription,
    { actor, dryRun }: Caller,
  ): Promise<z.output<typeof describedHostSchema>> {
    return reaching(async () => {
      if (Object.keys(description).length === 0)
        throw new ForeshardError('invalid_order', 'nothing is said of the host');
      const { topology, nowMs } = this.parts;
      const decision = describeHost(host, description);
      const snapshot = await topology.snapshot();
      const reply = dryRun
        ? tryDecision(snapshot, decision, nowMs())
        : await topology.decide(decision, actor);
      const { host: described } = accepted(reply, 'unknown_host');
      const result = dryRun ? 'would be described' : 'described';
      return { result, host: documentOf(described, countOwned(snapshot)) };
    });
  }

  remove(host: number, { actor, dryRun }: Caller): Promise<z.output<typeof removedHostSchema>> {
    return reaching(async () => {
      const { topology, nowMs } = this.parts;
      const decision = removeHost(host);
      const reply = dryRun
        ? tryDecision(await topology.snapshot(), decision, nowMs())
        : await topology.decide(decision, actor);
      accepted(reply, 'unknown_host');
      return { host, result: dryRun ? 'would be removed' : 'removed' };
    });
  }

  /** A host that is in that state already stays so: asking twice is no conflict. */
  drain(host: number, state: 'draining' | 'active', caller: Caller): Promise<z.output<typeof drainSchema>> {
    return reaching(async () => {
      const { dryRun } = caller;
      const reply = await requestDrain(operatorOf(this.parts, caller), host, state, dryRun);
      const topology = await this.parts.topology.snapshot();
      const isAlready = topology.hosts.find((h) => h.id === host)?.state === state;
      if (reply.kind === 'refused' && !isAlready) throw refused(reply.refusal, 'unknown_host');
      const facts = await this.parts.drainFacts(new TopologyMap(topology));
      const { left, moves, waiting } = drainPreview(topology, host, facts);
      if (state === 'active') return { host, state, dryRun, left, moves: [], waiting: [] };
      return {
        ...{ host, state, dryRun, left },
        moves: moves.map(({ shardlet, dest }) => ({ shardlet: shardlet.id, to: dest })),
        waiting: waiting.map(({ why, shardlets }) => ({ why, shardlets: shardlets.map((s) => s.id) })),
      };
    });
  }

  loss(host: number): Promise<z.output<typeof lossSchema>> {
    return reaching(async () => {
      const review = await reviewLoss(this.parts, host);
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
    });
  }

  acceptLoss(
    host: number,
    incarnation: string,
    { actor, dryRun }: Caller,
  ): Promise<z.output<typeof acceptedLossSchema>> {
    return reaching(async () => {
      const { topology, wake, nowMs } = this.parts;
      const decision = acceptLoss(host, incarnation);
      const reply = dryRun
        ? tryDecision(await topology.snapshot(), decision, nowMs())
        : await topology.decide(decision, actor);
      accepted(reply, 'unknown_host');
      // a lost wake-up costs two seconds
      if (!dryRun) await wake('reconcile').catch(() => {});
      return { host, result: dryRun ? 'would be accepted' : 'accepted' };
    });
  }

  private async find(id: number): Promise<HostDocument | null> {
    const topology = await this.parts.topology.snapshot();
    const host = topology.hosts.find((h) => h.id === id);
    return host === undefined ? null : documentOf(host, countOwned(topology));
  }
}

function documentOf(host: Host, owned: ReadonlyMap<number, number>): HostDocument {
  const { id, name, engine, url, durability, state, zone, labels, capacity } = host;
  const shardlets = owned.get(id) ?? 0;
  return { id, name, engine, address: addressOf(url), durability, state, shardlets, zone, labels, capacity };
}

function countOwned({ shardlets }: Topology): Map<number, number> {
  const owned = new Map<number, number>();
  for (const { owner, state } of shardlets)
    if (state.kind !== 'gone') owned.set(owner, (owned.get(owner) ?? 0) + 1);
  return owned;
}
