/**
 * A group with what recoveries of its shardlets would restore, read without everything that is kept of it: a few rows of
 * each shardlet, and all rows only of those whose newest checkpoint is damaged, or holds events that a host has lost.
 */
import {
  type CheckpointRecords,
  isEnough,
  isSound,
  type PlanSources,
  type StateCheckpoint,
} from '../checkpointing/index.ts';
import type { GroupStore, KnownGroup } from '../consuming/index.ts';
import { finalSeqOf, type TopologyMap } from '../topology/index.ts';
import type { ContentStores } from './parts.ts';

export interface RecoverableParts {
  readonly groups: Pick<GroupStore, 'find'>;
  readonly records: Pick<CheckpointRecords, 'newest' | 'valid'>;
  readonly stores: Pick<ContentStores, 'named'>;
  readonly map: Pick<TopologyMap, 'shardlet'>;
}

export interface RecoverableGroup {
  readonly known: KnownGroup;
  readonly sources: PlanSources<StateCheckpoint>;
}

/** Undefined: there is no such group. */
export async function recoverableGroup(
  parts: RecoverableParts,
  name: string,
): Promise<RecoverableGroup | undefined> {
  const { groups, records, map, stores } = parts;
  // before the positions: then no row is ahead of what is committed
  const newest = await records.newest(name);
  const known = await groups.find(name);
  if (known === undefined) return undefined;
  const isUsable = (one: StateCheckpoint) =>
    isSound(one) && (one.reason === 'start' || stores.named(one.store) !== undefined);
  const usable = new Map<number, readonly StateCheckpoint[]>();
  const doubtful: number[] = [];
  for (const [id, own] of Map.groupBy(newest, (one) => one.shardlet)) {
    const shardlet = map.shardlet(id);
    if (shardlet === undefined) continue;
    const through = known.state.checkpoints.get(id)?.seq ?? finalSeqOf(shardlet) ?? 0;
    const left = own.filter(isUsable);
    if (isEnough(own, left, { shardlet, through })) usable.set(id, left);
    else doubtful.push(id);
  }
  const all = doubtful.length === 0 ? [] : await records.valid(name, doubtful);
  for (const [id, own] of Map.groupBy(all, (one) => one.shardlet)) usable.set(id, own.filter(isUsable));
  return {
    known,
    sources: { shardlet: (id) => map.shardlet(id), checkpoints: (id) => usable.get(id) ?? [] },
  };
}
