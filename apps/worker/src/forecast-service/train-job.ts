/**
 * Trains in a process of its own. What it says is kept with the run while it runs, for people to follow; a run whose
 * process dies is failed, and the champion is whoever it was.
 */
import type { ModelRegistry } from '@foreshard/core/forecast-service';
import type { JobPayload } from '@foreshard/core/jobs';
import type { Logger } from 'pino';
import { ModelHung, ModelProcess, type ModelProcessParts } from './model-process.ts';

export interface TrainJobParts {
  readonly registry: ModelRegistry;
  readonly settings: Pick<ModelProcessParts, 'env' | 'limitMs'>;
  /** for expensive models in a daily training; a weekly one has four times as much to ask */
  readonly expensiveBudgetMs: number;
  readonly isAnythingKnown: () => Promise<boolean>;
  readonly log: Logger;
  readonly nowMs: () => number;
}

const SEEN_EVERY_MS = 2_000;
const TRIES = 3;
const WEEKLY_TIMES = 4;

export class TrainJob {
  private readonly parts: TrainJobParts;
  /** of the training that runs; for tests that kill it */
  pid: number | undefined;

  constructor(parts: TrainJobParts) {
    this.parts = parts;
  }

  async run(
    { streamId, reason, actor }: JobPayload<'train'>,
    signal: AbortSignal,
  ): Promise<object | undefined> {
    const { registry, nowMs, isAnythingKnown } = this.parts;
    if (actor === 'schedule' && !(await isAnythingKnown())) return undefined;
    const run = await registry.start({ streamId, reason, actor, startedMs: nowMs() });
    if (run === undefined) return undefined;
    const lines: string[] = [];
    const flush = () => registry.seen(run, nowMs(), lines.splice(0).join(''));
    const timer = setInterval(() => void flush().catch(() => {}), SEEN_EVERY_MS);
    const report = (line: string) => void lines.push(`${new Date(nowMs()).toISOString()} ${line}\n`);
    try {
      const result = await this.train({ run, streamId, reason }, report, signal);
      await flush();
      await registry.end(run, 'finished', nowMs(), summary(result));
      return { run, ...result };
    } catch (error) {
      const { message } = error as Error;
      report(`failed: ${message}`);
      await flush();
      await registry.end(run, 'failed', nowMs(), message);
      throw error;
    } finally {
      clearInterval(timer);
    }
  }

  private async train(
    task: { run: number; streamId: number | null; reason: string },
    report: (line: string) => void,
    signal: AbortSignal,
    excluded: readonly string[] = [],
  ): Promise<object> {
    const process = new ModelProcess({ ...this.parts.settings, report });
    const expensiveBudgetMs = this.parts.expensiveBudgetMs * (task.reason === 'weekly' ? WEEKLY_TIMES : 1);
    try {
      const asked = process.ask({ kind: 'train', ...task, expensiveBudgetMs, excluded }, signal);
      this.pid = process.pid;
      return await asked;
    } catch (error) {
      if (!(error instanceof ModelHung) || excluded.length + 1 === TRIES) throw error;
      report(`${error.message}; it goes on without it`);
      return await this.train(task, report, signal, [...excluded, error.model]);
    } finally {
      this.pid = undefined;
      process.stop();
    }
  }
}

function summary(result: object): string {
  const { trained = 0, promoted = 0, skipped = 0 } = result as Record<string, number>;
  return `${trained} trained, ${promoted} promoted, ${skipped} with too little past`;
}
