/**
 * Which checkpoints of a group may go: those that are neither among the newest of their shardlet, nor young, nor needed.
 * Needed is what the recovery of a shardlet that is still processed would restore now, with all it is based on, and one
 * that is older than an hour: a host may yet report that it lost its last writes, which invalidates the newer ones.
 *
 * Of the young ones fewer are kept the older they are: all of the last hour, one of each hour of the last day, one of each day
 * before. Members take one every few minutes; nobody goes back to a certain minute of yesterday.
 */
import type { Shardlet } from '../topology/index.ts';
import type { PlannedCheckpoint } from './records.ts';
import { isInvalidated, isStart, type PlanSources, planRecovery } from './recovery-plan.ts';
import type { GroupCheckpointing } from './settings.ts';

/** A loss of last writes is reported when the host is back: later than this, it held them for longer before. */
export const KEPT_FOR_LOSS_MS = 3_600_000;
const MS_PER_HOUR = 3_600_000;
const MS_PER_DAY = 24 * MS_PER_HOUR;

export interface PruneSources<C extends PlannedCheckpoint> {
  /** valid ones; what cannot be restored saves no older one */
  readonly checkpoints: readonly C[];
  shardlet(id: number): Shardlet | undefined;
  readonly nowMs: number;
}

/** A shardlet that the group still processes, with the seq it has committed of it. */
export interface AliveShardlet {
  readonly shardlet: Shardlet;
  readonly seq: number;
}

/** What recoveries of these shardlets need. REQUIRES the checkpoints of their lineage. */
export function neededBy<C extends PlannedCheckpoint>(
  alive: readonly AliveShardlet[],
  { checkpoints, shardlet, nowMs }: PruneSources<C>,
): Set<string> {
  const old = checkpoints.filter((one) => nowMs - one.createdAtMs > KEPT_FOR_LOSS_MS || isStart(one));
  const needed = new Set<string>();
  for (const known of [byShardlet(checkpoints), byShardlet(old)]) {
    const sources: PlanSources<C> = { shardlet, checkpoints: (id) => known.get(id) ?? [] };
    for (const { shardlet: one, seq } of alive)
      for (const step of planRecovery(sources, one, { seq }))
        if (step.kind === 'restore') needed.add(step.checkpoint.id);
  }
  return needed;
}

/**
 * @param needed by all shardlets that are alive
 * @param sources of some shardlets, all their checkpoints: nothing is decided across shardlets but by `needed`
 */
export function prunable<C extends PlannedCheckpoint>(
  needed: ReadonlySet<string>,
  settings: Pick<GroupCheckpointing, 'keep_count' | 'keep_hours'>,
  sources: PruneSources<C>,
): C[] {
  const { checkpoints, nowMs } = sources;
  const kept = new Set(checkpoints.filter(({ id }) => needed.has(id)).map(({ id }) => id));
  // those of a shardlet whose successors restore newer ones are needed by nobody, however few they are
  const inUse = new Set(checkpoints.filter(({ id }) => kept.has(id)).map(({ shardlet }) => shardlet));
  for (const [id, own] of byShardlet(checkpoints)) {
    const shardlet = sources.shardlet(id);
    // what a host has lost is in these: nobody restores them any more
    const usable = own.filter((one) => shardlet === undefined || !isInvalidated(one, shardlet));
    if (inUse.has(id)) for (const one of newest(usable, settings.keep_count)) kept.add(one.id);
    for (const one of spaced(own, settings.keep_hours, nowMs)) kept.add(one.id);
  }
  addBases(kept, checkpoints);
  return checkpoints.filter((one) => !kept.has(one.id) && !isStart(one));
}

function newest<C extends PlannedCheckpoint>(own: readonly C[], count: number): C[] {
  const all = own.filter((one) => !isStart(one));
  return all.sort((a, b) => b.seq - a.seq || b.createdAtMs - a.createdAtMs).slice(0, count);
}

/** Slots are those of the clock, so the choice of an hour that is over stays the same. */
function spaced<C extends PlannedCheckpoint>(own: readonly C[], hours: number, nowMs: number): C[] {
  const slots = new Map<string, C>();
  for (const one of own) {
    const ageMs = nowMs - one.createdAtMs;
    if (ageMs >= hours * MS_PER_HOUR) continue;
    const slot = slotOf(one, ageMs);
    const other = slots.get(slot);
    if (other === undefined || isBetter(one, other)) slots.set(slot, one);
  }
  return [...slots.values()];
}

function slotOf({ id, createdAtMs }: PlannedCheckpoint, ageMs: number): string {
  if (ageMs < KEPT_FOR_LOSS_MS) return id;
  if (ageMs < MS_PER_DAY) return `hour ${Math.floor(createdAtMs / MS_PER_HOUR)}`;
  return `day ${Math.floor(createdAtMs / MS_PER_DAY)}`;
}

/** A whole one, as a delta keeps all that it is based on; then the newer one. */
function isBetter(one: PlannedCheckpoint, other: PlannedCheckpoint): boolean {
  if ((one.base === undefined) !== (other.base === undefined)) return one.base === undefined;
  return one.createdAtMs > other.createdAtMs || (one.createdAtMs === other.createdAtMs && one.id < other.id);
}

/** A delta says nothing without what it is based on. */
function addBases(kept: Set<string>, checkpoints: readonly PlannedCheckpoint[]): void {
  const byId = new Map(checkpoints.map((one) => [one.id, one]));
  // grows while it is gone through
  for (const id of kept) {
    const base = byId.get(id)?.base;
    if (base !== undefined) kept.add(base);
  }
}

function byShardlet<C extends PlannedCheckpoint>(checkpoints: readonly C[]): Map<number, C[]> {
  const found = new Map<number, C[]>();
  for (const one of checkpoints) {
    const own = found.get(one.shardlet);
    if (own === undefined) found.set(one.shardlet, [one]);
    else own.push(one);
  }
  return found;
}

/**
 * By shardlet: the last seq whose event no recovery replays any more. Events above it would be missing if retention took
 * them. Of shardlets that are not named, a recovery replays nothing.
 */
export function replayFloors<C extends PlannedCheckpoint>(
  sources: PlanSources<C>,
  alive: readonly AliveShardlet[],
): Map<number, number> {
  const floors = new Map<number, number>();
  const lower = (shardlet: number, seq: number) =>
    floors.set(shardlet, Math.min(seq, floors.get(shardlet) ?? Number.POSITIVE_INFINITY));
  for (const { shardlet, seq } of alive) {
    // what comes next is not in any checkpoint
    lower(shardlet.id, seq);
    for (const step of planRecovery(sources, shardlet, { seq }))
      if (step.kind === 'replay') lower(step.shardlet, step.after);
  }
  return floors;
}
