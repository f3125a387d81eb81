/** What is done for operations on shardlets: successors take over their positions on the same host. */
import { ForeshardError } from '../../kernel/index.ts';
import { formatPosition, parsePosition } from '../../keyspace/index.ts';
import {
  cutAt,
  mergeRequest,
  type RequestedRestructure,
  type RestructureRequest,
  requestRestructure,
  rollRequest,
} from '../../moves/index.ts';
import { type LoadSources, planObservedSplit, type SplitPlan } from '../../restructuring/index.ts';
import { type Shardlet, TopologyMap } from '../../topology/index.ts';
import type { Caller } from '../caller.ts';
import type { OutputOf, RouterHandlers } from '../operation.ts';
import type { shardlets } from '../shardlets.ts';
import { operatorOf, type TopologyStores } from './operator.ts';
import { accepted } from './refusals.ts';

export interface ShardletStores extends TopologyStores, Pick<LoadSources, 'countedKeys' | 'onHost'> {}

type Restructured = OutputOf<typeof shardlets.roll>;

export function shardletHandlers(stores: ShardletStores): RouterHandlers<typeof shardlets> {
  const currentMap = async () => new TopologyMap(await stores.topology.snapshot());

  async function documentsNow(ids: readonly number[]) {
    const map = await currentMap();
    return ids.flatMap((id) => map.shardlet(id) ?? []).map((one) => documentOf(one, map));
  }

  async function restructured(
    request: RestructureRequest,
    caller: Caller,
    plan?: SplitPlan,
  ): Promise<Restructured> {
    const { dryRun } = caller;
    caller.note?.({ before: { shardlets: await documentsNow(request.parents) } });
    const reply = await requestRestructure(operatorOf(stores, caller), request, dryRun);
    const { children } = accepted(reply, 'unknown_shardlet');
    return {
      parents: [...request.parents],
      children: children.map((child, i) => childOf(child, plan?.shares[i], dryRun)),
      dryRun,
      ...(plan === undefined ? {} : explained(plan)),
    };
  }

  return {
    async show({ shardlet: id }) {
      const map = await currentMap();
      const found = map.shardlet(id);
      if (found === undefined) throw unknown(id);
      return documentOf(found, map);
    },
    async split({ shardlet: id, at }, caller) {
      const map = await currentMap();
      const parent = map.shardlet(id);
      if (parent === undefined) throw unknown(id);
      const plan = at === undefined ? await planObservedSplit(map, parent, stores) : insistOnCut(parent, at);
      if (plan.children.length < 2)
        throw new ForeshardError('invalid_order', `Shardlet ${id} cannot be split: ${plan.explanation}.`);
      return restructured({ parents: [id], children: plan.children }, caller, plan);
    },
    async roll({ shardlet }, caller) {
      return restructured(insisted(rollRequest(await currentMap(), shardlet)), caller);
    },
    async merge({ shardlets: joined }, caller) {
      return restructured(insisted(mergeRequest(await currentMap(), joined)), caller);
    },
  };
}

function documentOf(shardlet: Shardlet, map: TopologyMap): OutputOf<typeof shardlets.show> {
  const { id, shard, range, owner, epoch, state, parents } = shardlet;
  return {
    ...{ id, stream: map.stream(shardlet.stream)?.name ?? '', shard },
    range: { from: formatPosition(range.from), to: formatPosition(range.to) },
    ...{ host: owner, epoch, state: state.kind, parents: [...parents] },
  };
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

function insisted(requested: RequestedRestructure): RestructureRequest {
  if ('unknown' in requested) throw unknown(requested.unknown);
  return requested;
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

function explained({ basis, hotKey, explanation }: SplitPlan) {
  return { basis, hotKey: hotKey ?? null, explanation };
}
