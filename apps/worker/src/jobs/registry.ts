/**
 * One wrapper around every background job: it checks the payload, counts, measures, logs, ends a run that
 * takes too long, and lets no job overlap itself in this process. Two wake-ups during a run make one more
 * run after it, because the run may have read the topology store before the reason for them.
 */

import { JOBS, type JobName, type JobPayload } from '@foreshard/core/jobs';
import type { Logger } from 'pino';
import type { Metrics } from '../process/metrics.ts';

/** Answers what is worth a line in the log; nothing when there was nothing to do. */
export type Processor<N extends JobName> = (
  payload: JobPayload<N>,
  signal: AbortSignal,
) => Promise<object | undefined>;

export type Processors = { readonly [N in JobName]: Processor<N> };

export class JobTimeout extends Error {
  override readonly name = 'JobTimeout';
}

/** By name, since which adapter of the topology store is used is not known here. */
const EXPECTED: ReadonlySet<string> = new Set(['JobTimeout', 'DatabaseUnreachable']);

interface Running {
  again: boolean;
  readonly controller: AbortController;
  readonly end: Promise<unknown>;
}

export interface RegistryParts {
  readonly processors: Processors;
  readonly metrics: Pick<Metrics, 'jobRuns' | 'jobSeconds'>;
  readonly log: Logger;
  /** instead of the timeouts of the catalogue */
  readonly timeoutMs?: number;
}

export class JobRegistry {
  private readonly parts: RegistryParts;
  private readonly running = new Map<JobName, Running>();

  constructor(parts: RegistryParts) {
    this.parts = parts;
  }

  /** @throws when the job is unknown, its payload wrong, or the run fails or takes too long */
  async run(name: string, data: unknown): Promise<void> {
    if (!isJob(name)) throw new Error(`the catalogue has no job ${name}`);
    const payload = JOBS[name].payload.parse(data ?? undefined) as JobPayload<typeof name>;
    const running = this.running.get(name);
    if (running !== undefined) running.again = true;
    else await this.runAlone(name, payload);
  }

  /** Ends what still runs, and waits for it. */
  async abort(): Promise<void> {
    const running = [...this.running.values()];
    for (const { controller } of running) controller.abort(new Error('the worker ends'));
    await Promise.allSettled(running.map((r) => r.end));
  }

  private async runAlone<N extends JobName>(name: N, payload: JobPayload<N>): Promise<void> {
    const controller = new AbortController();
    const process = this.parts.processors[name] as Processor<N>;
    const work = process(payload, controller.signal);
    const running: Running = { again: false, controller, end: work };
    this.running.set(name, running);
    // a run that was given up still has to end before the job may run again
    const freed = work.then(
      () => this.running.delete(name),
      () => this.running.delete(name),
    );
    await this.observed(name, controller, work);
    await freed;
    if (running.again && !controller.signal.aborted) await this.runAlone(name, payload);
  }

  private async observed(
    name: JobName,
    controller: AbortController,
    work: Promise<object | undefined>,
  ): Promise<void> {
    const { metrics, log, timeoutMs = JOBS[name].timeoutMs } = this.parts;
    const stop = metrics.jobSeconds.startTimer({ job: name });
    const timer = setTimeout(() => controller.abort(new JobTimeout(`${name} took too long`)), timeoutMs);
    try {
      const result = await Promise.race([work, aborted(controller.signal)]);
      metrics.jobRuns.inc({ job: name, result: 'finished' });
      if (result !== undefined) log.info({ job: name, ...result }, 'job finished');
    } catch (error) {
      metrics.jobRuns.inc({ job: name, result: error instanceof JobTimeout ? 'timeout' : 'failed' });
      logFailure(log, name, error);
      throw error;
    } finally {
      clearTimeout(timer);
      stop();
    }
  }
}

/** A server that is away or slow is told in one line; anything else is a fault, and its stack helps. */
function logFailure(log: Logger, job: JobName, error: unknown): void {
  if (error instanceof Error && EXPECTED.has(error.name))
    log.warn({ job, reason: error.message }, 'job failed: it runs again on its schedule');
  else log.error({ job, err: error }, 'job failed');
}

function isJob(name: string): name is JobName {
  return Object.hasOwn(JOBS, name);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}
