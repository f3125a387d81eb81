/**
 * Forecasts every minute what has become due, in the model process. Of several workers one does it at a time. A
 * model that hangs is left out for an hour, and the tick is made again without it.
 */
import type { JobProducer } from '@foreshard/core/adapters/control';
import type { BlockStore } from '@foreshard/core/telemetry';
import type { Logger } from 'pino';
import type { TickResult } from './forecast-tick.ts';
import { ModelHung, type ModelProcess } from './model-process.ts';

export interface ForecastJobParts {
  readonly process: ModelProcess;
  /** ours, and those of external clusters */
  readonly streams: () => Promise<readonly number[]>;
  readonly blocks: Pick<BlockStore, 'read' | 'exclusively'>;
  readonly jobs: Pick<JobProducer, 'wake'>;
  readonly log: Logger;
  readonly nowMs: () => number;
}

const HOUR_MS = 3_600_000;
const TRIES = 3;
/** a drift is answered by a training, and a training needs some time to show */
const DRIFT_PAUSE_MS = 6 * HOUR_MS;

export class ForecastJob {
  private readonly parts: ForecastJobParts;
  /** models that hung, until when they are left out */
  private readonly excluded = new Map<string, number>();
  private driftMs = Number.NEGATIVE_INFINITY;

  constructor(parts: ForecastJobParts) {
    this.parts = parts;
  }

  async run(signal: AbortSignal): Promise<object | undefined> {
    if (!(await this.isAnythingKnown())) return undefined;
    const result = await this.parts.blocks.exclusively('forecast', () => this.tick(signal, TRIES));
    // another worker is at it
    if (result === undefined) return undefined;
    if (result.unfit.length > 0) this.parts.log.debug({ unfit: result.unfit }, 'models left out');
    await this.answerDrift(result);
    return result.forecasts === 0 ? undefined : { forecasts: result.forecasts, shardlets: result.shardlets };
  }

  private async tick(signal: AbortSignal, tries: number): Promise<TickResult> {
    const { process, log, nowMs } = this.parts;
    for (const [model, untilMs] of this.excluded) if (untilMs < nowMs()) this.excluded.delete(model);
    try {
      return (await process.ask({ kind: 'tick', excluded: [...this.excluded.keys()] }, signal)) as TickResult;
    } catch (error) {
      if (!(error instanceof ModelHung) || tries === 1) throw error;
      log.warn({ model: error.model }, error.message);
      this.excluded.set(error.model, nowMs() + HOUR_MS);
      return this.tick(signal, tries - 1);
    }
  }

  /** No process for a cluster that has no past yet. */
  async isAnythingKnown(): Promise<boolean> {
    const { streams, blocks, nowMs } = this.parts;
    for (const id of await streams())
      for (const level of ['minute', 'hour'] as const) {
        const span = { fromMs: nowMs() - (level === 'minute' ? 2 : 56 * 24) * HOUR_MS, toMs: nowMs() };
        if ((await blocks.read({ stream: id, level, parts: ['events'], ...span })).length > 0) return true;
      }
    return false;
  }

  private async answerDrift({ drifted }: TickResult): Promise<void> {
    const { jobs, log, nowMs } = this.parts;
    const [first] = drifted;
    if (first === undefined || nowMs() - this.driftMs < DRIFT_PAUSE_MS) return;
    this.driftMs = nowMs();
    log.info({ drifted }, 'forecasts have become worse: a training begins');
    await jobs.wake('train', { streamId: first.streamId, reason: 'drift', actor: 'worker' }).catch(() => {});
  }
}
