/**
 * Which slices this worker has: it takes free ones up to its share, prolongs their leases, reports them, and gives back what is
 * another worker's share. A worker that was killed loses its slices when their leases are over.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClaimedSlice, type SliceStore, sharingOf } from '@foreshard/core/anticipating';
import type { Logger } from 'pino';
import type { EngineHost } from './engine-host.ts';
import { type LearnerParts, SliceLearner } from './slice-learner.ts';

const LEASE_MS = 10_000;
/** Several tries within a lease. */
const LOOK_MS = 2_000;
/** A slice that failed is left to others for so long. */
const FAILED_MS = 10_000;

export interface KeeperParts extends Omit<LearnerParts, 'slices'> {
  readonly slices: SliceStore;
  readonly engines: EngineHost;
  /** unlike that of any other worker */
  readonly worker: string;
  readonly log: Logger;
  /** of reports */
  readonly wallMs: () => number;
}

interface Kept {
  readonly learner: SliceLearner;
  readonly done: Promise<void>;
  renewedAtMs: number;
}

export class SliceKeeper {
  private readonly parts: KeeperParts;
  private readonly kept = new Map<string, Kept>();
  private readonly failedUntilMs = new Map<string, number>();
  private readonly ending = new AbortController();
  private looking: Promise<void> = Promise.resolve();

  constructor(parts: KeeperParts) {
    this.parts = parts;
  }

  start(): void {
    this.looking = this.lookOn();
  }

  /** Saves what was learned, so that another worker goes on at once. */
  async stop(): Promise<void> {
    this.ending.abort();
    await this.looking;
    await Promise.all([...this.kept.keys()].map((id) => this.giveBack(id)));
    await this.parts.slices.leave(this.parts.worker).catch(() => {});
    await this.parts.engines.stop();
  }

  private async lookOn(): Promise<void> {
    const { signal } = this.ending;
    while (!signal.aborted) {
      await this.look().catch((error: Error) =>
        this.parts.log.warn({ reason: error.message }, 'learning waits'),
      );
      await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
    }
  }

  private async look(): Promise<void> {
    const { slices, worker } = this.parts;
    await Promise.all([...this.kept].map(([id, kept]) => this.renew(id, kept)));
    const rows = await slices.list();
    if (rows.length === 0 && this.kept.size === 0) return;
    const workers = await slices.attend(worker);
    const nowMs = this.parts.nowMs();
    // a lease of this worker that it does not keep is over soon: of a learner that failed
    const open = rows.filter((row) => (this.failedUntilMs.get(idOf(row)) ?? 0) <= nowMs);
    const { take, giveBack } = sharingOf(open, worker, workers);
    await Promise.all(giveBack.map((row) => this.giveBack(idOf(row))));
    for (const row of take) await this.take(row);
  }

  private async take({ stream, slice }: { readonly stream: number; readonly slice: number }): Promise<void> {
    const { slices, worker, log } = this.parts;
    const claimed = await slices.claim({ stream, slice }, worker, LEASE_MS);
    if (claimed === undefined || this.kept.has(idOf(claimed))) return;
    const learner = new SliceLearner(this.parts, claimed);
    log.info({ stream, slice, learned: claimed.progress?.learned ?? 0 }, 'a slice is learned here');
    const kept = { learner, done: this.learn(learner, claimed), renewedAtMs: this.parts.nowMs() };
    this.kept.set(idOf(claimed), kept);
  }

  private async learn(learner: SliceLearner, { state, ...claimed }: ClaimedSlice): Promise<void> {
    const id = idOf(claimed);
    try {
      await learner.run(state);
    } catch (error) {
      this.parts.log.warn({ slice: id, reason: (error as Error).message }, 'a slice is not learned for now');
      this.failedUntilMs.set(id, this.parts.nowMs() + FAILED_MS);
      this.kept.delete(id);
      await learner.close();
      await this.parts.slices.release(learner.held).catch(() => {});
    }
  }

  private async renew(id: string, kept: Kept): Promise<void> {
    const { slices, nowMs, wallMs } = this.parts;
    const { learner } = kept;
    try {
      const report = await learner.report(wallMs());
      const settings = await slices.renew(learner.held, LEASE_MS, report);
      if (settings === undefined) return await this.drop(id, kept);
      learner.settings = settings;
      kept.renewedAtMs = nowMs();
    } catch (error) {
      // a lease that is over may be another's by now
      if (nowMs() - kept.renewedAtMs > LEASE_MS) await this.drop(id, kept);
      else throw error;
    }
  }

  /** Without a save: it belongs to another one. */
  private async drop(id: string, { learner, done }: Kept): Promise<void> {
    this.kept.delete(id);
    learner.stop();
    await done;
    await learner.close();
  }

  private async giveBack(id: string): Promise<void> {
    const kept = this.kept.get(id);
    if (kept === undefined) return;
    const { learner, done } = kept;
    learner.stop();
    await done;
    await learner.save().catch(() => false);
    this.kept.delete(id);
    await learner.close();
    await this.parts.slices.release(learner.held).catch(() => {});
  }
}

function idOf({ stream, slice }: { readonly stream: number; readonly slice: number }): string {
  return `${stream}/${slice}`;
}
