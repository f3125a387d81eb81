/**
 * What a recovery of a shardlet would restore and replay now, taken from the plan that a member would get. So an estimate is
 * about the same bytes and events as the measurements from which the recovery model has learned: a delta counts with all
 * it is based on, and a shardlet without a checkpoint of its own counts what its ancestors bring.
 */

import type { Shardlet } from '../topology/index.ts';
import type { KnownCheckpoint, StateCheckpoint } from './records.ts';
import type { PlanSources } from './recovery-plan.ts';
import { isStart, newestChain, planRecovery, type RecoveryStep } from './recovery-plan.ts';

export interface RecoveryDemand<C extends KnownCheckpoint = KnownCheckpoint> {
  /** of all contents that are read */
  readonly bytes: number;
  /**
   * Committed events that are replayed. Those of an ancestor count whole, though only some are of the shardlet's keys:
   * each is read. Too many is a checkpoint too early, too few one too late.
   */
  readonly events: number;
  /** the newest of each chain that is restored; empty: nothing is restored */
  readonly restored: readonly C[];
}

export function recoveryDemand<C extends KnownCheckpoint>(
  sources: PlanSources<C>,
  shardlet: Shardlet,
  seq: number,
): RecoveryDemand<C> {
  const steps = planRecovery(sources, shardlet, { seq });
  let [bytes, events] = [0, 0];
  const restored: C[] = [];
  for (const [i, step] of steps.entries()) {
    if (step.kind === 'replay') events += step.through - step.after;
    else {
      bytes += step.checkpoint.bytes;
      if (!isBaseOf(step.checkpoint, steps[i + 1])) restored.push(step.checkpoint);
    }
  }
  return { bytes, events, restored };
}

function isBaseOf({ id }: KnownCheckpoint, next: RecoveryStep | undefined): boolean {
  return next?.kind === 'restore' && next.checkpoint.base === id;
}

/** When the oldest of what is restored was taken. Undefined: nothing is. */
export function takenAtMs({ restored }: RecoveryDemand): number | undefined {
  return restored.length === 0 ? undefined : Math.min(...restored.map(({ createdAtMs }) => createdAtMs));
}

/** The last look at its content found nothing wrong. One that cannot be restored counts for nothing. */
export function isSound({ verifyError }: Pick<StateCheckpoint, 'verifyError'>): boolean {
  return verifyError === undefined;
}

/**
 * The few of a group's checkpoints with which most plans are made (`CheckpointRecords.newest`), from all valid ones: of each
 * shardlet the newest with what it is based on, and the lowest where that is where the group begins.
 */
export function newestOfEach<C extends KnownCheckpoint>(valid: readonly C[]): C[] {
  const byId = new Map(valid.map((one) => [one.id, one]));
  return [...Map.groupBy(valid, ({ shardlet }) => shardlet).values()].flatMap((own) => {
    const chain: C[] = [];
    for (
      let one = newestOf(own);
      one !== undefined;
      one = one.base === undefined ? undefined : byId.get(one.base)
    )
      chain.push(one);
    const lowest = [...own].sort((a, b) => a.seq - b.seq || a.createdAtMs - b.createdAtMs)[0]!;
    return isStart(lowest) ? [...chain, lowest] : chain;
  });
}

/**
 * Whether the newest rows of a shardlet are enough to plan with: the newest one is what a recovery up to `through`
 * restores. If not, an older one may be.
 * @param own what `newestOfEach` has of this shardlet
 * @param usable those that can be restored
 */
export function isEnough<C extends KnownCheckpoint>(
  own: readonly C[],
  usable: readonly C[],
  { shardlet, through }: { readonly shardlet: Shardlet; readonly through: number },
): boolean {
  const newest = newestOf(own);
  return newest === undefined || newestChain(usable, shardlet, through)?.at(-1)?.id === newest.id;
}

/** Undefined: only the start of the group, or nothing. */
function newestOf<C extends KnownCheckpoint>(own: readonly C[]): C | undefined {
  return own
    .filter((one) => !isStart(one))
    .sort((a, b) => b.seq - a.seq || b.createdAtMs - a.createdAtMs || (a.id < b.id ? -1 : 1))[0];
}
