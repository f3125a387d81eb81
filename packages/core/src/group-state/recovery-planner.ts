/** How the state of a shardlet comes back, as checkpoints, lineage and hosts are now: for members, and for drills. */
import {
  isSound,
  isStart,
  lineageOf,
  planRecovery,
  type RecoveryStep,
  type StateCheckpoint,
} from '../checkpointing/index.ts';
import { finalSeqOf, type Shardlet } from '../topology/index.ts';
import { notYet, type StateParts, stillThere } from './parts.ts';

export type PlannerParts = Pick<StateParts, 'records' | 'stores' | 'map' | 'refresh' | 'host'>;

export interface PlanWanted {
  readonly fromLog: boolean;
  /** checkpoints that could not be restored */
  readonly without: readonly string[];
  /** those known to be damaged are left out: what is sound is older, but nobody waits for what will fail */
  readonly soundOnly?: boolean;
}

export interface LostEvents {
  readonly shardlet: number;
  readonly after: number;
  readonly through: number;
}

/** A step as far as its events are there still. */
export interface PresentStep {
  readonly step: RecoveryStep<StateCheckpoint> | undefined;
  readonly lost: LostEvents | undefined;
}

/** A shardlet on its way between hosts is asked again, with a newer map. */
export const STALE_LOOKS = 3;

export class RecoveryPlanner {
  private readonly parts: PlannerParts;

  constructor(parts: PlannerParts) {
    this.parts = parts;
  }

  /** @throws ForeshardError overloaded */
  async stepsOf(
    group: string,
    shardlet: Shardlet,
    seq: number,
    { fromLog, without, soundOnly = false }: PlanWanted,
  ): Promise<RecoveryStep<StateCheckpoint>[]> {
    const { map, records, stores } = this.parts;
    const lineage = await this.closedLineage(shardlet);
    const ids = lineage.map(({ id }) => id);
    const isWanted = (one: StateCheckpoint) => !without.includes(one.id) && (!soundOnly || isSound(one));
    const readable = (await records.valid(group, ids)).filter(
      (one) => isStart(one) || (stores.named(one.store) !== undefined && isWanted(one)),
    );
    const known = Map.groupBy(readable, (one) => one.shardlet);
    const sources = {
      shardlet: (id: number) => map.shardlet(id),
      checkpoints: (id: number) => known.get(id) ?? [],
    };
    return planRecovery(sources, shardlet, { seq, fromLog });
  }

  /** @throws ForeshardError overloaded @throws HostUnreachable */
  async present(step: RecoveryStep<StateCheckpoint>): Promise<PresentStep> {
    if (step.kind === 'restore') return { step, lost: undefined };
    const gone = Math.min(step.through, (await this.firstSeq(step.shardlet)) - 1);
    if (gone <= step.after) return { step, lost: undefined };
    const lost = { shardlet: step.shardlet, after: step.after, through: gone };
    return { step: gone < step.through ? { ...step, after: gone } : undefined, lost };
  }

  /** Whoever gave the shardlet out knew where its ancestors end. */
  private async closedLineage(shardlet: Shardlet): Promise<Shardlet[]> {
    const { map, refresh } = this.parts;
    for (let looks = 1; ; looks++) {
      const lineage = lineageOf({ shardlet: (id) => map.shardlet(id) }, shardlet);
      if (lineage.slice(1).every((one) => finalSeqOf(one) !== undefined)) return lineage;
      if (looks > 1) throw notYet('The map of this edge is older than the assignment.');
      await refresh();
    }
  }

  private async firstSeq(id: number): Promise<number> {
    const { host, refresh } = this.parts;
    for (let looks = 1; ; looks++) {
      const { state, owner } = stillThere(this.parts, id);
      if (state.kind === 'gone') return state.finalSeq + 1;
      const details = await (await host(owner)).describe(id);
      if ('firstSeq' in details) return details.firstSeq;
      if (looks >= STALE_LOOKS) throw notYet(`Shardlet ${id} is on its way between hosts.`);
      await refresh();
    }
  }
}
