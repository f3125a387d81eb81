/** Checks and removes checkpoints, for people and for the worker, and knows what retention has to leave. */
import {
  chainOf,
  isSound,
  type KnownCheckpoint,
  prunable,
  replayFloors,
  type StateCheckpoint,
} from '../checkpointing/index.ts';
import { type Group, isFinished, type KnownGroup } from '../consuming/index.ts';
import { ForeshardError } from '../kernel/index.ts';
import type { ReplayFloor } from '../retention/index.ts';
import type { Shardlet } from '../topology/index.ts';
import { ChainReader } from './chain-reader.ts';
import { type StateParts, statefulGroup } from './parts.ts';
import { type RecoverableGroup, recoverableGroup } from './recoverable.ts';

/** Whatever is older and has no row, or a row that is pending still, belongs to an upload that nobody ends. */
export const ORPHANED_AFTER_MS = 24 * 3_600_000;
const MS_PER_HOUR = 3_600_000;
const SWEEP_ROWS_MAX = 1_000;
/** Shardlets whose rows are read in one question. */
const READ_AT_ONCE = 500;
/** Of one prune; the next one goes on. */
export const PRUNED_AT_ONCE = 10_000;
/** Contents are removed so many side by side: a store far away would hold up the job. */
const DELETED_SIDE_BY_SIDE = 8;

export type UpkeepParts = Pick<StateParts, 'groups' | 'records' | 'stores' | 'map' | 'digestOf' | 'nowMs'>;

export interface Verified {
  readonly error: string | undefined;
  /** contents that were read */
  readonly read: number;
  readonly bytes: number;
  readonly ms: number;
}

export interface Pruned {
  readonly checkpoints: number;
  readonly bytes: number;
}

export interface Swept {
  readonly rows: number;
  readonly objects: number;
}

export class CheckpointUpkeep {
  private readonly parts: UpkeepParts;

  constructor(parts: UpkeepParts) {
    this.parts = parts;
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
    return (await this.delete(name, [id])).length === 1;
  }

  /** Those that nobody needs. @throws ForeshardError unknown_group */
  async prune(name: string, dryRun: boolean): Promise<Pruned> {
    const { map, nowMs } = this.parts;
    const known = await statefulGroup(this.parts, name);
    const settings = known.group.checkpointing!;
    const all = await this.allOf(name);
    const going = prunable({
      // what cannot be restored saves no older one
      ...{ checkpoints: all.filter(isSound), alive: this.aliveIn(known), nowMs: nowMs(), settings },
      shardlet: (id) => map.shardlet(id),
    });
    // people see it for as long as a young one is kept
    const shownFromMs = nowMs() - settings.keep_hours * MS_PER_HOUR;
    going.push(...all.filter((one) => !isSound(one) && one.createdAtMs < shownFromMs));
    const gone = dryRun
      ? going
      : await this.delete(
          name,
          going.slice(0, PRUNED_AT_ONCE).map(({ id }) => id),
        );
    return { checkpoints: gone.length, bytes: gone.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  /** Rows that are to go, and contents that belong to none. Also what a prune left after a failure. */
  async sweep(): Promise<Swept> {
    const { records, nowMs } = this.parts;
    const beforeMs = nowMs() - ORPHANED_AFTER_MS;
    let rows = 0;
    for (const row of await records.overdue(beforeMs, SWEEP_ROWS_MAX)) {
      if (row.state === 'pending') await records.condemn(row.group, [row.id]);
      if (await this.deleteContent(row)) rows++;
    }
    return { rows, objects: await this.sweepObjects(beforeMs) };
  }

  /** By shardlet of this stream: what its groups would replay. */
  async floors(stream: number): Promise<Map<number, ReplayFloor[]>> {
    const { groups } = this.parts;
    const floors = new Map<number, ReplayFloor[]>();
    const stateful = (await groups.list()).filter((one) => one.stream === stream && keepsState(one));
    for (const { name } of stateful) {
      const group = await this.recoverable(name);
      if (group === undefined) continue;
      const { known, sources } = group;
      const holds = known.group.checkpointing?.hold_retention ?? false;
      for (const [id, seq] of replayFloors(sources, this.aliveIn(known)))
        floors.set(id, [...(floors.get(id) ?? []), { group: name, seq, holds }]);
    }
    return floors;
  }

  /** What recoveries of the group would restore. Undefined: there is no such group. */
  recoverable(name: string): Promise<RecoverableGroup | undefined> {
    return recoverableGroup(this.parts, name);
  }

  /** In slices: all rows of ten thousand shardlets in one answer would be late, and hold up the database. */
  private async allOf(name: string): Promise<Prunable[]> {
    const { records } = this.parts;
    const ids = [...new Set((await records.newest(name)).map(({ shardlet }) => shardlet))];
    const all: Prunable[] = [];
    for (let at = 0; at < ids.length; at += READ_AT_ONCE)
      for (const one of await records.valid(name, ids.slice(at, at + READ_AT_ONCE)))
        all.push(toPrunable(one));
    return all;
  }

  private async sweepObjects(beforeMs: number): Promise<number> {
    const { records, stores } = this.parts;
    let objects = 0;
    for await (const names of stores.current.list('', beforeMs)) {
      const named = await records.named(names);
      for (const name of names) {
        if (named.has(name)) continue;
        await stores.current.delete(name);
        objects++;
      }
    }
    return objects;
  }

  /** What the group still processes. */
  private aliveIn({ group, state }: KnownGroup): { shardlet: Shardlet; seq: number }[] {
    return [...this.parts.map.shardlets(group.stream)].flatMap((shardlet) => {
      const position = state.checkpoints.get(shardlet.id);
      return isFinished(shardlet, position) ? [] : [{ shardlet, seq: position?.seq ?? 0 }];
    });
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

  private async delete(group: string, ids: readonly string[]): Promise<readonly StateCheckpoint[]> {
    const condemned = ids.length === 0 ? [] : await this.parts.records.condemn(group, ids);
    for (let at = 0; at < condemned.length; at += DELETED_SIDE_BY_SIDE)
      await Promise.all(condemned.slice(at, at + DELETED_SIDE_BY_SIDE).map((row) => this.deleteContent(row)));
    return condemned;
  }

  /** The row goes last, or nobody would know of the content. `false`: its store cannot be reached from here. */
  private async deleteContent({ id, store, object }: StateCheckpoint): Promise<boolean> {
    const { records, stores } = this.parts;
    const found = stores.named(store);
    if (found === undefined) return false;
    await found.delete(object);
    await records.remove(id);
    return true;
  }
}

type Prunable = KnownCheckpoint & Pick<StateCheckpoint, 'verifyError'>;

/** There are many. */
function toPrunable(one: StateCheckpoint): Prunable {
  const { id, shardlet, seq, epoch, base, bytes, keys, reason, createdAtMs, verifyError } = one;
  return {
    ...{ id, shardlet, seq, epoch, base, bytes, keys, reason, createdAtMs, verifyError },
    ...{ handlerVersion: '', digest: '' },
  };
}

function keepsState({ checkpointing }: Group): boolean {
  return checkpointing !== undefined;
}

function brokenChain({ id, base }: StateCheckpoint): string {
  return base === undefined
    ? `Checkpoint ${id} is not valid: a host lost events that are in it.`
    : `A checkpoint that ${id} is based on is not valid any more.`;
}
