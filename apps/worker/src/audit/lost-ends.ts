/**
 * Orders whose process, or the database, was lost before their end was recorded. A decision about the topology names the
 * row of its order in the transaction that commits it, and so does a change in PostgreSQL: of such an order they say that it
 * was carried out. Of one that changed something else it stays unknown.
 */
import { type EffectProof, type OpenOrder, type OpenOrders, UNDER_WAY_MS_MAX } from '@foreshard/core/audit';
import { changesBetween, type TopologyStore } from '@foreshard/core/topology';

export interface LostEndsParts {
  readonly orders: OpenOrders;
  readonly topology: Pick<TopologyStore, 'changesAfter'>;
  /** of the topology */
  readonly versionNow: () => number;
  readonly nowMs: () => number;
}

/** No worker ran for longer: those orders stay unknown. */
const LOOKED_BACK_MS = 7 * 86_400_000;
const EFFECTS_KEPT_MS = LOOKED_BACK_MS + 86_400_000;
/** The clocks of PostgreSQL and etcd may differ by so much. */
const CLOCKS_DIFFER_MS = 60_000;
const ORDERS_AT_ONCE = 100;
const CHANGES_READ = 10_000;

export class LostEnds {
  private readonly parts: LostEndsParts;
  /** whatever started before has its end, or gets none */
  private lookedToMs: number;

  constructor(parts: LostEndsParts) {
    this.parts = parts;
    this.lookedToMs = parts.nowMs() - LOOKED_BACK_MS;
  }

  /** Gives those that are old enough the end that the change log shows; answers how many. @throws what a store throws */
  async settle(): Promise<number> {
    const { orders, nowMs } = this.parts;
    const untilMs = nowMs() - UNDER_WAY_MS_MAX;
    const open = await orders.openBetween(new Date(this.lookedToMs), new Date(untilMs), ORDERS_AT_ONCE);
    let settled = 0;
    for (const order of open) {
      const proof = await this.proofOf(order);
      if (proof === undefined) continue;
      await orders.carriedOut(order.id, proof);
      settled += 1;
    }
    await orders.forgetEffects(new Date(nowMs() - EFFECTS_KEPT_MS));
    this.lookedToMs = open.length < ORDERS_AT_ONCE ? untilMs : open.at(-1)!.at.getTime() + 1;
    return settled;
  }

  private async proofOf({ id, at, changedAt }: OpenOrder): Promise<EffectProof | undefined> {
    if (changedAt !== null) return { kind: 'database', at: changedAt };
    const version = await this.versionNaming(id, at.getTime());
    return version === undefined ? undefined : { kind: 'topology', version };
  }

  private async versionNaming(id: string, atMs: number): Promise<number | undefined> {
    const { changes } = await changesBetween(this.parts.topology, this.parts.versionNow(), {
      fromMs: atMs - CLOCKS_DIFFER_MS,
      toMs: atMs + UNDER_WAY_MS_MAX + CLOCKS_DIFFER_MS,
      limit: CHANGES_READ,
    });
    return changes.findLast(({ auditRow }) => auditRow === id)?.version;
  }
}
