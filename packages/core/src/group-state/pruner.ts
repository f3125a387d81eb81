/**
 * Removes checkpoints that nobody needs, some shardlets at a time: a group may have hundreds of thousands, and whoever
 * shares the process and the database with it does not wait for all of them. First what recoveries need is noted, over all
 * shardlets, as one may restore what its ancestors left; then each shardlet is decided by itself.
 */
import {
  type AliveShardlet,
  type CheckpointOutline,
  type GroupCheckpointing,
  isSound,
  lineageOf,
  neededBy,
  prunable,
  type StateCheckpoint,
} from '../checkpointing/index.ts';
import { isFinished, type KnownGroup } from '../consuming/index.ts';
import type { TopologyMap } from '../topology/index.ts';
import { type StateParts, statefulGroup } from './parts.ts';

const MS_PER_HOUR = 3_600_000;
/** Shardlets of which it is decided in one go: some tens of milliseconds of the processor. */
const DECIDED_AT_ONCE = 250;
/** In one transaction, which keeps new deltas on them waiting. */
const CONDEMNED_AT_ONCE = 1_000;
/** Of one prune; the next one goes on. */
export const PRUNED_AT_ONCE = 10_000;

export type PrunerParts = Pick<StateParts, 'groups' | 'records' | 'stores' | 'map' | 'nowMs'>;

export interface Pruned {
  readonly checkpoints: number;
  readonly bytes: number;
}

export interface PruneOptions {
  /** counts all, and removes none */
  readonly dryRun: boolean;
  /** ends it between two steps */
  readonly signal?: AbortSignal | undefined;
}

interface Pruning {
  readonly settings: GroupCheckpointing;
  readonly needed: ReadonlySet<string>;
  readonly nowMs: number;
}

export class CheckpointPruner {
  private readonly parts: PrunerParts;

  constructor(parts: PrunerParts) {
    this.parts = parts;
  }

  /** @throws ForeshardError unknown_group, invalid_parameter @throws StoreUnreachable */
  async prune(group: string, { dryRun, signal }: PruneOptions): Promise<Pruned> {
    const { records, nowMs } = this.parts;
    const [known, stored] = [await statefulGroup(this.parts, group), await records.shardlets(group)];
    const settings = known.group.checkpointing!;
    const atMs = nowMs();
    const pruning = { settings, needed: await this.needed(known, new Set(stored), atMs), nowMs: atMs };
    let [checkpoints, bytes] = [0, 0];
    for (const some of slices(stored, DECIDED_AT_ONCE)) {
      if (signal?.aborted === true) break;
      const going = this.going(pruning, await records.outlines(group, some));
      const gone = dryRun ? going : await this.delete(group, going.slice(0, PRUNED_AT_ONCE - checkpoints));
      checkpoints += gone.length;
      bytes += gone.reduce((sum, one) => sum + one.bytes, 0);
      if (!dryRun && checkpoints >= PRUNED_AT_ONCE) break;
    }
    return { checkpoints, bytes };
  }

  /** Contents go first, or nobody would know of them. Answers those that are gone; others wait for the next sweep. */
  async discard(rows: readonly StateCheckpoint[]): Promise<readonly StateCheckpoint[]> {
    const { records, stores } = this.parts;
    const gone: StateCheckpoint[] = [];
    for (const [kind, own] of Map.groupBy(rows, ({ store }) => store)) {
      const store = stores.named(kind);
      // it cannot be reached from here
      if (store === undefined) continue;
      await store.delete(own.map(({ object }) => object));
      await records.remove(own.map(({ id }) => id));
      gone.push(...own);
    }
    return gone;
  }

  private async needed(
    known: KnownGroup,
    stored: ReadonlySet<number>,
    nowMs: number,
  ): Promise<ReadonlySet<string>> {
    const shardlet = (id: number) => this.parts.map.shardlet(id);
    const needed = new Set<string>();
    for (const some of slices(aliveIn(this.parts.map, known), DECIDED_AT_ONCE)) {
      const own = some.map((one) => one.shardlet);
      const lineage = lineageOf({ shardlet }, ...own).filter(({ id }) => stored.has(id));
      const checkpoints: CheckpointOutline[] = [];
      const all = lineage.map(({ id }) => id);
      for (const ids of slices(all, DECIDED_AT_ONCE))
        checkpoints.push(...(await this.parts.records.outlines(known.group.name, ids)).filter(isSound));
      for (const id of neededBy(some, { checkpoints, shardlet, nowMs })) needed.add(id);
    }
    return needed;
  }

  private going(
    { settings, needed, nowMs }: Pruning,
    all: readonly CheckpointOutline[],
  ): CheckpointOutline[] {
    const shardlet = (id: number) => this.parts.map.shardlet(id);
    // people see a damaged one for as long as a young one is kept
    const shownFromMs = nowMs - settings.keep_hours * MS_PER_HOUR;
    return [
      ...prunable(needed, settings, { checkpoints: all.filter(isSound), shardlet, nowMs }),
      ...all.filter((one) => !isSound(one) && one.createdAtMs < shownFromMs),
    ];
  }

  private async delete(
    group: string,
    going: readonly CheckpointOutline[],
  ): Promise<readonly StateCheckpoint[]> {
    const condemned: StateCheckpoint[] = [];
    // a base is of the same shardlet as its deltas, so it goes with them or after them
    for (const some of slices(inOrder(going), CONDEMNED_AT_ONCE)) {
      const rows = await this.parts.records.condemn(
        group,
        some.map(({ id }) => id),
      );
      await this.discard(rows);
      condemned.push(...rows);
    }
    return condemned;
  }
}

/** What the group still processes. */
export function aliveIn(map: Pick<TopologyMap, 'shardlets'>, { group, state }: KnownGroup): AliveShardlet[] {
  return [...map.shardlets(group.stream)].flatMap((shardlet) => {
    const position = state.checkpoints.get(shardlet.id);
    return isFinished(shardlet, position) ? [] : [{ shardlet, seq: position?.seq ?? 0 }];
  });
}

/** A delta before what it is based on. */
function inOrder(going: readonly CheckpointOutline[]): CheckpointOutline[] {
  return [...going].sort((a, b) => b.createdAtMs - a.createdAtMs || b.seq - a.seq);
}

function slices<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}
