/**
 * Looks after the checkpoints that groups keep: once a minute it verifies one of each group and removes what was left over,
 * and every ten minutes it prunes. Contents may be far away, and a group may have hundreds of thousands of checkpoints: so it
 * is a job by itself, and members do not wait for it to learn what is due.
 */
import type { CheckpointRecords } from '@foreshard/core/checkpointing';
import type { GroupStore } from '@foreshard/core/consuming';
import { type CheckpointUpkeep, PRUNED_AT_ONCE } from '@foreshard/core/group-state';
import type { Logger } from 'pino';
import { eachInTurn } from '../jobs/each-in-turn.ts';

export interface UpkeepJobParts {
  readonly groups: Pick<GroupStore, 'list'>;
  readonly records: Pick<CheckpointRecords, 'leastVerified'>;
  readonly upkeep: Pick<CheckpointUpkeep, 'prune' | 'sweep' | 'verify'>;
  readonly log: Logger;
  readonly nowMs: () => number;
}

const EVERY_MS = 60_000;
/** It reads all that is kept of a group. */
const PRUNE_EVERY_MS = 600_000;

export class UpkeepJob {
  private readonly parts: UpkeepJobParts;
  private readonly prunedMs = new Map<string, number>();
  private lastMs = Number.NEGATIVE_INFINITY;

  constructor(parts: UpkeepJobParts) {
    this.parts = parts;
  }

  async run(signal: AbortSignal): Promise<object | undefined> {
    const { groups, upkeep, nowMs } = this.parts;
    if (nowMs() - this.lastMs < EVERY_MS) return undefined;
    this.lastMs = nowMs();
    const names = (await groups.list()).flatMap(({ name, checkpointing }) =>
      checkpointing === undefined ? [] : [name],
    );
    for (const name of this.prunedMs.keys()) if (!names.includes(name)) this.prunedMs.delete(name);
    let [pruned, swept] = [0, { rows: 0, objects: 0 }];
    const verifying = names.map((name) => () => this.verifySample(name));
    const sweeping = async () => {
      swept = await upkeep.sweep();
    };
    const pruning = names.map((name) => async () => {
      pruned += await this.prune(name, signal);
    });
    await eachInTurn([...verifying, sweeping, ...pruning], signal, (work) => work());
    return pruned + swept.rows + swept.objects === 0 ? undefined : { pruned, ...swept };
  }

  private async verifySample(name: string): Promise<void> {
    const { upkeep, records, log } = this.parts;
    const sample = await records.leastVerified(name);
    if (sample === undefined) return;
    const { error } = await upkeep.verify(name, sample.id);
    if (error === undefined) return;
    const checkpoint = { group: name, checkpoint: sample.id, shardlet: sample.shardlet };
    log.error({ ...checkpoint, error }, 'a checkpoint cannot be restored');
  }

  private async prune(name: string, signal: AbortSignal): Promise<number> {
    const nowMs = this.parts.nowMs();
    if (nowMs - (this.prunedMs.get(name) ?? Number.NEGATIVE_INFINITY) < PRUNE_EVERY_MS) return 0;
    const { checkpoints } = await this.parts.upkeep.prune(name, { dryRun: false, signal });
    // there may be more
    if (checkpoints < PRUNED_AT_ONCE && !signal.aborted) this.prunedMs.set(name, nowMs);
    return checkpoints;
  }
}
