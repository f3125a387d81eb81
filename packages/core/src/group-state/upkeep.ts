/** Checks and removes checkpoints, for people and for the worker, and knows what retention has to leave. */
import { chainOf, replayFloors, type StateCheckpoint } from '../checkpointing/index.ts';
import type { Group } from '../consuming/index.ts';
import { ForeshardError } from '../kernel/index.ts';
import type { ReplayFloor } from '../retention/index.ts';
import { ChainReader } from './chain-reader.ts';
import { type StateParts, statefulGroup } from './parts.ts';
import { aliveIn, CheckpointPruner, type Pruned, type PruneOptions } from './pruner.ts';
import { type RecoverableGroup, recoverableGroup } from './recoverable.ts';

/** Whatever is older and has no row, or a row that is pending still, belongs to an upload that nobody ends. */
export const ORPHANED_AFTER_MS = 24 * 3_600_000;
const SWEEP_ROWS_MAX = 1_000;

export type UpkeepParts = Pick<StateParts, 'groups' | 'records' | 'stores' | 'map' | 'digestOf' | 'nowMs'>;

export interface Verified {
  readonly error: string | undefined;
  /** contents that were read */
  readonly read: number;
  readonly bytes: number;
  readonly ms: number;
}

export interface Swept {
  readonly rows: number;
  readonly objects: number;
}

export class CheckpointUpkeep {
  private readonly parts: UpkeepParts;
  private readonly pruner: CheckpointPruner;

  constructor(parts: UpkeepParts) {
    this.parts = parts;
    this.pruner = new CheckpointPruner(parts);
  }

  /** @throws ForeshardError unknown_group, not_found */
  async find(name: string, id: string): Promise<StateCheckpoint> {
    await statefulGroup(this.parts, name);
    const found = await this.parts.records.find(name, id);
    if (found !== undefined) return found;
    throw new ForeshardError('not_found', `The group "${name}" has no checkpoint ${id}.`);
  }

  /** Reads and unpacks it with all that it is based on. @throws ForeshardError unknown_group, not_found */
  async verify(name: string, id: string): Promise<Verified> {
    const { records, map, nowMs } = this.parts;
    const startedMs = nowMs();
    const row = await this.find(name, id);
    const shardlet = map.shardlet(row.shardlet);
    const all = await records.valid(name, [row.shardlet]);
    const chain = shardlet && chainOf(row, new Map(all.map((one) => [one.id, one])), shardlet);
    const found =
      chain === undefined ? { error: brokenChain(row), read: 0, bytes: 0 } : await this.read(chain);
    await records.verified(id, found.error);
    return { ...found, ms: Math.round(nowMs() - startedMs) };
  }

  /** `false`: others are based on it. @throws ForeshardError unknown_group, not_found */
  async remove(name: string, id: string): Promise<boolean> {
    await this.find(name, id);
    const condemned = await this.parts.records.condemn(name, [id]);
    await this.pruner.discard(condemned);
    return condemned.length === 1;
  }

  /** Those that nobody needs. @throws ForeshardError unknown_group */
  prune(name: string, options: PruneOptions): Promise<Pruned> {
    return this.pruner.prune(name, options);
  }

  /** Rows that are to go, and contents that belong to none. Also what a prune left after a failure. */
  async sweep(): Promise<Swept> {
    const { records, nowMs } = this.parts;
    const beforeMs = nowMs() - ORPHANED_AFTER_MS;
    const overdue = await records.overdue(beforeMs, SWEEP_ROWS_MAX);
    const going = overdue.filter(({ state }) => state === 'deleting');
    const pending = overdue.filter(({ state }) => state === 'pending');
    for (const [group, own] of Map.groupBy(pending, (row) => row.group)) {
      const ids = own.map(({ id }) => id);
      going.push(...(await records.condemn(group, ids)));
    }
    const rows = (await this.pruner.discard(going)).length;
    return { rows, objects: await this.sweepObjects(beforeMs) };
  }

  /** By shardlet of this stream: what its groups would replay. */
  async floors(stream: number): Promise<Map<number, ReplayFloor[]>> {
    const { groups, map } = this.parts;
    const floors = new Map<number, ReplayFloor[]>();
    const stateful = (await groups.list()).filter((one) => one.stream === stream && keepsState(one));
    for (const { name } of stateful) {
      const group = await this.recoverable(name);
      if (group === undefined) continue;
      const { known, sources } = group;
      const holds = known.group.checkpointing?.hold_retention ?? false;
      for (const [id, seq] of replayFloors(sources, aliveIn(map, known)))
        floors.set(id, [...(floors.get(id) ?? []), { group: name, seq, holds }]);
    }
    return floors;
  }

  /** What recoveries of the group would restore. Undefined: there is no such group. */
  recoverable(name: string): Promise<RecoverableGroup | undefined> {
    return recoverableGroup(this.parts, name);
  }

  private async sweepObjects(beforeMs: number): Promise<number> {
    const { records, stores } = this.parts;
    let objects = 0;
    for await (const names of stores.current.list('', beforeMs)) {
      const named = await records.named(names);
      const orphans = names.filter((name) => !named.has(name));
      if (orphans.length > 0) await stores.current.delete(orphans);
      objects += orphans.length;
    }
    return objects;
  }

  private async read(chain: readonly StateCheckpoint[]) {
    const reader = new ChainReader(this.parts);
    let [bytes, read] = [0, 0];
    for (const one of chain) {
      const found = await reader.read(one);
      bytes += found.bytes;
      if (found.bytes > 0) read++;
      if (found.error !== undefined) return { error: found.error, read, bytes };
    }
    return { error: reader.contradiction(chain.at(-1)!), read, bytes };
  }
}

function keepsState({ checkpointing }: Group): boolean {
  return checkpointing !== undefined;
}

function brokenChain({ id, base }: StateCheckpoint): string {
  return base === undefined
    ? `Checkpoint ${id} is not valid: a host lost events that are in it.`
    : `A checkpoint that ${id} is based on is not valid any more.`;
}
