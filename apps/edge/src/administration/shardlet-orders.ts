/** Split, roll and merge: shardlets hand their positions over to successors on the same host. */
import { ForeshardError } from '@foreshard/core/kernel';
import { formatPosition, parsePosition } from '@foreshard/core/keyspace';
import {
  cutAt,
  mergeWish,
  planObservedSplit,
  type RestructureWish,
  requestRestructure,
  rollWish,
  type SplitPlan,
  type Wished,
} from '@foreshard/core/migration';
import { type Shardlet, TopologyMap } from '@foreshard/core/topology';
import type { z } from 'zod';
import type { AdministrationParts, Caller } from './parts.ts';
import { accepted, operatorOf, reaching } from './refusing.ts';
import type { restructuredSchema } from './schemas.ts';

type Restructured = z.output<typeof restructuredSchema>;

export class ShardletOrders {
  private readonly parts: AdministrationParts;

  constructor(parts: AdministrationParts) {
    this.parts = parts;
  }

  split(id: number, at: string | undefined, caller: Caller): Promise<Restructured> {
    return reaching(async () => {
      const map = await this.map();
      const parent = map.shardlet(id);
      if (parent === undefined) throw unknown(id);
      const plan =
        at === undefined ? await planObservedSplit(map, parent, this.parts) : insistOnCut(parent, at);
      if (plan.children.length < 2)
        throw new ForeshardError('invalid_order', `Shardlet ${id} cannot be split: ${plan.explanation}.`);
      return this.restructure({ parents: [id], children: plan.children }, caller, plan);
    });
  }

  roll(id: number, caller: Caller): Promise<Restructured> {
    return reaching(async () => this.restructure(insisted(rollWish(await this.map(), id)), caller));
  }

  merge(shardlets: readonly number[], caller: Caller): Promise<Restructured> {
    return reaching(async () => this.restructure(insisted(mergeWish(await this.map(), shardlets)), caller));
  }

  private async map(): Promise<TopologyMap> {
    return new TopologyMap(await this.parts.topology.snapshot());
  }

  private async restructure(wish: RestructureWish, caller: Caller, plan?: SplitPlan): Promise<Restructured> {
    const { dryRun } = caller;
    const reply = await requestRestructure(operatorOf(this.parts, caller), wish, dryRun);
    const { children } = accepted(reply, 'unknown_shardlet');
    return {
      parents: [...wish.parents],
      children: children.map((child, i) => childOf(child, plan?.shares[i], dryRun)),
      dryRun,
      ...(plan === undefined ? {} : told(plan)),
    };
  }
}

function insistOnCut(parent: Shardlet, at: string): SplitPlan {
  const plan = cutAt(parent, parsePosition(at));
  if (plan !== undefined) return plan;
  const { from, to } = parent.range;
  throw new ForeshardError(
    'invalid_order',
    `${at} is not inside shardlet ${parent.id}, from ${formatPosition(from)} to ${formatPosition(to)}.`,
    { pointer: '/at' },
  );
}

function insisted(wished: Wished): RestructureWish {
  if ('unknown' in wished) throw unknown(wished.unknown);
  return wished;
}

function unknown(id: number): ForeshardError {
  return new ForeshardError('unknown_shardlet', `There is no shardlet ${id}.`);
}

function childOf({ id, owner, range: { from, to } }: Shardlet, share: number | undefined, dryRun: boolean) {
  return {
    shardlet: dryRun ? null : id,
    host: owner,
    range: { from: formatPosition(from), to: formatPosition(to) },
    loadShare: share ?? null,
  };
}

function told({ basis, hotKey, explanation }: SplitPlan) {
  return { basis, hotKey: hotKey ?? null, explanation };
}
